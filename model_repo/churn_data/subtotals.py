"""Sums that stand between customers, as reports by region have them: of the rows above, up to the sums before.

Rows that call themselves sums are rare, so that the first column of a batch is looked at as one text; where there are
some, two more readings of the table settle which of them hold. It must not know files.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy
import pyarrow
import pyarrow.compute
from numpy.typing import NDArray

from churn_data.dialects import Decimal
from churn_data.number_texts import NumberColumn
from churn_data.totals import AROUND, FEW, WORDS, ColumnSum, texts_at, total_word, unit_of

Batch = Sequence[pyarrow.Array]
Amounts = NDArray[numpy.float64]
MOST = 5_000
"""Rows with such words from which on these are names of customers or levels rather than sums."""
_EDGE = rf"[\s\pZ{re.escape(AROUND)}]"
_NAMED = rf"(?:^|{_EDGE})(?:{'|'.join(sorted(map(re.escape, WORDS), key=len, reverse=True))})(?:{_EDGE}|$)"


class OddRows:
    """Tells quickly whether a batch may hold rows that are no customers: one look at its first column, as one text."""

    def __init__(self, first: str) -> None:
        """`first` is the name of the first column."""
        self._pattern = rf"(?im)^[\s\pZ\x{{FEFF}}]*(?:{re.escape(first)})?[\s\pZ]*$|{_NAMED}"

    def may_be_in(self, batch: Batch) -> bool:
        """Whether a first cell is blank, the column's name, or has a word for sums."""
        cells = batch[0].fill_null("")
        whole = pyarrow.ListArray.from_arrays(pyarrow.array([0, len(cells)], pyarrow.int32()), cells)
        text = pyarrow.compute.binary_join(whole, "\n")
        return bool(pyarrow.compute.match_substring_regex(text, self._pattern)[0].as_py())


def called_sums(batch: Batch) -> list[int]:
    """The places of rows that a word calls sums: in the first column, or behind it where that is blank."""
    pattern = f"(?i){_NAMED}"
    first = batch[0].fill_null("")
    named = set(numpy.flatnonzero(_matches(first, pattern)).tolist())
    blank = numpy.flatnonzero(_matches(first, r"^[\s\pZ]*$"))
    for column in batch[1:] if len(blank) else ():
        named.update(blank[_matches(column.take(pyarrow.array(blank)).fill_null(""), pattern)].tolist())
    return sorted(place for place in named if total_word(texts_at(batch, place)) is not None)


def _matches(texts: pyarrow.Array, pattern: str) -> NDArray[numpy.bool_]:
    found: NDArray[numpy.bool_] = pyarrow.compute.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return found


def subtotals(
    again: Callable[[], Iterator[Batch]], decimal: Decimal
) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """Rows that sum up rows above them, and rows that are called sums and are none: their cells by their place in the
    table, from 0.

    Args:
        again: reads the whole table.
        decimal: the sign of the file.
    """
    called: dict[int, list[str]] = {}
    start = 0
    for batch in again():
        called.update({start + place: texts_at(batch, place) for place in called_sums(batch)})
        start += len(batch[0])
        if len(called) > MOST:
            return {}, {}
    rows = list(called.values())
    width = len(rows[0]) if rows else 0
    columns = [place for place in range(width) if any(any(map(str.isdigit, cells[place])) for cells in rows)]
    if not columns:
        return {}, called
    sums = [ColumnSum(NumberColumn(decimal)) for _ in columns]
    between, counts = _between(again(), list(called), columns, sums)
    own = numpy.array(
        [[_value(each, cells[place]) for each, place in zip(sums, columns, strict=True)] for cells in rows]
    )
    units = numpy.array([[unit_of(cells[place]) for place in columns] for cells in rows])
    held = _held(own, units, between, counts)
    found = {place: cells for (place, cells), holds in zip(called.items(), held, strict=True) if holds}
    return found, {place: cells for place, cells in called.items() if place not in found}


def _value(column: ColumnSum, text: str) -> float:
    value = column.value(text) if text else None
    return numpy.nan if value is None else value


def _between(
    batches: Iterable[Batch], called: Sequence[int], columns: Sequence[int], sums: Sequence[ColumnSum]
) -> tuple[Amounts, Amounts]:
    """What columns come to, and how many numbers that are, in the rows in front of each row that is called sums."""
    totals, counts = numpy.zeros((len(called), len(columns))), numpy.zeros((len(called), len(columns)))
    start = 0
    for batch in batches:
        end = start + len(batch[0])
        first, last = numpy.searchsorted(called, [start, end]).tolist()
        edges = [start, *(place + 1 for place in called[first:last]), end]
        for at, (place, column) in enumerate(zip(columns, sums, strict=True)):
            amounts = column.amounts(batch[place]) if first < len(called) else numpy.empty(0)
            for group in range(first, min(last + 1, len(called))):
                part = amounts[edges[group - first] - start : min(called[group], end) - start]
                known = part[numpy.isfinite(part)]
                totals[group, at] += known.sum()
                counts[group, at] += len(known)
        start = end
    return totals, counts


def _held(own: Amounts, units: Amounts, between: Amounts, counts: Amounts) -> list[bool]:
    """Which rows sum up the customers since the sums before, since some earlier ones, or all of them.

    Args:
        own: the rows' numbers, NaN where there are none.
        units: what these may have been rounded by.
        between: what the columns come to in front of each row, since the one before.
        counts: how many numbers that is.
    """
    width = own.shape[1]
    sums, many = [numpy.zeros(width)], [numpy.zeros(width)]  # of everybody up to each row that holds
    total, count = numpy.zeros(width), numpy.zeros(width)
    held: list[bool] = []
    for numbers, unit, above, rows in zip(own, units, between, counts, strict=True):
        total, count = total + above, count + rows
        holds = bool(count.any()) and _holds(numbers, unit, total - numpy.array(sums), count - numpy.array(many))
        held.append(holds)
        if holds:
            sums.append(total)
            many.append(count)
        elif count.any():  # a customer by that name; above all others it is left to those who look at the edges
            known = numpy.isfinite(numbers)
            total, count = total + numpy.where(known, numbers, 0.0), count + known
    return held


def _holds(numbers: Amounts, unit: Amounts, sums: Amounts, counts: Amounts) -> bool:
    """Whether a row is what one of the spans of rows above it comes to, or their means or number; `sums` has a span a
    row, that of everybody first and the shortest last. Of few rows, and of a span in between, all numbers must be."""
    known = numpy.isfinite(numbers)
    with numpy.errstate(invalid="ignore", divide="ignore"):
        room = unit + 1e-9 * numpy.abs(sums)
        fits = (numpy.abs(numbers - sums) <= room) | (numpy.abs(numbers - sums / counts) <= room) | (numbers == counts)
    right, wrong = (fits & known).sum(axis=1), (~fits & known).sum(axis=1)
    spans = numpy.arange(len(sums))
    usual = ((spans == 0) | (spans == len(sums) - 1)) & (counts.max(axis=1) >= FEW)
    sure = numpy.where(usual, (right > 0) & (right > 2 * wrong), (right > 1) & (wrong == 0))
    return bool((sure & counts.any(axis=1)).any())
