"""Reads Parquet files batch by batch as texts, so that one set of rules decides what cells mean.

It must not know what columns mean.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from churn_data.errors import DataError, glimpse
from churn_data.guarded_cells import Guards
from churn_data.notices import Notices


class ParquetRows:
    """The rows of one Parquet file, numbered as if the header were row 1."""

    def __init__(self, path: Path, chunk_rows: int, row_group: int | None, notices: Notices) -> None:
        """Open a file, or one of its row groups, whose rows keep the numbers that they have in the file.

        Raises:
            DataError: it is no Parquet file.
        """
        self._file, self._chunk_rows, self._notices = str(path), chunk_rows, notices
        try:
            self._parquet = pyarrow.parquet.ParquetFile(path)
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(self._file, _not_opened(path, error)) from None
        self.names = self._single_values(notices)
        self._groups = list(range(self._parquet.num_row_groups)) if row_group is None else [row_group]
        self.begins = not self._groups or self._groups[0] == 0
        self.ends = not self._groups or self._groups[-1] == self._parquet.num_row_groups - 1
        self.before = sum(self._rows_of(range(self._groups[0]))) if self._groups else 0

    def _rows_of(self, groups: Iterable[int]) -> list[int]:
        return [self._parquet.metadata.row_group(group).num_rows for group in groups]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(self._rows_of(self._groups))

    def close(self) -> None:
        """Close the file."""
        self._parquet.close()

    def batches(self, header: Sequence[str], *, whole: bool = False) -> Iterator[list[pyarrow.Array]]:
        """Columns of texts, null for missing; of the `whole` file or of the row group that is read.

        Raises:
            DataError: a row that is broken, or a column that holds no single values.
        """
        guards = Guards(header)
        row = 2 if whole else self.before + 2
        groups = list(range(self._parquet.num_row_groups)) if whole else self._groups
        try:
            for batch in self._parquet.iter_batches(batch_size=self._chunk_rows, row_groups=groups):
                columns = _flat(pyarrow.Table.from_batches([batch])) if self._nested else batch
                yield guards.off(
                    [
                        self._as_text(columns.column(kept), name, row)
                        for kept, name in zip(self.names, header, strict=True)
                    ]
                )
                row += batch.num_rows
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(self._file, f"is a broken Parquet file ({_first_line(error)})", row=row) from None
        if not whole:
            guards.tell(self._notices)

    def rows(self, start: int, count: int) -> Sequence[int]:
        """The row numbers of `count` customers, the first of whom is number `start` (from 0) of what is read."""
        first = self.before + start + 2
        return range(first, first + count)

    def _single_values(self, notices: Notices) -> list[str]:
        """The columns, those of an object in a column by their own names; what holds no single values is left out."""
        schema = self._parquet.schema_arrow
        self._nested = any(map(pyarrow.types.is_struct, schema.types))
        if self._nested:
            notices.tell("format", "fields of objects in a column are columns of their own, named object.field")
            schema = _flat(schema.empty_table()).schema
        single = [field for field in schema if _has_text(field.type) and not self._has_bytes(field)]
        for field in schema:
            if field not in single:
                problem = f"left out: holds {glimpse(str(field.type))}, a single value was expected"
                notices.tell("left out", problem, field.name)
        return [field.name for field in single]

    def _has_bytes(self, field: pyarrow.Field) -> bool:
        """Whether a column holds bytes; some programs call their texts so."""
        if not (pyarrow.types.is_binary(field.type) or pyarrow.types.is_large_binary(field.type)):
            return False
        try:
            for batch in self._parquet.iter_batches(batch_size=1000, columns=[field.name]):
                _flat(pyarrow.Table.from_batches([batch])).column(0).cast(pyarrow.string())
                break
        except (pyarrow.ArrowException, OSError):
            return True
        return False

    def _as_text(self, column: pyarrow.Array, name: str, row: int) -> pyarrow.Array:
        """The values of a column, the first of which is in `row`, as texts."""
        try:
            texts = _texts(column)
        except pyarrow.ArrowException:
            problem = f"holds {glimpse(str(column.type))}, text, numbers or dates were expected"
            raise DataError(self._file, problem, column=name) from None
        if pyarrow.types.is_temporal(column.type):
            self._require_calendar(texts, name, row)
        return texts

    def _require_calendar(self, texts: pyarrow.Array, name: str, row: int) -> None:
        """Arrow writes a remark for a date that no calendar has, which is not to become a level."""
        place = pyarrow.compute.index(pyarrow.compute.starts_with(texts, "<value out of range"), True).as_py()
        if place >= 0:
            problem = "holds a date or time out of range, the years 1 to 9999 were expected"
            raise DataError(self._file, problem, column=name, row=row + place)


def _flat(table: pyarrow.Table) -> pyarrow.Table:
    while any(map(pyarrow.types.is_struct, table.schema.types)):
        table = table.flatten()
    return table.combine_chunks()


def _texts(column: pyarrow.Array | pyarrow.ChunkedArray) -> pyarrow.Array:
    if isinstance(column, pyarrow.ChunkedArray):
        column = column.combine_chunks()
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_duration(column.type):
        return _seconds(column).cast(pyarrow.string())
    if pyarrow.types.is_float32(column.type) or pyarrow.types.is_float16(column.type):
        # Their shortest texts are other doubles than the numbers that they are for every other reader.
        column = column.cast(pyarrow.float64())
    return column.cast(pyarrow.string())


def _seconds(column: pyarrow.Array) -> pyarrow.Array:
    """Lengths of time in seconds, whatever a file counts them in."""
    parts = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[column.type.unit]
    return pyarrow.compute.divide(column.cast(pyarrow.int64()).cast(pyarrow.float64(), safe=False), parts)


def _has_text(kind: pyarrow.DataType) -> bool:
    """Whether values of this type can be written as texts, one each."""
    try:
        _texts(pyarrow.nulls(1, kind))
    except pyarrow.ArrowException:
        return False
    return not pyarrow.types.is_nested(kind)


def _not_opened(path: Path, error: BaseException) -> str:
    with path.open("rb") as stream:
        stream.seek(-min(4, path.stat().st_size), 2)
        ended = stream.read()
    if "encrypt" in str(error).lower():
        return "is encrypted Parquet: write it without encryption"
    if ended != b"PAR1":
        return "begins as Parquet and has no end, it was cut off: copy it once more"
    return f"is not a Parquet file ({_first_line(error)})"


def _first_line(error: BaseException) -> str:
    return glimpse(str(error).split("\n")[0])
