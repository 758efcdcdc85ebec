"""Reads Parquet files batch by batch as texts, so that one set of rules decides what cells mean.

It must not know what columns mean.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from churn_data.errors import DataError, glimpse


class ParquetRows:
    """The rows of one Parquet file, numbered as if the header were row 1."""

    def __init__(self, path: Path, chunk_rows: int, row_group: int | None = None) -> None:
        """Open a file, or one of its row groups, whose rows keep the numbers that they have in the file.

        Raises:
            DataError: it is no Parquet file.
        """
        self._file, self._chunk_rows = str(path), chunk_rows
        try:
            self._parquet = pyarrow.parquet.ParquetFile(path)
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(self._file, f"is not a Parquet file ({_first_line(error)})") from None
        self._groups = list(range(self._parquet.num_row_groups)) if row_group is None else [row_group]
        self.begins = not self._groups or self._groups[0] == 0
        self.ends = not self._groups or self._groups[-1] == self._parquet.num_row_groups - 1
        self._before = sum(self._rows_of(range(self._groups[0]))) if self._groups else 0

    def _rows_of(self, groups: Iterable[int]) -> list[int]:
        return [self._parquet.metadata.row_group(group).num_rows for group in groups]

    @property
    def names(self) -> list[str]:
        """The columns."""
        names: list[str] = self._parquet.schema_arrow.names
        return names

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
        row = 2 if whole else self._before + 2
        groups = list(range(self._parquet.num_row_groups)) if whole else self._groups
        try:
            for batch in self._parquet.iter_batches(batch_size=self._chunk_rows, row_groups=groups):
                yield [self._as_text(column, name, row) for name, column in zip(header, batch.columns, strict=True)]
                row += batch.num_rows
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(self._file, f"is a broken Parquet file ({_first_line(error)})", row=row) from None

    def rows(self, start: int, count: int) -> Sequence[int]:
        """The row numbers of `count` customers, the first of whom is number `start` (from 0) of what is read."""
        first = self._before + start + 2
        return range(first, first + count)

    def _as_text(self, column: pyarrow.Array, name: str, row: int) -> pyarrow.Array:
        """The values of a column, the first of which is in `row`, as texts."""
        try:
            if pyarrow.types.is_dictionary(column.type):
                column = column.dictionary_decode()
            texts = column.cast(pyarrow.string())
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


def _first_line(error: BaseException) -> str:
    return glimpse(str(error).split("\n")[0])
