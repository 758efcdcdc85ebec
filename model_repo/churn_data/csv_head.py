"""The head of a text file: how it is written, its header, and what stands in the way of its first customer.

It reads the first megabyte alone. What it leaves out of every row is named: a nameless column, a field behind the last
delimiter.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from churn_data.csv_layout import MOST_TITLES, Layout, Record, layout_of
from churn_data.csv_quoting import Quoting, quoting_of, wrapping_of
from churn_data.decimal_signs import decimal_of
from churn_data.dialects import Decimal, Encoding, FileForm, delimiter_of, encoding_of
from churn_data.errors import DataError, glimpse
from churn_data.file_ends import bytes_of, end_of
from churn_data.guarded_cells import without_guard
from churn_data.notices import Notices
from churn_data.odd_lines import odd_line, starts_conflict
from churn_data.padded_text import require_delimited
from churn_data.row_names import with_name_for_rows
from churn_data.transposed import require_upright
from churn_data.unmarked_texts import BLOCK

SAMPLED = 500
_WIDE = 1000
"""A row that is cut where looking ends and has more fields is a header, no customer with a long text."""


@dataclass(frozen=True)
class CsvHead:
    """``header`` are the columns that count, ``places`` where they are among ``width`` fields. The first customer is
    record ``records`` (blank lines apart), comes after row ``rows``, and begins at byte ``skip`` of the file's text in
    UTF-8. ``trailing``: each row ends with one more, empty field."""

    encoding: Encoding
    delimiter: str
    quoting: Quoting
    decimal: Decimal
    header: tuple[str, ...]
    places: tuple[int, ...]
    width: int
    records: int
    rows: int
    skip: int
    trailing: bool


def read_head(path: Path, form: FileForm, notices: Notices) -> CsvHead:
    """Look at the beginning of a file.

    Raises:
        DataError: it is empty, its header cannot be used, or what was given about it is wrong.
    """
    file = notices.file
    encoding = _up_to_its_end(path, encoding_of(path, form, notices), notices)
    sample, is_cut = _sample(path, encoding)
    wrapping = wrapping_of(sample)
    delimiter, hint = delimiter_of(_unwrapped(sample) if wrapping.wrapped else sample, form, notices)
    quoting = quoting_of(sample[hint:], delimiter, wrapping, notices)
    records = list(islice(_records(sample, hint, delimiter, quoting), SAMPLED + MOST_TITLES))
    if is_cut:
        _require_whole_header(records, file)
    if not records:
        raise DataError(file, "is empty, a header was expected in row 1")
    if form.delimiter is None and len(records[0].fields) == 1:
        require_delimited(sample, notices.file)
    for record in records:
        if starts_conflict(record.fields):
            raise DataError(file, odd_line(record.fields), row=record.row)
    records = with_name_for_rows(records, sample, hint)
    layout = layout_of(records, file, notices)
    rows = layout.rows
    require_upright(layout.names, rows, file)
    trailing = _has_trailing_field(layout.names, rows, notices)
    header, places = _named_columns(layout, rows, records[layout.header].row, notices)
    decimal = decimal_of([[row[place] for place in places if place < len(row)] for row in rows],
                         delimiter, form, notices)  # fmt: skip
    last = records[layout.first - 1]
    return CsvHead(
        encoding=encoding,
        delimiter=delimiter,
        quoting=quoting,
        decimal=decimal,
        header=header,
        places=places,
        width=len(layout.names) + trailing,
        records=layout.first + bool(hint),
        rows=last.row,
        skip=len(sample[: last.end].encode("utf-8", "surrogateescape")),
        trailing=trailing,
    )


def _up_to_its_end(path: Path, encoding: Encoding, notices: Notices) -> Encoding:
    if encoding.codec.startswith("utf-16"):
        return encoding
    end = end_of(path, notices)
    return encoding if end == path.stat().st_size else replace(encoding, end=end)


def _unwrapped(sample: str) -> str:
    lines = (next(csv.reader([line], delimiter="\x1f"), [""])[0] for line in sample.splitlines() if line)
    return "\n".join(lines)


def _sample(path: Path, encoding: Encoding) -> tuple[str, bool]:
    """The beginning of a file's text, and whether there is more of it."""
    with bytes_of(path, encoding) as stream:
        content, is_cut = stream.read(BLOCK), bool(stream.read(1))
    whole = content[: len(content) & ~1] if encoding.codec.startswith("utf-16") else content
    return whole.decode(encoding.codec, "surrogateescape" if encoding.codec == "utf-8" else "replace"), is_cut


