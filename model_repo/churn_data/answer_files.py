"""Writes the answers of a batch as CSV or Parquet; the file appears whole or not at all.

It must not know how answers come about.
"""

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from churn_data.errors import DataError
from churn_data.tables import is_parquet


class Answers(NamedTuple):
    """Answers by column, one entry a customer; the field names are the columns of the file."""

    id: Sequence[str]
    churn_probability: Sequence[float]
    risk: Sequence[str]
    segment: Sequence[int]
    segment_name: Sequence[str]
    action: Sequence[str]
    action_name: Sequence[str]
    expected_value: Sequence[float]
    cost: Sequence[float]


class Writer(Protocol):
    """Takes answers chunk by chunk."""

    def write(self, answers: Answers) -> None:
        """Append answers."""

    def close(self) -> None:
        """Finish the file."""


@contextmanager
def answer_file(path: Path) -> Iterator[Writer]:
    """A writer for the block, Parquet by the path's ending, else CSV. If the block fails nothing is left behind and a
    file that was there before is untouched.

    Raises:
        DataError: the folder is not there or cannot be written to.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        writer: Writer = _ParquetAnswers(temporary) if is_parquet(path) else _CsvAnswers(temporary)
        try:
            yield writer
        finally:
            writer.close()
        temporary.replace(path)
    except OSError as error:
        raise DataError(str(path), f"cannot be written ({error.strerror or error})") from None
    finally:
        temporary.unlink(missing_ok=True)


class _CsvAnswers:
    def __init__(self, path: Path) -> None:
        self._stream = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream, lineterminator="\n")
        self._writer.writerow(Answers._fields)

    def write(self, answers: Answers) -> None:
        self._writer.writerows(zip(*answers, strict=True))

    def close(self) -> None:
        self._stream.close()


class _ParquetAnswers:
    def __init__(self, path: Path) -> None:
        import pyarrow
        import pyarrow.parquet

        kinds: dict[str, Any] = {
            "churn_probability": pyarrow.float64(),
            "segment": pyarrow.int64(),
            "expected_value": pyarrow.float64(),
            "cost": pyarrow.float64(),
        }
        self._schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in Answers._fields])
        self._table = pyarrow.table
        self._writer = pyarrow.parquet.ParquetWriter(str(path), self._schema)

    def write(self, answers: Answers) -> None:
        self._writer.write_table(self._table(answers._asdict(), schema=self._schema))

    def close(self) -> None:
        self._writer.close()
