"""Customers as JSON, a line or an element of an array each, as the rows of a text table.

An object in a customer becomes columns of its own, `contract.fee`; a list has no single value and is left out. It must
not know what columns mean.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from churn_data.errors import DataError, glimpse
from churn_data.json_documents import Customers, customers_in
from churn_data.notices import Notices

MAXIMUM_ARRAY = 1 << 30
"""Bytes of an array, which is read as a whole; lines are read one by one."""
_DEPTH = 5


def json_table(path: Path, notices: Notices) -> Iterator[list[str]]:
    """The header, then a row a customer; empty texts for null and for what a customer does not have. Names are found by
    one reading, rows by another.

    Raises:
        DataError: names the line, or the element, that is no object of JSON.
    """
    names: dict[str, None] = {}
    lists: dict[str, None] = {}
    nested = False
    held = _document(path)
    for record in _records(path) if held is None else held[0]:
        for name, value in _flat(record):
            nested = nested or name not in record
            (lists if isinstance(value, list) else names).setdefault(name)
    if not names:
        raise DataError(str(path), "holds no customers: an object of JSON each was expected")
    notices.tell("format", "read as JSON" if held is None else f"read as one JSON document: customers are {held[1]}")
    if nested:
        notices.tell("format", "fields of objects in a customer are columns of their own, named object.field")
    for name in lists:
        notices.tell("left out", "left out: lists, a single value was expected", name)
    columns = [name for name in names if name not in lists]
    yield columns
    for record in _records(path) if held is None else held[0]:
        values = dict(_flat(record))
        yield [_text(values.get(name)) for name in columns]


def _document(path: Path) -> tuple[Customers, str] | None:
    """The customers of a file that is one object with all of them in it, and where in it they are."""
    if path.stat().st_size > MAXIMUM_ARRAY:
        return None
    with path.open("rb") as stream:
        if not stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
            return None
        stream.seek(0)
        first = stream.readline().removeprefix(b"\xef\xbb\xbf").strip()
        if first != b"{" and stream.read(64).strip():
            return None  # an object a line
    try:
        return customers_in(msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf")))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # reading line by line says what is wrong


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as stream:
        start = stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    array = start.startswith(b"[")
    for number, record in _elements(path) if array else _lines(path):
        if not isinstance(record, dict):
            where = f"{'element' if array else 'line'} {number}"
            raise DataError(str(path), f"{where} is no object of JSON, a customer was expected")
        yield record


def _elements(path: Path) -> Iterator[tuple[int, Any]]:
    """The elements of an array, numbered from 1."""
    if path.stat().st_size > MAXIMUM_ARRAY:
        raise DataError(
            str(path), "is an array above 1 GiB: write an object a line (JSON lines), e.g. jq -c '.[]' FILE"
        )
    try:
        elements = msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"is not valid JSON ({glimpse(str(error))})") from None
    yield from enumerate(elements, 1)


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    decoder = msgspec.json.Decoder()
    with path.open("rb") as stream:
        for row, line in enumerate(stream, 1):
            text = line.removeprefix(b"\xef\xbb\xbf").strip() if row == 1 else line.strip()
            if text:
                try:
                    yield row, decoder.decode(text)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    if text == b"{":
                        problem = (
                            "begins an object over several lines: an array of customers or one a line was expected"
                        )
                        raise DataError(str(path), f"{problem}, e.g. jq -c '.customers[]' {path.name}") from None
                    raise DataError(str(path), f"line {row} is not valid JSON ({glimpse(str(error))})") from None


def _flat(record: dict[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict) and value and depth < _DEPTH:
            yield from _flat(value, f"{before}{name}.", depth + 1)
        else:
            yield f"{before}{name}", [] if isinstance(value, dict) else value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
