"""When a kept connection has served long enough.

Behind one address there may be many servers, as behind a Service of Kubernetes, and a connection stays with the one
that it was opened to. Only new connections reach servers that were added later.
"""

from collections.abc import Callable

CALLS = 256
"""One call in so many is its connection's last: opening one costs as much as a call, so this is well under 1 %."""
SECONDS = 5.0
"""And one call in so many seconds, where there are few."""


class Renewal:
    """Counts the calls to one address; ``clock`` is in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begin()

    def due(self) -> bool:
        """Whether the call that is about to be made shall be the last on its connection."""
        self._left -= 1
        if self._left > 0 and self._clock() < self._until:
            return False
        self._begin()
        return True

    def _begin(self) -> None:
        self._left = CALLS
        self._until = self._clock() + SECONDS
