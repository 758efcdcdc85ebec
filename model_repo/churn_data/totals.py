"""Rows below or above a table's customers that sum them up, or say something about the table.

A word makes nobody a total: its numbers must be sums or means of their columns. It must not know files.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy
import pyarrow
import pyarrow.compute
from numpy.typing import NDArray

from churn_data.dialects import Decimal
from churn_data.number_texts import NumberColumn, is_plain

_WORDS = frozenset(
    {
        "total", "totals", "subtotal", "total:", "totale", "totali", "totaux", "totales", "totaal", "totalt", "summe",
        "summen", "gesamt", "gesamtsumme", "gesamtergebnis", "insgesamt", "ergebnis", "zwischensumme", "sum", "somme",
        "suma", "soma", "sumă", "somma", "average", "avg", "mean", "durchschnitt", "mittelwert", "mittel", "moyenne",
        "promedio", "media", "gemiddelde", "medel", "итого", "всего", "сумма", "среднее", "toplam", "ortalama", "razem",
        "celkem", "összesen", "yhteensä", "σύνολο", "合計", "总计", "合计", "總計", "平均", "합계", "المجموع",
        "الإجمالي", "Σ".casefold(), "∑", "ø",
    }
)  # fmt: skip
_AROUND = " \t:.*=-_#()[]\"'"
_NOTE = re.compile(
    r"#|//|\(.*\)$|\*|.*:\s|(source|quelle|note|hinweis|exported|generated|created|erstellt|stand|end of|ende|eof"
    r"|trailer|page|seite|rows?|\d+ rows)\b|(\S+\s+){3,}\S",
    re.IGNORECASE,
)
_FEW = 3
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
        known = pyarrow.compute.utf8_trim_whitespace(texts)
        known = known.filter(pyarrow.compute.not_equal(known, ""))
        try:
            plain = pyarrow.compute.cast(known, pyarrow.float64()) if self.numbers.takes_plain else None
        except pyarrow.ArrowInvalid:
            plain = None
        values = self._read(known) if plain is None else plain.to_numpy(zero_copy_only=False)
        values = values[numpy.isfinite(values)]
        self.total += float(values.sum())
        self.size += float(numpy.abs(values).sum())
        self.count += len(values)

    def _read(self, texts: pyarrow.Array) -> NDArray[numpy.float64]:
        counts = {each["values"]: each["counts"] for each in pyarrow.compute.value_counts(texts).to_pylist()}
        values, _ = self.numbers.read(counts)
        return numpy.repeat(list(values.values()) or [numpy.nan], [counts[text] for text in values] or [1])


def total_word(cells: Sequence[str]) -> str | None:
    """The cell that calls a row a total; None where none does."""
    for cell in cells:
        words = {word.strip(_AROUND) for word in cell.casefold().split()}
        if not _WORDS.isdisjoint(words) and not is_plain(cell):
            return cell
    return None


def is_called_total(cell: str) -> bool:
    """Whether a cell is such a word and nothing else."""
    return cell.casefold().strip(_AROUND) in _WORDS


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
        if count < _FEW:
            continue
        unit = _unit(cells[place]) + 1e-9 * column.size
        fits = abs(value - total) <= unit and column.size > sum(map(abs, apart))
        means = named and abs(value - total / count) <= unit
        right += fits or means or (named and value == count)
        wrong += not (fits or means or (named and value == count))
    return right > (0 if named else 1) and right > 2 * wrong


def _unit(text: str) -> float:
    """One in the last place of a number: sums may have been rounded."""
    digits = re.search(r"[.,](\d{1,2}|\d{4,})\D*$", text)
    return 10.0 ** -len(digits[1]) if digits else 0.5


def texts_at(batch: Sequence[pyarrow.Array], place: int) -> list[str]:
    """The cells of one row, trimmed, empty where there is no value."""
    return [(column[place].as_py() or "").strip() for column in batch]
