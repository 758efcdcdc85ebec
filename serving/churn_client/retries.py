"""When a request is sent again, and after how long: as the gateway asks, never beyond a deadline, and never so often
that retries keep an overloaded service overloaded.

It knows neither sockets nor bodies, and every clock and chance is handed in.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
"""Answers that say «not now»; predictions change nothing, so asking again does no harm."""
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 2.0
_MOST_DIGITS = 9


class RetryBudget:
    """Retries that a client has, all its requests together: each costs one, each success gives a tenth back, and each
    second one.

    When everything fails, a client so sends at most a few requests more than it was asked for and then one a second,
    not a multiple; a long list that meets a restart waits for its turn instead of failing.
    """

    def __init__(self, most: float = 10.0, earned: float = 0.1, each_second: float = 1.0) -> None:
        self._most = most
        self._left = most
        self._earned = earned
        self._each_second = each_second
        self._seen: float | None = None
        self._lock = Lock()

    @property
    def left(self) -> float:
        """Retries that were left when it was last asked; below zero, as many have been promised ahead."""
        return self._left

    def take(self, now: float, longest: float) -> float | None:
        """Take one retry at ``now`` (seconds of any clock that only goes forward).

        Returns:
            Seconds until it may be used; None, and nothing is taken, if those are ``longest`` or more.
        """
        with self._lock:
            if self._seen is not None:
                self._left = min(self._most, self._left + self._each_second * max(0.0, now - self._seen))
            self._seen = now
            seconds = max(0.0, 1.0 - self._left) / self._each_second
            if seconds >= longest:
                return None
            self._left -= 1.0
            return seconds

    def succeed(self) -> None:
        """A request was answered."""
        with self._lock:
            self._left = min(self._most, self._left + self._earned)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds of ``Retry-After``, a number or a date (RFC 9110, 10.2.3); None if there is none that can be read."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def wait_before(attempt: int, asked: float | None, chance: float) -> float:
    """Seconds to wait before attempt number ``attempt`` (from 1: the first retry).

    ``asked`` is what the gateway asked for, which is never undercut; ``chance`` (0 to 1) spreads callers who were all
    refused at once.
    """
    backoff = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (attempt - 1))
    return backoff * chance if asked is None else asked + _FIRST_WAIT * chance
