"""The rows of a table that may be customers: without headers that files put together repeat, rows without a value,
sums above, below or between the customers, notes below them.

It must not know what columns mean, nor of what kind the file is.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Protocol

import numpy
import pyarrow
import pyarrow.compute
from numpy.typing import NDArray

from churn_data.dialects import Decimal
from churn_data.errors import glimpse
from churn_data.notices import Notices
from churn_data.subtotals import OddRows, called_sums, subtotals
from churn_data.totals import ColumnSum, holds_sums, is_bare, is_called_total, is_note, sums_of, texts_at, total_word

Batch = list[pyarrow.Array]
_AT_THE_TOP, _AT_THE_END = 2, 8
"""So many rows are looked at, in whichever batches they are."""
_SHOWN = 5
_MOST_KEPT = 3
"""Rows called sums that are none, beyond which that is a customer's name."""
_BLANKS = " \t\n\r\f\v\u00a0\u3000\ufeff"
"""What stands around a header that is repeated: the mark of an encoding, where a file begins among others."""
_HEADER, _NOTHING, _NOTE, _SUMS = "repeats the header", "has no value", "is a note below the table", "sums"


class Rows(Protocol):
    """Rows by their place in a file."""

    def rows(self, start: int, count: int) -> Sequence[int]:
        """The numbers that a spreadsheet shows."""
        ...


