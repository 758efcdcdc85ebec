"""How late the event loop stays: the honest sign that the process has more to do than it can.

One late turn says little: the machine may have stood still for a moment, and what gathered meanwhile is answered at
once. A delay that is there beat after beat is a queue that does not empty. (Nichols and Jacobson, "Controlling Queue
Delay", ACM Queue 10(5), 2012: judge a queue by the least delay of an interval, not by its latest.)
"""

import asyncio
from collections import deque

_BEAT_SECONDS = 0.02
_BEATS = 3


class LoopLag:
    """A heartbeat that measures its own delay; call it for the delay that the loop has kept, in seconds."""

    def __init__(self) -> None:
        self._delays: deque[float] = deque([0.0] * _BEATS, maxlen=_BEATS)
        self._kept = 0.0
        self._kept_but_one = 0.0
        self._due = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self) -> float:
        """The least delay of the last three beats; an overdue one counts as the last as soon as that is more."""
        if self._loop is None:
            return 0.0
        return max(self._kept, min(self._kept_but_one, self._loop.time() - self._due))

    async def measure(self) -> None:
        """Beat until cancelled."""
        self._loop = loop = asyncio.get_running_loop()
        self._note(*[0.0] * _BEATS)
        try:
            while True:
                self._due = loop.time() + _BEAT_SECONDS
                await asyncio.sleep(_BEAT_SECONDS)
                self._note(max(0.0, loop.time() - self._due))
        finally:
            self._loop = None  # a heart that does not beat says nothing of the delay

    def _note(self, *delays: float) -> None:
        self._delays.extend(delays)
        self._kept = min(self._delays)
        self._kept_but_one = min(list(self._delays)[1:])
