"""From the text of a cell to a value: what is missing, what is a number, what is not.

Training and batch scoring read cells by these functions alone, so both understand a file alike. It must not know files.
"""

import math
from collections.abc import Sequence

import numpy
from numpy.typing import NDArray

from churn_data import coded_cells
from churn_data.coded_cells import CodedCells, coded
from churn_data.dialects import Decimal
from churn_data.errors import DataError, glimpse
from churn_data.mixed_numbers import several_units, two_notations
from churn_data.number_texts import NumberColumn
from churn_model.spelling import MAXIMUM_TEXT, Levels, unescaped

Cell = coded_cells.Cell
LARGEST = 3.4028234663852886e38
"""The largest number that a server takes, that of 32 bits."""


def clean(cells: Sequence[Cell], missing: frozenset[str]) -> list[Cell]:
    """Outer blanks cut off; blank cells and the use case's tokens for missing become None."""
    # Columns repeat themselves: each distinct text is looked at once, which makes large files several times faster.
    known = {cell: cleaned(cell, missing) for cell in set(cells)}
    return [known[cell] for cell in cells]


def cleaned(cell: Cell, missing: frozenset[str]) -> Cell:
    """A cell without outer blanks, characters of HTML as such; None if that is blank or a token for missing."""
    text = unescaped(cell).strip() if cell is not None else None
    return None if not text or text in missing else text


def categories(cells: Sequence[Cell], rows: Sequence[int], file: str, column: str, levels: Levels) -> CodedCells:
    """The cells of a category column in the one spelling of each level, None for missing.

    Raises:
        DataError: names the first cell that is longer than a server accepts, or that is none.
    """
    found = coded(cells)
    broken = {level for level in found.levels if level is not None and "\0" in level}
    if broken:
        raise DataError(
            file, "holds a zero byte (NUL), which no text has", column=column, row=rows[found.first_of(broken)]
        )
    long = {level for level in found.levels if level is not None and len(level) > MAXIMUM_TEXT}
    if long:
        problem = f"is longer than {MAXIMUM_TEXT} characters, which no level may be"
        raise DataError(file, problem, column=column, row=rows[found.first_of(long)])
    return found.become([levels.find(level)[0] for level in found.levels])


def parse_number(text: str, decimal: Decimal = ".") -> float:
    """The finite number that the text spells, `decimal` being the file's sign where a column alone does not tell.

    Raises:
        ValueError: its message says what was found instead ("is not a number", "is infinite").
    """
    try:
        number = float(text.replace(",", ".") if decimal == "," and "." not in text else text)
    except ValueError:
        raise ValueError("is not a number") from None
    if not text.isascii() or "_" in text or math.isnan(number):
        raise ValueError("is not a number")
    if is_too_large(number):
        raise ValueError("is infinite or too large, a finite number was expected")
    return number


def is_too_large(number: float) -> bool:
    """Whether a number is infinite, or so for models and servers, which compute with 32 bits in places."""
    return abs(number) > LARGEST


def is_float(text: str) -> bool:
    """Whether Python reads the text as a number, infinite ones and NaN included."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_number(cell: Cell) -> bool:
    """Whether the cell is missing or spells a finite number."""
    if cell is None:
        return True
    try:
        parse_number(cell)
    except ValueError:
        return False
    return True


def numbers(
    cells: Sequence[Cell],
    rows: Sequence[int],
    file: str,
    column: str,
    minimum: float | None = None,
    maximum: float | None = None,
    *,
    written: NumberColumn | None = None,
    unknown: frozenset[float] = frozenset(),
) -> NDArray[numpy.float64]:
    """The cells of a number column as floats, NaN for missing and for texts that say «not known».

    Args:
        cells: cleaned.
        rows: their numbers, for messages.
        file: for messages.
        column: for messages.
        minimum: the least number that is right.
        maximum: the largest one.
        written: how the column's numbers were written in earlier parts of the file; learns from this one.
        unknown: numbers that mean «not known».

    Raises:
        DataError: names the first cell that is not a finite number or lies outside the bounds.
    """
    found = coded(cells)
    counts = found.found()
    known, odd = (written or NumberColumn()).read(counts)
    faults = dict.fromkeys(odd, "is not a number")
    known = {text: math.nan if value in unknown else value for text, value in known.items()}
    for text, value in known.items():
        fault = _fault(value, minimum, maximum)
        if fault:
            faults[text] = fault
    if faults:
        right = sum(counts[text] for text, value in known.items() if value == value)  # noqa: PLR0124 - NaN is missing
        place = found.first_of(faults)
        text = str(found[place])
        mixed = two_notations(counts) or several_units(counts) if text in odd else ""
        shares = f" ({how_many(right, sum(counts[text] for text in odd))})" if text in odd else ""
        shares += f"; the column has {mixed}" if mixed else ""
        raise DataError(file, f'"{glimpse(text)}" {faults[text]}{shares}', column=column, row=rows[place])
    return found.taken(numpy.array([known.get(level or "", math.nan) for level in found.levels], dtype=float))


def how_many(numbers: int, others: int) -> str:
    """How many cells of a column are numbers, and how many are not."""
    return f"{numbers:,} number{'' if numbers == 1 else 's'}, {others:,} not"


def _fault(value: float, minimum: float | None, maximum: float | None) -> str:
    if is_too_large(value):
        return "is infinite or too large, a finite number was expected"
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        return f"is out of bounds, {_bounds(minimum, maximum)} was expected"
    return ""


def _bounds(minimum: float | None, maximum: float | None) -> str:
    if minimum is None:
        return f"at most {maximum:g}"
    return f"at least {minimum:g}" if maximum is None else f"{minimum:g} to {maximum:g}"