@dataclass
class _Part:
    """A batch, the place of its first row in the table, and which rows are kept."""

    batch: Batch
    start: int
    kept: NDArray[numpy.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = numpy.ones(len(self.batch[0]), dtype=bool)

    def left(self) -> Batch:
        return self.batch if self.kept.all() else [array.filter(pyarrow.array(self.kept)) for array in self.batch]


class Sieve:
    """The rows of one table that may be customers, and the numbers of these rows."""

    def __init__(
        self,
        source: Rows,
        header: Sequence[str],
        decimal: Decimal,
        notices: Notices,
        again: Callable[[], Iterator[Batch]],
        before: int = 0,
    ) -> None:
        """`again` reads the whole table once more, which happens only where a row may be sums of the others; `before`
        is how many of its rows lie in front of the first batch."""
        self._source, self._header, self._decimal = source, list(header), decimal
        self._notices, self._again, self._before = notices, again, before
        self._odd = OddRows(self._header[0])
        self._dropped: dict[int, str] = {}
        self._others: dict[int, list[str]] = {}

    def batches(self, batches: Iterator[Batch], *, first: bool = True, last: bool = True) -> Iterator[Batch]:
        """What is left of the batches of the source.

        Args:
            batches: some of the table's rows.
            first: whether the table's first row is among them.
            last: whether the last is.
        """
        start, top, held = 0, first, deque[_Part]()
        for batch in batches:
            part = _Part(batch, start)
            start += len(batch[0])
            self._drop_odd(part)
            if not part.kept.any():
                continue
            if top:
                self._drop_sums([part], at_end=False)
            top = False
            held.append(part)
            yield from _beyond(held, _AT_THE_END)
        if held and last:
            self._drop_sums(held, at_end=True)
        yield from (part.left() for part in held if part.kept.any())
        self._tell()

    def rows(self, start: int, count: int) -> Sequence[int]:
        """The numbers of rows that are left, which are counted from 0."""
        if not self._dropped or not count:
            return self._source.rows(start, count)
        left = numpy.arange(start, start + count)
        before = numpy.array(sorted(self._dropped)) - numpy.arange(len(self._dropped))
        places = left + numpy.searchsorted(before, left, side="right")
        first = int(places[0])
        numbers = self._source.rows(first, int(places[-1]) - first + 1)
        return numbers if len(numbers) == count else [numbers[place - first] for place in places.tolist()]

    def _drop_odd(self, part: _Part) -> None:
        """Rows that are no customers wherever they stand."""
        if not self._odd.may_be_in(part.batch):
            return
        self._drop_like(part, self._header, _HEADER)
        if len(self._header) > 1:  # else a row is no more than a value, and that may be missing
            self._drop_like(part, [""] * len(self._header), _NOTHING)
        for place in called_sums(part.batch):
            cells = self._inside.get(self._before + part.start + place)
            if cells is not None and part.kept[place]:
                self._drop(part, place, glimpse(total_word(cells) or "") + _SUMS)

    @cached_property
    def _inside(self) -> dict[int, list[str]]:
        """The cells of rows that sum up rows above them, by their place in the table."""
        found, self._others = subtotals(self._again, self._decimal)
        return found

    def _drop(self, part: _Part, place: int, why: str) -> None:
        part.kept[place] = False
        self._dropped[part.start + place] = why

    def _drop_like(self, part: _Part, cells: Sequence[str], why: str) -> None:
        """Rows with these cells and no others; nearly always the first column tells that there are none."""
        alike: NDArray[numpy.bool_] | None = None
        for array, cell in zip(part.batch, cells, strict=True):
            trimmed = pyarrow.compute.utf8_trim(array, _BLANKS).fill_null("")
            equal = pyarrow.compute.equal(trimmed, cell).to_numpy(zero_copy_only=False)
            alike = equal if alike is None else alike & equal
            if not alike.any():
                return
        for place in numpy.flatnonzero(alike).tolist() if alike is not None else ():
            self._drop(part, place, why)

    def _drop_sums(self, parts: Sequence[_Part], *, at_end: bool) -> None:
        found = self._candidates(parts, at_end=at_end)
        rows = [cells for _, _, cells in found if not is_note(cells)]
        sums = self._sums(rows)
        edge = True
        for part, place, cells in found:
            if is_note(cells):
                if edge:
                    self._drop(part, place, _NOTE)
            elif holds_sums(rows.index(cells), rows, sums):
                self._drop(part, place, glimpse(total_word(cells) or "") + _SUMS)
            else:
                edge = False
                self._tell_kept(part.start + place, cells)

    def _candidates(self, parts: Sequence[_Part], *, at_end: bool) -> list[tuple[_Part, int, list[str]]]:
        """Rows that may be no customers, from the edge of the table inwards, up to the first that certainly is one."""
        found: list[tuple[_Part, int, list[str]]] = []
        notes = at_end and len(self._header) > 1
        for part, place in _kept(parts, at_end=at_end):
            cells = texts_at(part.batch, place)
            if total_word(cells) is None and not is_bare(cells) and not (notes and is_note(cells)):
                break
            found.append((part, place, cells))
        return found

    def _sums(self, rows: Sequence[Sequence[str]]) -> dict[int, ColumnSum]:
        """What columns come to, of all rows but those that sum up rows above them."""
        if not rows:
            return {}
        places = [place for place in range(len(self._header)) if any(any(map(str.isdigit, row[place])) for row in rows)]
        sums = sums_of(self._again(), places, self._decimal)
        for cells in self._inside.values():
            for place, column in sums.items():
                column.remove(cells[place])
        return sums

    def _tell_kept(self, place: int, cells: Sequence[str]) -> None:
        if is_called_total(cells[0]):
            row = self._source.rows(place, 1)[0]
            problem = f'row {row} is called "{glimpse(cells[0])}" but does not sum up its columns: it stays a customer'
            self._notices.tell("totals", f"{problem}; take it out of the file if it is none")

    def _tell(self) -> None:
        firsts: dict[str, int] = {}
        for place, why in sorted(self._dropped.items()):
            firsts.setdefault(why, place)
        for why in firsts:
            places = sorted(place for place, reason in self._dropped.items() if reason == why)
            rows = [self._source.rows(place, 1)[0] for place in places[:_SHOWN]]
            self._notices.tell(*_finding(why, rows, len(places)))
        for place, cells in self._others.items() if len(self._others) <= _MOST_KEPT else ():
            if place - self._before not in self._dropped:
                self._tell_kept(place - self._before, cells)


def _beyond(held: deque[_Part], count: int) -> Iterator[Batch]:
    """Take out the first batches that the last `count` rows that are kept do not reach."""
    while held and sum(int(part.kept.sum()) for part in list(held)[1:]) >= count:
        yield held.popleft().left()


def _kept(parts: Sequence[_Part], *, at_end: bool) -> Iterator[tuple[_Part, int]]:
    """The rows that are kept next to the edge of the table, from there inwards."""
    inwards = reversed(parts) if at_end else iter(parts)
    places = (
        (part, place) for part in inwards for place in (numpy.flatnonzero(part.kept)[:: -1 if at_end else 1]).tolist()
    )
    return islice(places, _AT_THE_END if at_end else _AT_THE_TOP)


def _finding(why: str, rows: Sequence[int], count: int) -> tuple[str, str]:
    shown = ", ".join(map(str, rows))
    more = f" and {count - len(rows):,} others" if count > len(rows) else ""
    where = f"row{'' if count == 1 else 's'} {shown}{more}"
    if why.endswith(_SUMS):
        called = f' ("{why.removesuffix(_SUMS)}")' if why != _SUMS else ""
        return "totals", f"{where}{called}: sums of the columns, no customer, left out"
    return "no customers", f"{where}: {_WORDS[why]}, left out"


_WORDS = {
    _HEADER: "the header once more, as in files put together",
    _NOTHING: "no value in any column",
    _NOTE: "notes below the table",
}
