"""Reads Parquet files batch by batch as texts, so that one set of rules decides what cells mean.

It must not know what columns mean.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow
import pyarrow.parquet

from churn_data.errors import DataError, glimpse


class ParquetRows:
    """The rows of one Parquet file, numbered as if the header were row 1."""

    def __init__(self, path: Path, chunk_rows: int) -> None:
        """Open a file.

        Raises:
            DataError: it is no Parquet file.
        """
        self._file, self._chunk_rows = str(path), chunk_rows
        try:
            self._parquet = pyarrow.parquet.ParquetFile(path)
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(self._file, f"is not a Parquet file ({_first_line(error)})") from None

    @property
    def names(self) -> list[str]:
        """The columns."""
        names: list[str] = self._parquet.schema_arrow.names
        return names

    @property
    def count(self) -> int:
        """How many rows there are."""
        count: int = self._parquet.metadata.num_rows
        return count

    def close(self) -> None:
        """Close the file."""
        self._parquet.close()

    def batches(self, header: Sequence[str]) -> Iterator[list[pyarrow.Array]]:
        """Columns of texts, null for missing.

        Raises:
            DataError: a row that is broken, or a column that holds no single values.
        """
        row = 2
        try:
            for batch in self._parquet.iter_batches(batch_size=self._chunk_rows):
                yield [self._as_text(column, name) for name, column in zip(header, batch.columns, strict=True)]
                row += batch.num_rows
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(self._file, f"is a broken Parquet file ({_first_line(error)})", row=row) from None

    def rows(self, start: int, count: int) -> Sequence[int]:
        """The row numbers of `count` customers, the first of whom is number `start` (from 0) of the file."""
        return range(start + 2, start + 2 + count)

    def _as_text(self, column: pyarrow.Array, name: str) -> pyarrow.Array:
        try:
            if pyarrow.types.is_dictionary(column.type):
                column = column.dictionary_decode()
            return column.cast(pyarrow.string())
        except pyarrow.ArrowException:
            problem = f"holds {glimpse(str(column.type))}, text, numbers or dates were expected"
            raise DataError(self._file, problem, column=name) from None


def _first_line(error: BaseException) -> str:
    return glimpse(str(error).split("\n")[0])
