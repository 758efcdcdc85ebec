"""How late the event loop is: the honest sign that the process has more to do than it can."""

import asyncio

_BEAT_SECONDS = 0.02


class LoopLag:
    """A heartbeat that measures its own delay; call it for the current delay in seconds."""

    def __init__(self) -> None:
        self._lag = 0.0
        self._due = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self) -> float:
        """The last measured delay, or how overdue the next beat is, whichever is more."""
        if self._loop is None:
            return 0.0
        return max(self._lag, self._loop.time() - self._due)

    async def measure(self) -> None:
        """Beat until cancelled."""
        self._loop = loop = asyncio.get_running_loop()
        try:
            while True:
                self._due = loop.time() + _BEAT_SECONDS
                await asyncio.sleep(_BEAT_SECONDS)
                self._lag = max(0.0, loop.time() - self._due)
        finally:
            self._loop = None  # a heart that does not beat says nothing of the delay
