"""How late the event loop is: the honest sign that the process has more to do than it can."""

import asyncio

_BEAT_SECONDS = 0.02


class LoopLag:
    """A heartbeat that measures its own delay; call it for the current delay in seconds."""

    def __init__(self) -> None:
        self._lag = 0.0
        self._due = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.TimerHandle | None = None

    def __call__(self) -> float:
        """The last measured delay, or how overdue the next beat is, whichever is more."""
        if self._loop is None:
            return 0.0
        return max(self._lag, self._loop.time() - self._due)

    def start(self) -> None:
        """Begin; must be called inside the event loop."""
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time()
        self._beat()

    def stop(self) -> None:
        """End."""
        if self._handle is not None:
            self._handle.cancel()

    def _beat(self) -> None:
        assert self._loop is not None  # noqa: S101 - start() set it
        now = self._loop.time()
        self._lag = max(0.0, now - self._due)
        self._due = now + _BEAT_SECONDS
        self._handle = self._loop.call_at(self._due, self._beat)
