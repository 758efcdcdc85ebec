"""Reads a whole file as cleaned cells by column: each different text is thought about once.

A column that is numbers otherwise has its numbers in plain form and nothing where a text says «not known», whatever
people and spreadsheets made of them; what a column is for is decided by others. It must not know use cases.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from churn_data.cells import Cell, cleaned, how_many, is_float, is_too_large
from churn_data.coded_cells import CodedCells
from churn_data.dialects import Decimal
from churn_data.errors import DataError, glimpse
from churn_data.garbled_texts import tell_garbled, tell_garbled_name
from churn_data.mixed_numbers import several_units
from churn_data.notices import Notices
from churn_data.number_texts import NumberColumn, is_plain, may_be_months
from churn_data.tables import open_table
from churn_model.spelling import canonical, first_entity, tokens_of, truth_of, unescaped

if TYPE_CHECKING:
    import pyarrow

ODD_SHARE = 0.05
"""Up to this share of cells that are none, a column is one of numbers with faults; beyond it, of something else."""
_PROBED = 1000
LONGEST = 1_000_000
"""Characters of a cell beyond which it is none."""
FEW_NUMBERS = 20
"""With at most so many different numbers, other texts beside them may well be levels like these."""
_MOST_WORDS = 200
"""Different texts, however spaced, beyond which they are not all words for yes and no."""
_INFINITE = "is infinite or too large"


@dataclass(frozen=True)
class Cells:
    """All cells by column, None for missing, and the rows' numbers as a spreadsheet shows them."""

    columns: dict[str, CodedCells]
    rows: Sequence[int]
    decimal: Decimal


def read_cells(
    path: Path,
    missing: Iterable[str],
    notices: Notices,
    *,
    as_written: Iterable[str] = (),
    strict: bool = True,
) -> Cells:
    """Read a file.

    Args:
        path: CSV or Parquet.
        missing: texts that mean "not known" beside blank ones.
        notices: told what was recognised, by column.
        as_written: columns whose texts are levels or ids, whatever they look like.
        strict: whether odd cells in a column of numbers are refused; otherwise they are missing, with a notice.

    Raises:
        DataError: not a table, one without rows, or a column of numbers with cells that are none.
    """
    written, tokens = frozenset(as_written), tokens_of(missing)
    parts: list[list[pyarrow.Array]] = []
    rows: list[Sequence[int]] = []
    with open_table(path, notices=notices) as table:
        for chunk in table.chunks:
            parts.append([array.dictionary_encode() for array in chunk.arrays])  # texts that repeat are kept once
            rows.append(chunk.rows)
    if not rows:
        raise DataError(str(path), "has a header but no rows")
    numbered = _joined(rows)
    columns: dict[str, CodedCells] = {}
    for name in reversed(table.header):  # from the end, so that a column's texts can go as soon as it is read
        texts = [part.pop() for part in parts]
        column = _Texts(name, texts, tokens)
        column.require_cells(notices.file, numbered)
        column.tell_garbled(notices, numbered)
        column.as_truth_values(notices)
        if name not in written:
            column.as_numbers(table.decimal, notices, numbered, strict=strict)
        columns[name] = column.cells()
    return Cells({name: columns[name] for name in table.header}, numbered, table.decimal)


def _joined(rows: Sequence[Sequence[int]]) -> Sequence[int]:
    count = sum(map(len, rows))
    if all(isinstance(part, range) for part in rows) and rows[-1][-1] - rows[0][0] + 1 == count:
        return range(rows[0][0], rows[-1][-1] + 1)
    return [row for part in rows for row in part]


