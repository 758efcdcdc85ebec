"""How many lines a second the request log has of answers that went well, so that many of them do not push what went
wrong out of a log of so many bytes. Lines are left out evenly over time. It must not know what a line says.
"""

import asyncio
import logging

from churn_serving.telemetry.names import LOG_LEFT_OUT
from churn_serving.telemetry.plain_numbers import Count

SAVED_SECONDS = 1.0
"""So long what is not used is kept: as many lines may come at once."""
TELL_SECONDS = 60.0
_logger = logging.getLogger(__name__)


class LineBudget:
    """A token bucket kept as one time (the generic cell rate algorithm), so that to find it empty is one comparison.
    Of the event loop's thread; ``lines_per_second`` 0: no line is ever left out. ``setting`` is what that is called."""

    __slots__ = ("_interval", "_lines_per_second", "_setting", "_told", "empty_until", "left_out")

    def __init__(self, lines_per_second: int, left_out: Count, setting: str) -> None:
        self._lines_per_second, self._setting = lines_per_second, setting
        self._interval = 1.0 / lines_per_second if lines_per_second else 0.0
        self._told = 0
        self.empty_until = float("-inf")
        """By ``time.perf_counter``: until then a line is to be left out, and counted in ``left_out``."""
        self.left_out = left_out

    def spend(self, now: float) -> None:
        """A line is written."""
        self.empty_until = max(self.empty_until, now - SAVED_SECONDS) + self._interval

    def tell(self) -> None:
        """Say how many lines were left out since this was last said, if any."""
        new = self.left_out.value - self._told
        if new:
            self._told += new
            words = "%d more answers that went well have no line in the request log: %s=%d a second have; see %s"
            _logger.info(words, new, self._setting, self._lines_per_second, LOG_LEFT_OUT)

    async def run(self) -> None:
        """Say so once a minute; runs until cancelled."""
        while True:
            await asyncio.sleep(TELL_SECONDS)
            self.tell()
