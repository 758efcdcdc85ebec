"""The last hour of a gateway, of which its status page is made: an hour's memory, however long it lives."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable

from prometheus_client import CollectorRegistry

from churn_serving.gateway.status_totals import Interval, Totals, between, read_totals

PAUSE_SECONDS = 10.0
INTERVALS = 360
"""An hour."""


class StatusHistory:
    """Reads the process's own metrics again and again, as one more scraper would; asked from any thread."""

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float] = time.time) -> None:
        self._registry = registry
        self._clock = clock
        self._lock = threading.Lock()
        self._last: Totals | None = None
        self._intervals: deque[Interval] = deque(maxlen=INTERVALS)

    async def run(self) -> None:
        """Read until cancelled, on a thread: what a scraper costs must not delay an answer."""
        while True:
            await asyncio.to_thread(self.read)
            await asyncio.sleep(PAUSE_SECONDS)

    def read(self) -> None:
        """One reading."""
        totals = read_totals(self._registry.collect(), self._clock())
        with self._lock:
            # A clock that was set back tells nothing of what happened meanwhile.
            if self._last is not None and totals.time > self._last.time:
                self._intervals.append(between(self._last, totals))
            self._last = totals

    def now(self) -> tuple[Totals, list[Interval]]:
        """The last reading and what came before it, oldest first; an empty one before the first."""
        with self._lock:
            return self._last or Totals(self._clock()), list(self._intervals)
