"""Rows below or above a table's customers that sum them up, or say something about the table.

A word makes nobody a total: its numbers must be sums or means of their columns. It must not know files.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy
import pyarrow
import pyarrow.compute
from numpy.typing import NDArray

from churn_data.dialects import Decimal
from churn_data.number_texts import NumberColumn, is_plain

WORDS = frozenset(
    {
        "total", "totals", "subtotal", "total:", "totale", "totali", "totaux", "totales", "totaal", "totalt", "summe",
        "summen", "gesamt", "gesamtsumme", "gesamtergebnis", "insgesamt", "ergebnis", "zwischensumme", "sum", "somme",
        "suma", "soma", "sumă", "somma", "average", "avg", "mean", "durchschnitt", "mittelwert", "mittel", "moyenne",
        "promedio", "media", "gemiddelde", "medel", "итого", "всего", "сумма", "среднее", "toplam", "ortalama", "razem",
        "celkem", "összesen", "yhteensä", "σύνολο", "合計", "总计", "合计", "總計", "平均", "합계", "المجموع",
        "الإجمالي", "Σ".casefold(), "∑", "ø",
    }
)  # fmt: skip
"""Words for sums and means, in small letters."""
AROUND = " \t:.*=-_#()[]\"'"
_NOTE = re.compile(
    r"#|//|\(.*\)$|\+[-=+]{3,}$|\*|.*:\s|(source|quelle|note|hinweis|exported|generated|created|erstellt|stand|end of"
    r"|ende|eof|trailer|page|seite|rows?|\d+ rows)\b|(\S+\s+){3,}\S",
    re.IGNORECASE,
)
FEW = 3
"""Customers below whom a sum is nothing special."""


@dataclass
class ColumnSum:
    """What the numbers of a column come to."""

    numbers: NumberColumn
    total: float = 0.0
    size: float = 0.0
    count: int = 0

    def value(self, text: str) -> float | None:
        """A text as a number of this column."""
        value = self.numbers.read({text: 1})[0].get(text)
        return None if value is None or value != value else value  # noqa: PLR0124 - NaN

    def add(self, texts: pyarrow.Array) -> None:
        """Add the cells that are numbers."""
        values = self.amounts(texts)
        values = values[numpy.isfinite(values)]
        self.total += float(values.sum())
        self.size += float(numpy.abs(values).sum())
        self.count += len(values)

    def remove(self, text: str) -> None:
        """Take a cell away again, if it is a number."""
        value = self.value(text) if text else None
        if value is not None:
            self.total, self.size, self.count = self.total - value, self.size - abs(value), self.count - 1

    def amounts(self, texts: pyarrow.Array) -> NDArray[numpy.float64]:
        """The cells as numbers, NaN for what is none."""
        trimmed = pyarrow.compute.utf8_trim_whitespace(texts)
        blank = pyarrow.compute.equal(trimmed, "")
        known = pyarrow.compute.if_else(blank, pyarrow.scalar(None, pyarrow.string()), trimmed)
        values: NDArray[numpy.float64]
        if self.numbers.takes_plain:
            with suppress(pyarrow.ArrowInvalid):
                values = pyarrow.compute.cast(known, pyarrow.float64()).to_numpy(zero_copy_only=False)
                return values
        encoded = known.dictionary_encode()
        levels: list[str] = encoded.dictionary.to_pylist()
        codes = encoded.indices.fill_null(len(levels)).to_numpy(zero_copy_only=False)
        counts = numpy.bincount(codes, minlength=len(levels) + 1).tolist()
        read, _ = self.numbers.read(dict(zip(levels, counts, strict=False)))
        values = numpy.array([*(read.get(level, numpy.nan) for level in levels), numpy.nan])[codes]
        return values


def total_word(cells: Sequence[str]) -> str | None:
    """The cell that calls a row a total; None where none does."""
    for cell in cells:
        words = {word.strip(AROUND) for word in cell.casefold().split()}
        if not WORDS.isdisjoint(words) and not is_plain(cell):
            return cell
    return None


def is_called_total(cell: str) -> bool:
    """Whether a cell is such a word and nothing else."""
    return cell.casefold().strip(AROUND) in WORDS


def is_bare(cells: Sequence[str]) -> bool:
    """Whether a row has numbers alone, two at least, and nothing in its first column."""
    filled = [cell for cell in cells if cell]
    return not cells[0] and len(filled) > 1 and not NumberColumn().read(dict.fromkeys(filled, 1))[1]


def is_note(cells: Sequence[str]) -> bool:
    """Whether a row is a remark about the table: its first cell alone says something, and in words."""
    return bool(cells[0]) and not any(cells[1:]) and _NOTE.match(cells[0]) is not None


def sums_of(
    batches: Iterable[Sequence[pyarrow.Array]], places: Iterable[int], decimal: Decimal
) -> dict[int, ColumnSum]:
    """What the columns at these places come to."""
    sums = {place: ColumnSum(NumberColumn(decimal)) for place in places}
    for batch in batches:
        for place, column in sums.items():
            column.add(batch[place])
    return sums


def holds_sums(row: int, candidates: Sequence[Sequence[str]], sums: dict[int, ColumnSum]) -> bool:
    """Whether a row's numbers are what its columns come to.

    Args:
        row: which of the candidates.
        candidates: cells of rows that may be totals, from the edge of the table inwards.
        sums: of whole columns, all candidates included.
    """
    everybody = range(len(candidates))
    named = total_word(candidates[row]) is not None
    return any(
        _holds(candidates[row], [candidates[other] for other in others], sums, named=named)
        for others in (everybody, range(row + 1), [row])
    )


def _holds(cells: Sequence[str], others: Sequence[Sequence[str]], sums: dict[int, ColumnSum], *, named: bool) -> bool:
    """Whether a row sums up all rows but these."""
    right = wrong = 0
    for place, column in sums.items():
        value = column.value(cells[place]) if cells[place] else None
        if value is None:
            continue
        apart = [number for other in others if other[place] and (number := column.value(other[place])) is not None]
        count, total = column.count - len(apart), column.total - sum(apart)
        if count < FEW:
            continue
        unit = unit_of(cells[place]) + 1e-9 * column.size
        fits = abs(value - total) <= unit and column.size > sum(map(abs, apart))
        means = named and abs(value - total / count) <= unit
        right += fits or means or (named and value == count)
        wrong += not (fits or means or (named and value == count))
    return right > (0 if named else 1) and right > 2 * wrong


def unit_of(text: str) -> float:
    """One in the last place of a number: sums may have been rounded."""
    digits = re.search(r"[.,](\d{1,2}|\d{4,})\D*$", text)
    return 10.0 ** -len(digits[1]) if digits else 0.5


def texts_at(batch: Sequence[pyarrow.Array], place: int) -> list[str]:
    """The cells of one row, trimmed, empty where there is no value."""
    return [(column[place].as_py() or "").strip() for column in batch]
