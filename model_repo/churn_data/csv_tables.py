"""Reads text files by Arrow, block after block, and names the row of whatever Arrow refuses.

It must not know what columns mean.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path

import pyarrow
import pyarrow.csv

from churn_data.csv_head import CsvHead
from churn_data.csv_quoting import RequotedStream
from churn_data.csv_records import numbered_records
from churn_data.errors import DataError, glimpse
from churn_data.guarded_cells import Guards
from churn_data.notices import Notices
from churn_data.odd_lines import odd_line
from churn_data.text_streams import Utf8Stream
from churn_data.totals import is_note
from churn_model.plurals import counted

BLOCK_BYTES = 4 << 20
MOST_NOTES = 100
"""Rows with another number of fields than the header that may still be notes."""


class CsvRows:
    """The rows of one text file: batches of texts, and the numbers that a spreadsheet shows for them."""

    def __init__(self, path: Path, head: CsvHead, notices: Notices) -> None:
        """`notices` has the name that people know the file by, and is told what is left out."""
        self._path, self._head, self._notices, self._file = path, head, notices, notices.file
        self._reader: pyarrow.csv.CSVStreamingReader | None = None
        self._short = 0
        self._delimiter = head.delimiter if head.delimiter.isascii() else ","  # which Arrow takes alone
        self._guards = Guards(head.header)
        self._stream: Utf8Stream | RequotedStream = (
            Utf8Stream(path, head.encoding, head.skip)
            if head.quoting.usual and head.delimiter.isascii()
            else RequotedStream((record for _, record in self._records()), self._delimiter)
        )

    def close(self) -> None:
        """Close the file."""
        if self._reader is not None:
            self._reader.close()
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
        if self._stream.quotes % 2 or self._short:
            self._refuse_broken_records()

    def _batches(self) -> Iterator[list[pyarrow.Array]]:
        head = self._head
        fields = [str(place) for place in range(head.width)]
        self._reader = reader = pyarrow.csv.open_csv(
            pyarrow.PythonFile(self._stream, mode="r"),
            pyarrow.csv.ReadOptions(column_names=fields, block_size=BLOCK_BYTES),
            pyarrow.csv.ParseOptions(
                delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=self._pass_over
            ),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(fields, pyarrow.string()), strings_can_be_null=False, null_values=[]
            ),
        )
        for batch in reader:
            if head.trailing:
                self._require_nothing_behind(batch.column(head.width - 1))
            columns = [batch.column(place) for place in head.places]
            yield self._guards.off(columns) if self._stream.may_hold_guards else columns
        self._guards.tell(self._notices)

    def _pass_over(self, _: object) -> str:
        """Rows with more or fewer fields are looked at when all others are read: they may be notes below the table."""
        self._short += 1
        return "skip" if self._short < MOST_NOTES else "error"

    def rows(self, start: int, count: int) -> Sequence[int]:
        """The row numbers of `count` customers, the first of whom is number `start` (from 0) of the file."""
        if not self._stream.blank_lines:
            first = self._head.rows + 1 + start
            return range(first, first + count)
        return self._numbers[start : start + count]

    @cached_property
    def _numbers(self) -> list[int]:
        return [row for row, record in self._records() if len(record) == self._head.width]

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """What stands below the header, without lines of blanks."""
        head = self._head
        records = numbered_records(self._path, head.encoding, head.delimiter, head.quoting, self._file)
        below = islice(records, head.records, None)
        return ((row, record) for row, record in below if len(record) > 1 or head.width == 1 or record[0].strip())

    def _require_nothing_behind(self, column: pyarrow.Array) -> None:
        if any(text.strip() for text in column.unique().to_pylist()):
            self._refuse_broken_records()

    def _explain(self, error: Exception) -> None:
        """Find the row that Arrow did not understand; a file that ends behind its header is only empty."""
        if "Empty CSV" in str(error):
            return
        self._refuse_broken_records()
        raise DataError(self._file, f"is not valid CSV ({glimpse(str(error).split(chr(10))[0])})") from None

    def _refuse_broken_records(self) -> None:
        """Name the first row that is broken; notes behind the last customer are left out, and told."""
        notes: dict[int, DataError] = {}
        for row, record in self._records():
            fault = self._fault(record, row)
            if fault is not None and is_note([cell.strip() for cell in record]):
                notes[row] = fault
            elif fault is not None or notes:
                raise next(iter(notes.values()), fault) or self._wrong_size(record, row)
        if notes:
            rows = f"row{'s' * (len(notes) > 1)} {', '.join(map(str, list(notes)[:5]))}"
            self._notices.tell("no customers", f"{rows}: notes below the table, left out")

    def _fault(self, record: Sequence[str], row: int) -> DataError | None:
        head = self._head
        if head.trailing and len(record) == head.width and not record[-1].strip():
            return None
        return self._wrong_size(record, row) if len(record) != self._expected or head.trailing else None

    @property
    def _expected(self) -> int:
        return self._head.width - self._head.trailing

    def _wrong_size(self, record: Sequence[str], row: int) -> DataError:
        odd = odd_line(record)
        if odd:
            return DataError(self._file, odd, row=row)
        return DataError(self._file, f"{counted(len(record), 'field')} where the header has {self._expected}", row=row)
