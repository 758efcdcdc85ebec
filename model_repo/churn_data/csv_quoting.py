"""How a text file quotes: as everybody does, with blanks before the quotes, with apostrophes, or each row as a whole.

Arrow reads the first way alone; of the others each record is read here and written anew. It must not know columns.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from churn_data.dialects import DELIMITERS
from churn_data.notices import Notices

_LOOKED_AT = 50
_MOST = 0.9
"""Share of lines that must be quoted in one way before it is believed."""
_NO_DELIMITER = "\x1f"


@dataclass(frozen=True)
class Quoting:
    """`wrapped`: quotes stand around rows too. `spaced`: blanks stand before quotes. `mark`: the quote."""

    wrapped: bool = False
    spaced: bool = False
    mark: str = '"'

    @property
    def usual(self) -> bool:
        """Whether Arrow understands it."""
        return not self.wrapped and not self.spaced and self.mark == '"'

    def records(self, lines: Iterable[str], delimiter: str, *, strict: bool = False) -> Iterator[list[str]]:
        """The records of lines, an empty one for a blank line.

        Raises:
            csv.Error: a record is not CSV, where `strict`.
        """
        reader = csv.reader(
            lines,
            delimiter=delimiter,
            quotechar=self.mark,
            skipinitialspace=self.spaced,
            strict=strict and not self.spaced,
        )
        return (_unwrapped(record, delimiter) for record in reader) if self.wrapped else reader


USUAL = Quoting()


def wrapping_of(sample: str) -> Quoting:
    """Whether quotes stand around whole rows, the header perhaps apart: rows of as many fields as the header has."""
    lines = [line for line in islice(sample.splitlines(), _LOOKED_AT) if line.strip()]
    rows = [_inside(line) for line in lines[1:-1] or lines[1:]]
    inside = [row for row in rows if row is not None]
    if not inside or len(inside) < _MOST * len(rows):
        return USUAL
    header = _inside(lines[0]) or lines[0]
    return Quoting(wrapped=any(_agree(header, inside, delimiter) for delimiter in DELIMITERS))


def _agree(header: str, rows: Sequence[str], delimiter: str) -> bool:
    size, *sizes = [len(record) for record in csv.reader([header, *rows], delimiter=delimiter)]
    return size > 1 and sizes.count(size) >= _MOST * len(rows)


def quoting_of(sample: str, delimiter: str, wrapping: Quoting, notices: Notices) -> Quoting:
    """How the file quotes; what is unusual is told."""
    if wrapping.wrapped:
        notices.tell("quoting", "each row stands in quotes as a whole: they are taken off")
        return wrapping
    records = list(_records(sample.splitlines(), delimiter))
    spaced = [record for record in records if any(cell[:1] == " " and cell.lstrip()[:1] == '"' for cell in record)]
    if len(spaced) > len(records) / 2:
        notices.tell("quoting", "blanks stand before quotes: they are taken off")
        return Quoting(spaced=True)
    if records and len(records[0]) > 1 and all(_in_apostrophes(cell.strip()) for cell in records[0]):
        notices.tell("quoting", "texts stand in apostrophes: they are taken off")
        return Quoting(mark="'", spaced=any(cell[:1] == " " for cell in records[0]))
    return USUAL


def _records(lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    """The first records that are not blank, up to one that cannot be read, as of a field that is too long."""
    with suppress(csv.Error):
        yield from filter(None, islice(csv.reader(lines, delimiter=delimiter), _LOOKED_AT))


def _inside(line: str) -> str | None:
    """What stands in quotes around a whole line; None where there are none."""
    if not line.startswith('"'):
        return None
    try:
        records = list(csv.reader([line.rstrip(",;\t ")], delimiter=_NO_DELIMITER, strict=True))
    except csv.Error:
        return None
    return records[0][0] if len(records) == len(records[0]) == 1 else None


def _in_apostrophes(cell: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] == "'"


def _unwrapped(record: Sequence[str], delimiter: str) -> list[str]:
    filled = [cell for cell in record if cell.strip()]
    if len(filled) == 1 and record[0] == filled[0]:
        return next(csv.reader([record[0]], delimiter=delimiter), [])
    return list(record)


class RequotedStream(io.RawIOBase):
    """Records as the UTF-8 text that Arrow reads, each on its line."""

    def __init__(self, records: Iterator[Sequence[str]], delimiter: str) -> None:
        super().__init__()
        self._records, self._delimiter = records, delimiter
        self._left = b""
        self.quotes = 0
        self.may_hold_guards = True
        self.blank_lines = True
        """Rows are counted one by one: their numbers are those of the file as it is."""

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end."""
        while size < 0 or len(self._left) < size:
            records = list(islice(self._records, 1000))
            if not records:
                break
            text = io.StringIO()
            csv.writer(text, delimiter=self._delimiter, lineterminator="\n").writerows(records)
            self._left += text.getvalue().encode("utf-8", "replace")
        cut = len(self._left) if size < 0 else size
        block, self._left = self._left[:cut], self._left[cut:]
        return block
