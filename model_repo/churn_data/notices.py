"""What reading a file found worth saying: one line each, for a person who must be able to disagree.

A notice never stops a reading, an error does (errors.py). It must not know where lines are shown.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from churn_data.errors import glimpse

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


def unheard(line: str) -> None:
    """A listener who wants to hear nothing."""


class Notices:
    """Collects what one reading finds, in order, and tells each line as it comes, with the file's name in front.

    Iterating gives the notices. The same finding is told once.
    """

    def __init__(self, file: str, listener: Listener = unheard) -> None:
        self.file = file
        self._listener = listener
        self._found: dict[Notice, None] = {}

    def tell(self, kind: str, text: str, column: str | None = None) -> None:
        """Keep a finding and tell it."""
        notice = Notice(column, kind, text)
        if notice not in self._found:
            self._found[notice] = None
            separator = ", " if column is not None else ": "
            self._listener(f"{self.file}{separator}{notice.line}")

    def of(self, kind: str) -> list[Notice]:
        """The findings of one kind."""
        return [notice for notice in self._found if notice.kind == kind]

    def __iter__(self) -> Iterator[Notice]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
