"""Where a text file's header is, and what stands around it that is no customer: titles, comments, names of groups of
columns, units.

It looks at the first records alone. It must not know how they are quoted, nor what columns mean.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from churn_data.errors import DataError, glimpse
from churn_data.notices import Notices
from churn_data.number_texts import NumberColumn
from churn_model.not_known import TOKENS

MOST_TITLES = 30
"""Records above a header at most."""
_MOST_GROUPS = 3
_FEW = 5
"""Customers without whom nothing is said about a row being no customer."""
_LINE = re.compile(r"[+:| ]*[-=]{2}[-=+:| ]*")
_COMMENTS = ("#", "//", "--", "%")
_NUMBERED = re.compile(r"[a-z]{1,6}[ _.]?\d{1,4}|[a-z]|unnamed: ?\d+|\d{1,4}", re.IGNORECASE)
_LONGEST_NAME = 60
_REPEATED = 3
"""A column has levels if each of its texts occurs so often on average."""
Fields = Sequence[str]


@dataclass(frozen=True)
class Record:
    """A record that is not blank: its fields, its row as a spreadsheet counts, and where in the text it ends."""

    fields: Fields
    row: int
    end: int


@dataclass(frozen=True)
class Layout:
    """`names` are the header's, `header` is the place of its record, `first` that of the first customer; `rows` are
    the customers among the records, without headers once more."""

    names: tuple[str, ...]
    header: int
    first: int
    rows: tuple[Fields, ...]


def layout_of(records: Sequence[Record], file: str, notices: Notices) -> Layout:
    """Find the header.

    Args:
        records: the first ones, one at least.
        file: for messages.
        notices: told what is left out.

    Raises:
        DataError: there is no header.
    """
    rows = [record.fields for record in records]
    top = _below_titles(rows)
    header = _below_groups(rows, top)
    names = tuple(cell.strip() for cell in rows[header])
    ruled = header + 1 + (len(rows) > header + 1 and _is_line(rows[header + 1]))
    below = [row for row in rows[ruled:] if not _repeats(row, rows[header]) and filled(row)]
    if header == top:
        _require_header(names, rows[ruled:] if len(names) == 1 else below, records[header].row, file)
    if top:
        what = "comments" if all(_is_comment(row) for row in rows[:top]) else "titles"
        notices.tell("titles", f"{_rows(records[:top])} above the header in row {records[top].row}: {what}, left out")
    if header > top:
        names, used = _with_groups(names, rows[top:header])
        more = ", which go in front of names that occur more than once" if used else ": they are left out"
        notices.tell(
            "column groups",
            f"{_rows(records[top:header])} above the header in row {records[header].row}: names of groups of "
            f"columns{more}",
        )
    if ruled > header + 1:
        notices.tell("ruled line", f"row {records[header + 1].row} is a line under the header: it is left out")
    described = _is_description(below, [place for place, name in enumerate(names) if name])
    if described and _are_better_names(below[0], names):
        names = tuple(cell.strip() for cell in below[0])
        told = f"row {records[ruled].row} names the columns, row {records[header].row} only numbers them"
        notices.tell("second header", f'{told}: they are called "{glimpse(names[-1])}" and so on')
    elif described:
        row = records[ruled].row
        notices.tell("description row", f"row {row} describes the columns, no customer: it is left out")
    return Layout(names, header, ruled + described, tuple(below[described:]))


def _are_better_names(row: Fields, names: Sequence[str]) -> bool:
    """Whether a row below a header of numbered columns, X1, X2, …, Y, holds the names that these have."""
    cells = [cell.strip() for cell in row]
    numbered = sum(not name or bool(_NUMBERED.fullmatch(name)) for name in names)
    whole = len(cells) == len(names) == len(set(cells)) and all(0 < len(cell) <= _LONGEST_NAME for cell in cells)
    return whole and numbered == len(names) > 2 and not any(map(_is_number, cells))  # noqa: PLR2004 - a few may be so called


def _rows(records: Sequence[Record]) -> str:
    first, last = records[0].row, records[-1].row
    return f"row {first}" if first == last else f"rows {first} to {last}"


def _repeats(row: Fields, header: Fields) -> bool:
    """Whether a row is the header once more, of a file that was put behind another one."""
    return row == header or [row[0].lstrip("\ufeff"), *row[1:]] == [*header]


def filled(row: Fields) -> int:
    """How many cells of a record are not blank."""
    return sum(bool(cell.strip()) for cell in row)


def width_of(rows: Sequence[Fields]) -> int:
    """How many fields most records have."""
    sizes = Counter(map(len, rows))
    return max(sizes, key=lambda size: (sizes[size], size))


def _is_comment(row: Fields) -> bool:
    return row[0].strip().startswith(_COMMENTS)


def _is_line(row: Fields) -> bool:
    """Whether a record is a line of signs, as consoles of databases and Markdown draw one under a header."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return bool(cells) and all(map(_LINE.fullmatch, cells))


