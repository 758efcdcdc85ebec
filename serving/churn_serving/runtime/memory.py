"""How much memory this process holds: given back where it was freed, and a way out before the machine ends the process.

What callers may send is bounded everywhere we read it ourselves, and before gRPC's library where it reads for us; this
is for what nobody thought of. This module knows neither gRPC nor requests; it is told what relieves.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from churn_serving.runtime.allocation import give_back_freed_memory

LOOK_SECONDS = 0.25
GROWTH = 16 * 1024 * 1024
"""Bytes by which a process may grow before it asks whether they are still in use."""
PAUSE_SECONDS = 5.0
"""From one relief to the next: who is cut off comes back, and what others hold is not theirs to pay for."""
_STATISTICS = Path("/proc/self/statm")
_logger = logging.getLogger(__name__)


def held_memory() -> int:
    """Bytes that are this process's alone; 0 where the system does not tell."""
    try:
        resident, shared = _STATISTICS.read_text().split()[1:3]
    except OSError:
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


class MemoryWatch:
    """Looks a few times a second. ``relieve`` is awaited when more than ``maximum`` bytes are held although everything
    that was freed has been given back."""

    def __init__(
        self,
        maximum: int,
        relieve: Callable[[], Awaitable[None]],
        held: Callable[[], int] = held_memory,
        give_back: Callable[[], None] = give_back_freed_memory,
    ) -> None:
        self._maximum = maximum
        self._relieve = relieve
        self._held = held
        self._give_back = give_back
        self._settled = 0

    async def run(self, seconds: float = LOOK_SECONDS, pause: float = PAUSE_SECONDS) -> None:
        """Watch until cancelled."""
        loop = asyncio.get_running_loop()
        relieved = -pause
        self._settled = self._held()
        while True:
            await asyncio.sleep(seconds)
            held = self._held()
            self._settled = min(self._settled, held)
            if held - self._settled <= GROWTH:
                continue
            held = await self._after_giving_back()
            if held > self._maximum and loop.time() - relieved >= pause:
                relieved = loop.time()
                _logger.error("%d MiB are held, %d may be: connections are cut", held >> 20, self._maximum >> 20)
                await self._relieve()
                await self._after_giving_back()

    async def _after_giving_back(self) -> int:
        await asyncio.to_thread(self._give_back)
        self._settled = self._held()
        return self._settled
