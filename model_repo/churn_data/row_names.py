"""The names of rows that R writes in front of every row, and for which its header has no field.

``write.table`` writes them unless told otherwise (R Core Team, R Data Export, "Export to text files"), in quotes like
the names of columns. Whatever else has one field more than its header is broken, e.g. by a decimal comma that nobody
quoted, and is not to be read one column off. It must not know columns.
"""

from collections.abc import Sequence
from dataclasses import replace

from churn_data.csv_layout import Record

_QUOTE = '"'
_FEWEST = 2
"""Customers by whom names are known as such."""


def with_name_for_rows(records: Sequence[Record], sample: str, start: int) -> list[Record]:
    """The records, with an empty name in front of the header's where it has none for the names of rows.

    Args:
        records: the first of a file; the last may be cut.
        sample: the text that they stand in.
        start: where the first begins in it.
    """
    header, *rows = records
    if not _are_named(rows[:-1] or rows, len(header.fields)):
        return [*records]
    starts = [start, *(record.end for record in records[:-1])]
    if not all(sample.startswith(_QUOTE, position) for position in starts):
        return [*records]
    return [replace(header, fields=("", *header.fields)), *rows]


def _are_named(rows: Sequence[Record], width: int) -> bool:
    """Whether each row has one field more than the header, and no two the same first one."""
    if len(rows) < _FEWEST or any(len(row.fields) != width + 1 for row in rows):
        return False
    names = [row.fields[0] for row in rows]
    return all(names) and len(set(names)) == len(names)
