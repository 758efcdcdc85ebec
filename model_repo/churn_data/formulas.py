"""Texts in CSV that a spreadsheet would compute: counted and told of, never changed.

Whoever opens a CSV file in Excel runs `=cmd|...` of a customer's id. The cure that is usual, a quotation mark in front
(OWASP, CSV Injection: cells that begin with = + - @, their full-width kin, tab or the end of a line), makes another
id of it: scores, arms and plans are joined by ids, by us and by others' systems, so they stay as they are, and people
are told to take XLSX, whose cells say that they are text. It must not know what columns mean.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from churn_data.cells import is_float
from churn_data.notices import Notices

_WIDE = "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
FIRST = tuple("=+-@\t\r\n" + _WIDE)


def begins_formula(cell: Any) -> bool:
    """Whether a spreadsheet would compute a cell; what is no text is no formula, nor is a number with its sign."""
    return isinstance(cell, str) and cell[:1] in FIRST and not is_float(cell)


class FormulaCount:
    """Counts the texts of one file, part by part."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, cells: Iterable[Any]) -> None:
        """Look at some cells."""
        self._count += sum(map(begins_formula, cells))

    def tell(self, path: Path) -> None:
        """Say of a file how many there are, if any."""
        if self._count:
            many = "1 text begins" if self._count == 1 else f"{self._count:,} texts begin"
            Notices(path.name).tell(
                "formulas", f"{many} as a formula does and would be computed by a spreadsheet; open no such CSV in one"
            )
