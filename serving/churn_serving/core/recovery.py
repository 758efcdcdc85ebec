"""Probes: how a backend that was left alone comes back, without a customer being the one who finds out."""

import asyncio
from collections.abc import Sequence

from churn_serving.core.guarded import GuardedBackend

TICK_SECONDS = 0.1


async def probe_forever(backends: Sequence[GuardedBackend]) -> None:
    """Probe every backend whose breaker wants it, each on its own, until cancelled."""
    async with asyncio.TaskGroup() as group:
        for backend in backends:
            group.create_task(_probe_one(backend))


async def _probe_one(backend: GuardedBackend) -> None:
    while True:
        await backend.probe()
        await asyncio.sleep(TICK_SECONDS)
