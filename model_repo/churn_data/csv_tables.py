"""Reads text files by Arrow, block after block, and names the row of whatever Arrow refuses.

It must not know what columns mean.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import pyarrow
import pyarrow.csv

from churn_data.csv_head import CsvHead
from churn_data.csv_records import numbered_records
from churn_data.errors import DataError, glimpse
from churn_data.text_streams import Utf8Stream

BLOCK_BYTES = 4 << 20


class CsvRows:
    """The rows of one text file: batches of texts, and the numbers that a spreadsheet shows for them."""

    def __init__(self, path: Path, head: CsvHead) -> None:
        self._path, self._head = path, head
        self._stream = Utf8Stream(path, head.encoding, head.skip)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def batches(self) -> Iterator[list[pyarrow.Array]]:
        """Columns of texts, an empty one for an empty field, in the header's order.

        Raises:
            DataError: a row that is broken.
        """
        try:
            yield from self._batches()
        except (pyarrow.ArrowException, OSError) as error:
            self._explain(error)
        if self._stream.quotes % 2:
            self._refuse_broken_records()

    def _batches(self) -> Iterator[list[pyarrow.Array]]:
        head = self._head
        fields = [str(place) for place in range(head.width)]
        reader = pyarrow.csv.open_csv(
            pyarrow.PythonFile(self._stream, mode="r"),
            pyarrow.csv.ReadOptions(column_names=fields, block_size=BLOCK_BYTES),
            pyarrow.csv.ParseOptions(delimiter=head.delimiter, newlines_in_values=True),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(fields, pyarrow.string()), strings_can_be_null=False, null_values=[]
            ),
        )
        for batch in reader:
            if head.trailing:
                self._require_nothing_behind(batch.column(head.width - 1))
            yield [batch.column(place) for place in head.places]

    def rows(self, start: int, count: int) -> Sequence[int]:
        """The row numbers of `count` customers, the first of whom is number `start` (from 0) of the file."""
        if not self._stream.blank_lines:
            first = self._head.records + 1 + start
            return range(first, first + count)
        return self._numbers[start : start + count]

    @cached_property
    def _numbers(self) -> list[int]:
        records = numbered_records(self._path, self._head.encoding, self._head.delimiter)
        return [row for row, _ in records][self._head.records :]

    def _require_nothing_behind(self, column: pyarrow.Array) -> None:
        if any(text.strip() for text in column.unique().to_pylist()):
            self._refuse_broken_records()

    def _explain(self, error: Exception) -> None:
        """Find the row that Arrow did not understand; a file that ends behind its header is only empty."""
        if "Empty CSV" in str(error):
            return
        self._refuse_broken_records()
        raise DataError(str(self._path), f"is not valid CSV ({glimpse(str(error).split(chr(10))[0])})") from None

    def _refuse_broken_records(self) -> None:
        head, file = self._head, str(self._path)
        expected = len(head.header) if len(head.header) == head.width else head.width - head.trailing
        for number, (row, record) in enumerate(numbered_records(self._path, head.encoding, head.delimiter)):
            if number < head.records:
                continue
            if head.trailing and len(record) == head.width and not record[-1].strip():
                continue
            if len(record) != expected or head.trailing:
                many = f"{len(record)} field{'' if len(record) == 1 else 's'}"
                raise DataError(file, f"{many} where the header has {expected}", row=row)
