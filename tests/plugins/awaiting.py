"""Waiting, on an event loop, for what happens in a thread or another task."""

import asyncio
from collections.abc import Callable

from patience import PATIENCE_SECONDS


async def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; :class:`TimeoutError` if it never does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in a thread
            await asyncio.sleep(0.01)
