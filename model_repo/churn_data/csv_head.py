"""The head of a text file: how it is written, its header, and what stands in the way of its first customer.

It reads the first megabyte alone. What it leaves out of every row is named: a nameless column, a field behind the last
delimiter, a row of descriptions.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from churn_data.dialects import BLOCK, Decimal, Encoding, FileForm, decimal_of, delimiter_of, encoding_of
from churn_data.errors import DataError, glimpse
from churn_data.notices import Notices
from churn_data.number_texts import TOKENS, NumberColumn

SAMPLED = 500
_FEW = 5
"""Customers without whom nothing is said about a row being no customer."""


@dataclass(frozen=True)
class CsvHead:
    """``header`` are the columns that count, ``places`` where they are among ``width`` fields. The first customer is
    record ``records`` (blank lines apart) and begins at byte ``skip`` of the file's text in UTF-8. ``trailing``: each
    row ends with one more, empty field."""

    encoding: Encoding
    delimiter: str
    decimal: Decimal
    header: tuple[str, ...]
    places: tuple[int, ...]
    width: int
    records: int
    skip: int
    trailing: bool


def read_head(path: Path, form: FileForm, notices: Notices) -> CsvHead:
    """Look at the beginning of a file.

    Raises:
        DataError: it is empty, its header cannot be used, or what was given about it is wrong.
    """
    encoding = encoding_of(path, form, notices)
    sample = _sample(path, encoding)
    delimiter, hint = delimiter_of(sample, form, notices)
    reader = _Records(sample, delimiter, hint)
    names = [name.strip() for name in next(reader, [])]
    if not names:
        raise DataError(str(path), "is empty, a header was expected in row 1")
    header_end, header_records = reader.position, 1 if not hint else 2
    rows = list(islice(reader, SAMPLED))
    trailing = _has_trailing_field(names, rows, notices)
    header, places = _named_columns(names, rows, str(path), notices)
    description = _is_description(rows, places)
    if description:
        notices.tell("description row", f"row {header_records + 1} describes the columns, no customer: it is left out")
    decimal = decimal_of([[row[place] for place in places if place < len(row)] for row in rows[description:]],
                         delimiter, form, notices)  # fmt: skip
    end = reader.first_end if description else header_end
    return CsvHead(
        encoding=encoding,
        delimiter=delimiter,
        decimal=decimal,
        header=header,
        places=places,
        width=len(names) + trailing,
        records=header_records + description,
        skip=len(sample[:end].encode("utf-8", "surrogateescape")),
        trailing=trailing,
    )


def _sample(path: Path, encoding: Encoding) -> str:
    with path.open("rb") as stream:
        stream.seek(encoding.mark)
        content = stream.read(BLOCK)
    whole = content[: len(content) & ~1] if encoding.codec.startswith("utf-16") else content
    return whole.decode(encoding.codec, "surrogateescape" if encoding.codec == "utf-8" else "replace")


class _Records:
    """The records of a text that are not blank, and how many characters of it they take."""

    def __init__(self, text: str, delimiter: str, start: int) -> None:
        self._lines = iter(re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text[start:]))
        self.position = start
        self.first_end = start
        self._reader = csv.reader(self._counted(), delimiter=delimiter)
        self._count = 0

    def _counted(self) -> Iterator[str]:
        for line in self._lines:
            self.position += len(line)
            yield line

    def __iter__(self) -> "_Records":
        return self

    def __next__(self) -> list[str]:
        try:
            record = next(record for record in self._reader if record)
        except csv.Error:
            raise StopIteration from None
        self._count += 1
        if self._count == 2:  # noqa: PLR2004 - the one behind the header
            self.first_end = self.position
        return record


def _has_trailing_field(names: Sequence[str], rows: Sequence[Sequence[str]], notices: Notices) -> bool:
    longer = [row for row in rows if len(row) == len(names) + 1 and not row[-1].strip()]
    if not longer or len(longer) < len(rows) - 1:
        return False
    notices.tell("trailing delimiter", "every row ends with a delimiter: the empty field behind it is left out")
    return True


def _named_columns(
    names: Sequence[str], rows: Sequence[Sequence[str]], file: str, notices: Notices
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Columns that have a name, and their places."""
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if not name:
            notices.tell("nameless column", _nameless(place, [row[place] for row in rows if place < len(row)]))
        elif name in places:
            problem = f"name occurs twice in the header (fields {places[name] + 1} and {place + 1}); rename one of them"
            raise DataError(file, problem, column=name, row=1)
        else:
            places[name] = place
    if not places:
        raise DataError(file, "the header names no column", row=1)
    return tuple(places), tuple(places.values())


def _nameless(place: int, cells: Sequence[str]) -> str:
    where = f"field {place + 1} of the header has no name"
    counted = list(cells[:-1])  # the last one may be cut
    if counted and any(counted == [str(first + n) for n in range(len(counted))] for first in (0, 1)):
        return f"{where} and counts the rows, as pandas' index does: it is left out"
    if not any(cell.strip() for cell in cells):
        return f"{where} and no values: it is left out"
    return f"{where}: it is left out; name it if it matters"


def _is_description(rows: Sequence[Sequence[str]], places: Sequence[int]) -> bool:
    """Whether the first row has words in every column of which all other rows have numbers, at least two."""
    if len(rows) <= _FEW or len(rows[0]) <= max(places):
        return False
    columns = 0
    for place in places:
        others = [cell for row in rows[1:] if place < len(row) and (cell := row[place].strip())]
        known = {cell for cell in others if cell.lower() not in TOKENS}
        if len(others) > _FEW and known and not NumberColumn().read(dict.fromkeys(known, 1))[1]:
            first = rows[0][place].strip()
            if not any(map(str.isalpha, first)) or not NumberColumn().read({first: 1})[1]:
                return False
            columns += 1
    return columns > 1


def suggestion(name: str, names: Sequence[str]) -> str:
    """The end of a sentence that asks for the column that was perhaps meant; empty if none is like it."""
    from difflib import get_close_matches

    folded = {"".join(filter(str.isalnum, each.casefold())): each for each in reversed(names)}
    wanted = "".join(filter(str.isalnum, name.casefold()))
    close = get_close_matches(wanted, folded, 1, 0.75)
    return f'; did you mean "{glimpse(folded[close[0]])}"?' if close else ""
