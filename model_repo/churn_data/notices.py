"""What reading a file found worth saying: one line each, for a person who must be able to disagree.

A notice never stops a reading, an error does (errors.py). It must not know where lines are shown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from churn_data.errors import glimpse

MOST_NAMES = 8
"""Columns named on one line."""
Listener = Callable[[str], None]
"""Is told lines about what was read, as they are found."""


@dataclass(frozen=True)
class Notice:
    """One finding: `column` it is about (None: the whole file), `kind` a word for programs, such as "missing tokens" or
    "left out", `text` what was found and what was done about it, in one sentence without the column's name."""

    column: str | None
    kind: str
    text: str

    @property
    def line(self) -> str:
        """The finding on one line, without the file's name."""
        return self.text if self.column is None else f'column "{glimpse(self.column)}": {self.text}'

    def line_of(self, file: str) -> str:
        """The finding on one line, with the file's name in front."""
        return f"{file}{', ' if self.column is not None else ': '}{self.line}"


URGENT = {"leak": -2, "left out": -1}
"""Ranks of kinds that come first where there is no room for all."""
_VERBOSE = "; --verbose tells them, and so does the report"


def in_brief(
    notices: Sequence[Notice], file: str, most: int, *, ranks: Mapping[str, int] = URGENT, where: str = _VERBOSE
) -> list[str]:
    """At most so many lines about a file, what may be a leak first; the last then names the columns of all others.

    Args:
        notices: in the order in which they were found.
        file: its name.
        most: lines.
        ranks: of kinds, the lowest first; 0 where nothing is said.
        where: the end of a sentence that says where the others are told.
    """
    ranked = sorted(notices, key=lambda each: ranks.get(each.kind, 0))
    if len(ranked) <= most:
        return [notice.line_of(file) for notice in ranked]
    first, others = ranked[: most - 1], ranked[most - 1 :]
    return [
        *(notice.line_of(file) for notice in first),
        f"{file}: {len(others)} more findings{_about(others)}{where}",
    ]


def _about(notices: Sequence[Notice]) -> str:
    names = list(dict.fromkeys(f'"{glimpse(each.column)}"' for each in notices if each.column is not None))
    return f" about {listed(names)}" if names else ""


def listed(names: Sequence[str]) -> str:
    """The first names, and how many others there are."""
    more = f" and {len(names) - MOST_NAMES} others" if len(names) > MOST_NAMES else ""
    return f"{', '.join(names[:MOST_NAMES])}{more}"


def unheard(line: str) -> None:
    """A listener who wants to hear nothing."""


@dataclass(frozen=True)
class _Audience:
    """Who hears what nobody in particular asked for, and all lines that were told to anybody."""

    listener: Listener
    told: set[str]


_AUDIENCE: ContextVar[_Audience | None] = ContextVar("AUDIENCE", default=None)


@contextmanager
def telling(listener: Listener) -> Iterator[None]:
    """Tell `listener` in the block what readings find to which no listener was given, and each line once: a command
    reads files by several hands, some of them twice."""
    token = _AUDIENCE.set(_Audience(listener, set()))
    try:
        yield
    finally:
        _AUDIENCE.reset(token)


@contextmanager
def called(path: str, name: str) -> Iterator[None]:
    """Call a file by another name in the block where the command's listener is told of it."""
    audience = _AUDIENCE.get()
    if audience is None:
        yield
        return
    token = _AUDIENCE.set(_Audience(lambda line: audience.listener(line.replace(path, name)), audience.told))
    try:
        yield
    finally:
        _AUDIENCE.reset(token)


class Notices:
    """Collects what one reading finds, in order, and tells each line as it comes, with the file's name in front.

    Iterating gives the notices. The same finding is told once.
    """

    def __init__(self, file: str, listener: Listener | None = None) -> None:
        """Without a listener whoever listens to the command hears, see :func:`telling`."""
        self.file = file
        self._audience = _AUDIENCE.get() or _Audience(unheard, set())
        self._listener = self._audience.listener if listener is None else listener
        self._found: dict[Notice, None] = {}

    def tell(self, kind: str, text: str, column: str | None = None) -> None:
        """Keep a finding and tell it."""
        notice = Notice(column, kind, text)
        if notice not in self._found:
            self._found[notice] = None
            line = notice.line_of(self.file)
            if line not in self._audience.told:
                self._audience.told.add(line)
                self._listener(line)

    def of(self, kind: str) -> list[Notice]:
        """The findings of one kind."""
        return [notice for notice in self._found if notice.kind == kind]

    def __iter__(self) -> Iterator[Notice]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