def _require_whole_header(records: Sequence[Record], file: str) -> None:
    """Return unless the last record of a text that was cut, which may itself be, has more fields than any before it:
    then it is the header, and nobody knows how many more names it has."""
    if not records:
        problem = "its first row does not end within a megabyte: it is no table, or one of too many columns"
        raise DataError(file, problem, row=1)
    last, most = records[-1], max((len(record.fields) for record in records[:-1]), default=0)
    if len(last.fields) > max(most, _WIDE):
        many = f"has more than {len(last.fields) - 1:,} columns, more than can be read"
        raise DataError(file, f"{many}; leave out those that are not needed", row=last.row)


def _records(text: str, start: int, delimiter: str, quoting: Quoting) -> Iterator[Record]:
    """The records of a text that are not blank; a line in front of `start` is a row of its own."""
    position, row = start, int(start > 0)

    def lines() -> Iterator[str]:
        nonlocal position
        for line in re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text[start:]):
            position += len(line)
            yield line

    try:
        for fields in quoting.records(lines(), delimiter):
            row += 1
            if fields:
                yield Record([*map(without_guard, fields)], row, position)
    except csv.Error:
        return


def _has_trailing_field(names: Sequence[str], rows: Sequence[Sequence[str]], notices: Notices) -> bool:
    longer = [row for row in rows if len(row) == len(names) + 1 and not row[-1].strip()]
    if not longer or len(longer) < len(rows) - 1:
        return False
    notices.tell("trailing delimiter", "every row ends with a delimiter: the empty field behind it is left out")
    return True


def _named_columns(
    layout: Layout, rows: Sequence[Sequence[str]], row: int, notices: Notices
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Columns that have a name, and their places."""
    places: dict[str, int] = {}
    for place, name in enumerate(layout.names):
        if not name:
            notices.tell("nameless column", _nameless(place, [row[place] for row in rows if place < len(row)]))
        elif name in places:
            problem = f"name occurs twice in the header (fields {places[name] + 1} and {place + 1}); rename one of them"
            raise DataError(notices.file, problem, column=name, row=row)
        else:
            places[name] = place
    if not places:
        raise DataError(notices.file, "the header names no column", row=row)
    return tuple(places), tuple(places.values())


def _nameless(place: int, cells: Sequence[str]) -> str:
    where = f"field {place + 1} of the header has no name"
    counted = list(cells[:-1])  # the last one may be cut
    if counted and any(counted == [str(first + n) for n in range(len(counted))] for first in (0, 1)):
        return f"{where} and counts the rows, as pandas' index does and R's row names do: it is left out"
    if not any(cell.strip() for cell in cells):
        return f"{where} and no values: it is left out"
    return f"{where}: it is left out; name it if it matters"


def suggestion(name: str, names: Sequence[str]) -> str:
    """The end of a sentence that asks for the column, or the level, that was perhaps meant; empty if none is like it.
    Codes of digits, as postal ones, are much alike and mean nothing of the kind."""
    from difflib import get_close_matches

    folded = {"".join(filter(str.isalnum, each.casefold())): each for each in reversed(names)}
    wanted = "".join(filter(str.isalnum, name.casefold()))
    close = get_close_matches(wanted, folded, 1, 1.0 if wanted.isdecimal() else 0.75)
    return f'; did you mean "{glimpse(folded[close[0]])}"?' if close else ""
