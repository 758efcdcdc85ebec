"""Probes: how a backend that was left alone comes back, without a customer being the one who finds out."""

import asyncio

from churn_serving.core.guarded import GuardedBackend

TICK_SECONDS = 0.1


async def probe(backend: GuardedBackend) -> None:
    """Probe a backend whenever its breaker wants it, until cancelled."""
    while True:
        await backend.probe()
        await asyncio.sleep(TICK_SECONDS)
