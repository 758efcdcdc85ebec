"""Writes many rows as CSV or Parquet from Arrow's columns, part by part; a file appears whole or not at all.

CSV is what Python's own writer makes of the same values, joined in C. It must not know what is in the columns.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from churn_data.formulas import FIRST, FormulaCount
from churn_data.readable_files import is_parquet
from churn_data.written_files import Columns, require_ending, whole_file

TYPES = {"text": pyarrow.string(), "number": pyarrow.float64(), "whole number": pyarrow.int64()}
_WRITTEN = ("", ".csv", ".parquet", ".pq")
_LIKE_FORMULAS = f"^[{re.escape(''.join(FIRST))}]"
_NEEDS_QUOTES = re.compile(r'[",\r\n]')
Write = Callable[[Sequence[pyarrow.Array]], None]


def require_table_name(path: Path) -> None:
    """Return if a path does not promise a format that is never written.

    Raises:
        DataError: it does.
    """
    require_ending(path, _WRITTEN)


@contextmanager
def arrow_file(path: Path, columns: Columns) -> Iterator[Write]:
    """What appends rows, given as arrays in the order of the columns, to a new file in the block.

    Raises:
        DataError: the folder is not there or cannot be written to, or the path promises another format.
    """
    require_table_name(path)
    schema = pyarrow.schema([(name, TYPES[kind]) for name, kind in columns])
    with whole_file(path) as temporary:
        if is_parquet(path):
            with pyarrow.parquet.ParquetWriter(str(temporary), schema) as writer:
                yield lambda arrays: writer.write_table(pyarrow.table(list(map(_plain, arrays)), schema=schema))
        else:
            with temporary.open("wb") as stream:
                stream.write(",".join(map(quoted, schema.names)).encode() + b"\n")
                formulas = FormulaCount()
                yield lambda arrays: _write_lines(stream, arrays, formulas)
                formulas.tell(path)


def quoted(text: str) -> str:
    """A text as CSV holds it."""
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _NEEDS_QUOTES.search(text) else text


def _write_lines(stream: Any, arrays: Sequence[pyarrow.Array], formulas: FormulaCount) -> None:
    if not len(arrays[0]):
        return
    for array in arrays:
        _count_formulas(array, formulas)
    cells = [_as_cells(array) for array in arrays]
    if len(cells) == 1:  # or nothing would be a blank line, which is no row
        cells = [pyarrow.compute.if_else(pyarrow.compute.equal(cells[0].fill_null(""), ""), '""', cells[0])]
    lines = pyarrow.compute.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    ended = pyarrow.compute.binary_join_element_wise(lines, "", "\n")
    stream.write(ended.buffers()[2])


def _plain(array: pyarrow.Array) -> pyarrow.Array:
    """The values themselves of an array of places in a dictionary."""
    return array.dictionary_decode() if pyarrow.types.is_dictionary(array.type) else array


def _count_formulas(array: pyarrow.Array, formulas: FormulaCount) -> None:
    texts = array.dictionary if pyarrow.types.is_dictionary(array.type) else array
    if not pyarrow.types.is_string(texts.type):
        return
    alike = pyarrow.compute.match_substring_regex(texts, _LIKE_FORMULAS)
    if texts is not array and pyarrow.compute.any(alike).as_py():
        texts = array.dictionary_decode()
        alike = pyarrow.compute.match_substring_regex(texts, _LIKE_FORMULAS)
    formulas.add(texts.filter(alike).to_pylist())


def _as_cells(array: pyarrow.Array) -> pyarrow.Array:
    if pyarrow.types.is_dictionary(array.type):
        return _as_cells(array.dictionary).take(array.indices)
    if pyarrow.types.is_floating(array.type):
        return _number_cells(array)
    if pyarrow.types.is_integer(array.type):
        return array.cast(pyarrow.string())
    if pyarrow.compute.any(pyarrow.compute.match_substring_regex(array, _NEEDS_QUOTES.pattern)).as_py():
        distinct = array.dictionary_encode()
        cells = pyarrow.array([quoted(text) for text in distinct.dictionary.to_pylist()], pyarrow.string())
        return cells.take(distinct.indices)
    return array


def _number_cells(array: pyarrow.Array) -> pyarrow.Array:
    """The shortest texts that mean the same numbers, none for NaN."""
    texts = array.cast(pyarrow.string())
    nothing = pyarrow.scalar(None, pyarrow.string())
    if not pyarrow.compute.any(pyarrow.compute.equal(array, pyarrow.compute.trunc(array))).as_py():
        return pyarrow.compute.if_else(pyarrow.compute.is_nan(array), nothing, texts)
    whole = pyarrow.compute.invert(pyarrow.compute.match_substring_regex(texts, "[.en]"))
    texts = pyarrow.compute.if_else(whole, pyarrow.compute.binary_join_element_wise(texts, "0", "."), texts)
    return pyarrow.compute.if_else(pyarrow.compute.is_nan(array), nothing, texts)
