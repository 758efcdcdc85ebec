"""What may be wrong with a V2 request, and how that is said to its caller.

Whatever a caller sent comes back cut: a name by :func:`shown`, a list of faults by :class:`InvalidRequest`. So no error
grows because somebody sent a larger request, and every protocol that shows one stays below :data:`MAX_ERROR_BYTES`.
It knows no wire format.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

MAX_PROBLEMS = 100
MAX_ERROR_BYTES = 16 * 1024
"""The most that an error answer may hold, on every protocol and by whatever framework."""
MAX_SHOWN = 64
"""Characters of a caller's own text that an error shows."""
_MAX_FIELD = 128
_MAX_MESSAGE = 256
# Of all faults together, in the bytes that JSON takes for them; the rest of the limit is for what stands around them.
_MAX_TEXT = MAX_ERROR_BYTES - 2048
_KINDS: dict[type, str] = {dict: "an object", list: "a list", bool: "a truth value", type(None): "null"}
_AROUND_A_PROBLEM = len('{"field":"","message":""},')


class Problem(NamedTuple):
    """One thing wrong with a request: the field as the caller knows it, and what was expected of it. A message never
    quotes a value, because values are customers' data."""

    field: str
    message: str


class InvalidRequest(Exception):
    """The caller's request cannot be scored; ``problems`` names everything wrong with it at once.

    Beyond :data:`MAX_PROBLEMS`, or what fits into an error, the rest and ``more`` that nobody listed are counted in a
    last problem, so that a hostile request cannot make the answer larger than itself. Texts are cut, and valid Unicode.
    """

    def __init__(self, problems: Sequence[Problem], more: int = 0) -> None:
        self._list(_bounded(problems, more))

    @classmethod
    def listed(cls, problems: Sequence[Problem]) -> Self:
        """The same error again from its own ``problems``, which are bounded already."""
        error = cls(())
        error._list(tuple(problems))
        return error

    def _list(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        self.args = ("; ".join(f"{problem.field}: {problem.message}" for problem in problems),)


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
            self._found.append(Problem(field[:_MAX_FIELD], message))
        else:
            self._uncounted += 1

    def add_unknown(self, field: str, what: str, names: Iterable[str]) -> None:
        """Note names that mean nothing here: the first by name, the rest by their number."""
        names = iter(names)
        for name in sorted(itertools.islice(names, MAX_PROBLEMS)):
            self.add(field, f"unknown {what} {shown(name)}")
        self._uncounted += sum(1 for _ in names)

    def raise_any(self) -> None:
        """Return if the request is sound so far.

        Raises:
            InvalidRequest: with every problem noted.
        """
        if self._found or self._uncounted:
            raise InvalidRequest(self._found, self._uncounted)


def shown(name: object) -> str:
    """What a caller sent in place of a name, as an error may show it: printable, quoted, cut short; of anything but a
    text its kind alone."""
    if not isinstance(name, str):
        return _KINDS.get(type(name), "a number")
    quoted = ascii(name[:MAX_SHOWN])
    if len(name) > MAX_SHOWN or len(quoted) > MAX_SHOWN + 2:
        return quoted[:MAX_SHOWN] + "…"
    return quoted


def cut(text: str, limit: int) -> str:
    """A text of at most ``limit`` characters that every encoding can hold."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return short.encode(errors="backslashreplace").decode()


def is_text(value: str) -> bool:
    """Whether a string is Unicode text; half of a surrogate pair is none, though JSON can spell it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bounded(problems: Sequence[Problem], more: int) -> tuple[Problem, ...]:
    kept: list[Problem] = []
    size = 0
    for problem in problems[:MAX_PROBLEMS]:
        short = Problem(cut(problem.field, _MAX_FIELD), cut(problem.message, _MAX_MESSAGE))
        size += _json_bytes(short.field) + _json_bytes(short.message) + _AROUND_A_PROBLEM
        if size > _MAX_TEXT:
            break
        kept.append(short)
    left = len(problems) - len(kept) + more
    return (*kept, Problem("request", f"and {left} more problems")) if left else tuple(kept)


def _json_bytes(text: str) -> int:
    """An upper bound of the bytes that JSON takes for a text, cheap for the usual one."""
    if text.isascii() and text.isprintable():
        return len(text) + text.count('"') + text.count("\\")
    return 6 * len(text)