def _below_titles(rows: Sequence[Fields]) -> int:
    """The place of the first record that is no title; the first of all where what follows is no header."""
    width = width_of(rows)
    for place, row in enumerate(rows[:MOST_TITLES]):
        if not _is_title(row, width):
            header = any(_may_be_header(below, width) for below in rows[place : place + _MOST_GROUPS])
            return place if header else 0
    return 0


def _is_title(row: Fields, width: int) -> bool:
    if _is_comment(row) and len(row) != width:
        return True
    many = filled(row)
    if not many:
        return True
    if len(row) >= width:
        return many == 1 and width > 2  # noqa: PLR2004 - of two columns one may be nameless
    return many <= width / 2


def _may_be_header(row: Fields, width: int) -> bool:
    cells = [cell.strip() for cell in row if cell.strip()]
    words = sum(not _is_number(cell) for cell in cells)
    return 2 * len(cells) > width and 2 * words > len(cells)


def _below_groups(rows: Sequence[Fields], top: int) -> int:
    """The place of the header below names of groups, merged cells of a spreadsheet; `top` where there are none."""
    for header in range(min(top + _MOST_GROUPS, len(rows) - 1), top, -1):
        places = range(len(rows[header]))
        whole = all(cell.strip() for cell in rows[header])
        if not whole or not all(_names_groups(row, len(rows[header])) for row in rows[top:header]):
            continue
        if _is_description(rows[header:], places) or _is_description([rows[header], *rows[header + 2 :]], places):
            return header
    return top


def _names_groups(row: Fields, width: int) -> bool:
    names = [cell.strip() for cell in row if cell.strip()]
    gaps = len(row) - len(set(names))
    return len(row) <= width and bool(names) and gaps > 0 and (gaps > 1 or bool(row[0].strip()))


def _with_groups(names: Sequence[str], groups: Sequence[Fields]) -> tuple[tuple[str, ...], bool]:
    """Names, with that of their groups in front where they occur more than once, and whether one does."""
    occur = Counter(names)
    over = [_spread(row, len(names)) for row in groups]
    found = (
        " ".join(filter(None, [*(row[place] for row in over), name])) if occur[name] > 1 else name
        for place, name in enumerate(names)
    )
    return tuple(found), max(occur.values()) > 1


def _spread(row: Fields, width: int) -> list[str]:
    """The name of a group at each of its columns: a merged cell has its text in the first."""
    spread: list[str] = []
    for place in range(width):
        cell = row[place].strip() if place < len(row) else ""
        spread.append(cell or (spread[-1] if spread else ""))
    return spread


def _require_header(names: Sequence[str], rows: Sequence[Fields], row: int, file: str) -> None:
    """Raise where the header would be a customer like any other: a number over numbers, a level over its likes."""
    if len(rows) <= _FEW or [*names] == [str(place) for place in range(len(names))]:  # pandas numbers nameless columns
        return
    likes: list[bool] = []
    levels = 0
    for place, name in enumerate(names):
        cells = [cell for other in rows if place < len(other) and (cell := other[place].strip())]
        if _are_numbers(cells):
            likes.append(_is_number(name))
            levels += name in cells and _REPEATED * len(set(cells)) <= len(cells)
        elif cells and _REPEATED * len(set(cells)) <= len(cells):
            likes.append(name in cells)
            levels += name in cells
    alone = len(names) == 1 and _is_number(names[0])
    if levels and all(likes) and (len(likes) > 1 or alone):
        problem = "the first row is a customer like those below it; put a row with the columns' names above it"
        raise DataError(file, problem, row=row)


def _is_number(cell: str) -> bool:
    return bool(cell) and not NumberColumn().read({cell: 1})[1]


def _are_numbers(cells: Sequence[str]) -> bool:
    known = {cell for cell in cells if cell.lower() not in TOKENS}
    return len(cells) > _FEW and bool(known) and not NumberColumn().read(dict.fromkeys(known, 1))[1]


def _is_description(rows: Sequence[Fields], places: Sequence[int]) -> bool:
    """Whether the first row has words in every column of which all other rows have numbers, at least two."""
    if len(rows) <= _FEW or len(rows[0]) <= max(places, default=0):
        return False
    columns = 0
    for place in places:
        if _are_numbers([cell for row in rows[1:] if place < len(row) and (cell := row[place].strip())]):
            first = rows[0][place].strip()
            if not any(map(str.isalpha, first)) or _is_number(first):
                return False
            columns += 1
    return columns > 1
