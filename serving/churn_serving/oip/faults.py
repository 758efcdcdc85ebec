"""What may be wrong with a V2 request, and how that is said to its caller.

Whatever a caller sent is shown by :func:`shown` alone, and no request has more than :data:`MAX_PROBLEMS` faults: an
error must never become a larger answer because somebody sent a larger request. It knows no wire format.
"""

from collections.abc import Sequence
from typing import NamedTuple

MAX_PROBLEMS = 100
_NAME_LIMIT = 64


class Problem(NamedTuple):
    """One thing wrong with a request: the field as the caller knows it, and what was expected of it. A message never
    quotes a value, because values are customers' data."""

    field: str
    message: str


class InvalidRequest(Exception):
    """The caller's request cannot be scored; ``problems`` names everything wrong with it at once.

    Beyond :data:`MAX_PROBLEMS` the rest is counted in a last problem, so that a hostile batch cannot make the answer
    larger than itself.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{problem.field}: {problem.message}" for problem in self.problems))


class UnknownModel(Exception):
    """The request names a model or a version that is not served here; ``str`` is one line fit for the caller."""


class Problems:
    """Collects problems while a request is read."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._uncounted = 0

    def add(self, field: str, message: str) -> None:
        """Note one problem."""
        if len(self._found) < MAX_PROBLEMS:
            self._found.append(Problem(field, message))
        else:
            self._uncounted += 1

    def raise_any(self) -> None:
        """Return if the request is sound so far.

        Raises:
            InvalidRequest: with every problem noted.
        """
        if self._uncounted:
            raise InvalidRequest([*self._found, Problem("request", f"and {self._uncounted} more problems")])
        if self._found:
            raise InvalidRequest(self._found)


def shown(name: object) -> str:
    """A name from a request as an error may show it: printable, quoted, cut short."""
    text = ascii(name)
    return text if len(text) <= _NAME_LIMIT else text[:_NAME_LIMIT] + "…"
