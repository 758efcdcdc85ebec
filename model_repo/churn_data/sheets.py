"""Which sheet of a workbook holds the customers: the one that is named, else one with a column that is called after
leaving, else the largest.

It must not know use cases, so that every command that reads a workbook reads the same sheet of it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from churn_data.column_names import words_of
from churn_data.errors import DataError, glimpse
from churn_data.label_meanings import says_customers_left, says_leaving
from churn_data.notices import Notices
from churn_data.spreadsheets import Sheet

_SHOWN = 6


def choose_sheet(sheets: Mapping[str, Sheet], wanted: str | None, path: Path, notices: Notices) -> str:
    """The name of the sheet to read, which is told.

    Args:
        sheets: of the workbook, by name.
        wanted: the name that somebody gave.
        path: for messages.
        notices: told which one is read and why.

    Raises:
        DataError: there is no sheet of the name that was given.
    """
    if wanted is not None:
        found = next((name for name in sheets if name.strip().lower() == wanted.strip().lower()), None)
        if found is None:
            raise DataError(str(path), f'has no sheet "{glimpse(wanted)}" (found: {_listed(list(sheets))})')
        notices.tell("format", f'a spreadsheet, of which "{glimpse(found)}" is read')
        return found
    labels = {name: _label_in(header_of(sheet.top)) for name, sheet in sheets.items()}
    chosen = max(sheets, key=lambda name: (_rank(labels[name]), sheets[name].cells))
    others = [name for name in sheets if name != chosen]
    why = ""
    if others:
        largest = all(sheets[name].cells <= sheets[chosen].cells for name in others)
        reason = f"the largest of {len(sheets)} sheets" if largest else f'for its column "{glimpse(labels[chosen])}"'
        why = f", {reason}; --sheet names another: {_listed(others)}"
    notices.tell("format", f'a spreadsheet, of which "{glimpse(chosen)}" is read{why}')
    return chosen


def header_of(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first row that has at least half as many texts as the one that has most: no title."""
    filled = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    most = max(map(len, filled), default=0)
    return next((cells for cells in filled if cells and 2 * len(cells) >= most), [])


def _label_in(header: Sequence[str]) -> str:
    """The column that is called after leaving, best one of customers; empty where none is."""
    return max(header, key=_rank, default="") if any(map(_rank, header)) else ""


def _rank(name: str) -> int:
    words = words_of(name)
    return 2 * says_customers_left(words) + says_leaving(words)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{glimpse(name)}"' for name in names[:_SHOWN])
    return f"{shown}, …" if len(names) > _SHOWN else shown