class _Texts:
    """A column as its different texts, and which of them each row has."""

    def __init__(self, name: str, parts: "list[pyarrow.Array]", missing: frozenset[str]) -> None:
        import pyarrow
        import pyarrow.compute

        encoded = pyarrow.chunked_array(parts).unify_dictionaries().combine_chunks()
        self._name = name
        self._codes = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
        texts: list[Cell] = encoded.dictionary.to_pylist()
        longest = pyarrow.compute.max(pyarrow.compute.binary_length(encoded.dictionary)).as_py() or 0
        zero = pyarrow.compute.any(pyarrow.compute.match_substring(encoded.dictionary, "\0")).as_py()
        self._may_be_none = longest > LONGEST or bool(zero)
        plain = pyarrow.compute.all(pyarrow.compute.string_is_ascii(encoded.dictionary)).as_py()
        self._may_be_garbled = plain is False
        self._known = [cleaned(text, missing) for text in (*texts, None)]
        self._escaped = next((text for text in texts if text is not None and unescaped(text) != text), None)

    def cells(self) -> CodedCells:
        """A text or None a row."""
        return CodedCells(self._known, self._codes)

    def require_cells(self, file: str, rows: Sequence[int]) -> None:
        """Refuse what is no cell of a table, by its row: texts of megabytes, as of an unclosed quote, and zero bytes.

        Raises:
            DataError: there is one.
        """
        for text in self._known if self._may_be_none else ():
            problem = "holds a zero byte (NUL), which no text has" if text is not None and "\0" in text else ""
            if text is not None and len(text) > LONGEST:
                problem = f"is {len(text):,} characters long, at most {LONGEST:,} were expected"
            if problem and text is not None:
                row = rows[self.cells().first_of(frozenset({text}))]
                raise DataError(file, problem, column=self._name, row=row)

    def tell_garbled(self, notices: Notices, rows: Sequence[int]) -> None:
        """Tell of letters that an export has garbled, or written as a web page does."""
        if self._escaped is not None:
            entity, character = first_entity(self._escaped)
            shown = f'"{character}"' if character.strip() else "a blank"
            notices.tell(
                "characters of HTML",
                f'texts are written as in a web page: "{entity}" is read as {shown}',
                self._name,
            )
        tell_garbled_name(self._name, notices)
        if self._may_be_garbled:
            cells = self.cells()
            beyond = {text: count for text, count in cells.found().items() if not text.isascii()}
            tell_garbled(self._name, beyond, lambda texts: rows[cells.first_of(frozenset(texts))], notices)

    def as_truth_values(self, notices: Notices) -> None:
        """Give words for yes and no in several spellings the one of truth values: J, yes and 1 are true."""
        if len(self._known) > _MOST_WORDS:
            return
        words = {canonical(text) or "" for text in self._known if text is not None}
        if len(words) <= 2:  # noqa: PLR2004 - yes and no
            return
        meant = {word: truth_of(word) for word in words}
        if set(meant.values()) != {"true", "false"}:
            return
        self._known = [None if text is None else meant[canonical(text) or ""] for text in self._known]
        shown = ", ".join(glimpse(word) for word in sorted(words)[:6])
        notices.tell("truth values", f"{shown}{', …' if len(words) > 6 else ''} are read as true and false", self._name)  # noqa: PLR2004

    def as_numbers(self, decimal: Decimal, notices: Notices, rows: Sequence[int], *, strict: bool) -> None:
        """Give numbers their plain form, if numbers they are. Odd cells are refused where `strict`, else missing."""
        counts: dict[str, int] = {}
        for text, count in zip(self._known, numpy.bincount(self._codes, minlength=len(self._known)), strict=True):
            if text is not None:
                counts[text] = counts.get(text, 0) + int(count)
        if len(counts) > 2 * _PROBED and _is_text(list(counts)[:_PROBED], decimal):
            return
        column = NumberColumn(decimal)
        values, odd = _finite(*column.read(counts))
        if may_be_months(counts):
            return
        if not self._is_number(values, odd, counts) or (not odd and not column.findings()):
            return
        if odd and strict:
            self._refuse(odd, values, counts, notices.file, rows)
        for kind, text in column.findings():
            notices.tell(kind, text, self._name)
        if odd:
            row = rows[self.cells().first_of(frozenset(odd))]
            mixed = several_units(counts)
            more = f"; the column has {mixed}" if mixed else ""
            notices.tell("odd cells", f"row {row}: {_odd(odd, values, counts)}{more}", self._name)
        self._known = [None if text is None else _plain_text(text, values) for text in self._known]

    def _is_number(self, values: Mapping[str, float], odd: Sequence[str], counts: Mapping[str, int]) -> bool:
        numbers = [text for text, value in values.items() if value == value]  # noqa: PLR0124 - NaN is a token
        if all(map(_is_infinite, odd)):
            return bool(numbers)
        share = sum(counts[text] for text in odd) / (sum(counts[text] for text in (*numbers, *odd)) or 1)
        return len(numbers) > FEW_NUMBERS and share <= ODD_SHARE

    def _refuse(
        self,
        odd: Sequence[str],
        values: Mapping[str, float],
        counts: Mapping[str, int],
        file: str,
        rows: Sequence[int],
    ) -> None:
        cells = self.cells()
        place = cells.first_of(frozenset(odd))
        text = str(cells[place])
        what = _odd([text, *odd], values, counts)
        mixed = several_units(counts)
        what += f"; the column has {mixed}" if mixed else ""
        problem = f"{what}; correct it, list it under `missing`, or call the column a category"
        if _is_infinite(text):
            problem = f'"{glimpse(text)}" {_INFINITE}, a finite number was expected'
        raise DataError(file, problem, column=self._name, row=rows[place])


def _is_text(texts: Sequence[str], decimal: Decimal) -> bool:
    """Whether most of some different texts are no numbers, so that the rest need not be looked at one by one."""
    return len(NumberColumn(decimal).read(dict.fromkeys(texts, 1))[1]) > len(texts) / 2


def _finite(values: Mapping[str, float], odd: Sequence[str]) -> tuple[dict[str, float], list[str]]:
    """With infinite numbers among the odd texts: no model takes one."""
    infinite = [text for text, value in values.items() if is_too_large(value)]
    return {text: value for text, value in values.items() if not is_too_large(value)}, [*odd, *infinite]


def _odd(odd: Sequence[str], values: Mapping[str, float], counts: Mapping[str, int]) -> str:
    numbers = sum(counts[text] for text, value in values.items() if value == value)  # noqa: PLR0124 - NaN is a token
    problem = _INFINITE if _is_infinite(odd[0]) else "is not a number"
    return f'"{glimpse(odd[0])}" {problem} ({how_many(numbers, sum(counts[text] for text in set(odd)))})'


def _is_infinite(text: str) -> bool:
    return is_float(text) and is_too_large(float(text))


def _plain_text(text: str, values: Mapping[str, float]) -> Cell:
    value = values.get(text)
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    return text if is_plain(text) and float(text) == value else repr(value)
