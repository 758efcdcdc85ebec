"""DuckDB behind a few methods: SQL over Parquet, with so much memory, so many threads, and room on disk for the rest.

The only module that knows the vendor. Nothing is ever fetched: extensions are neither installed nor loaded by
themselves. It must not know what is asked.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import duckdb
import pyarrow

from churn_data.errors import DataError, Failure

_LONGEST_PROBLEM = 400
_OF_FILES = (
    duckdb.IOException, duckdb.InvalidInputException, duckdb.HTTPException,
    duckdb.BinderException, duckdb.ConversionException, duckdb.OutOfRangeException,
)  # fmt: skip
"""What is said of files: they cannot be read, lack a column, have one of another kind or a value that no answer has."""


class Unreadable(DataError):
    """Something is wrong with what was read."""


class Limits(NamedTuple):
    """What a database may take: `memory` such as 4GB, beyond which it writes to a temporary folder, and threads."""

    memory: str = "4GB"
    threads: int = 2


class Database:
    """Tables that are gone when the block ends; `called` names in errors what is read."""

    def __init__(self, limits: Limits, called: str) -> None:
        self._limits, self._called = limits, called

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            DataError: the limits are none.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="churn-")  # which no one else can read
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self._limits.memory, "threads": self._limits.threads, "temp_directory": self._folder.name,
            "preserve_insertion_order": False, "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }  # fmt: skip
        try:
            self._connection = duckdb.connect(config=settings)
            self._connection.execute("SET enable_progress_bar = false; SET parquet_metadata_cache = true")
        except duckdb.Error as error:
            self._folder.cleanup()
            raise DataError("--memory, --threads", _first_line(error)) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it and give its room back."""
        self._connection.close()
        self._folder.cleanup()

    def run(self, statement: str) -> None:
        """Do something that answers nothing.

        Raises:
            Unreadable: a file is not what it should be; Failure: it takes more room than there is.
        """
        self._execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of an answer; raises as :meth:`run`."""
        return self._execute(query).fetchall()

    def row(self, query: str) -> tuple[Any, ...]:
        """The one row of an answer; raises as :meth:`run`."""
        (found,) = self.rows(query)
        return found

    def arrays(self, query: str) -> dict[str, Any]:
        """The columns of an answer without NULL, as arrays by name; raises as :meth:`run`."""
        return self._execute(query).fetchnumpy()

    def batches(self, query: str, rows: int) -> Iterator[pyarrow.Table]:
        """An answer in tables of at most so many rows; raises as :meth:`run`."""
        with self._said():
            for batch in self._connection.sql(query).to_arrow_reader(rows):
                yield pyarrow.Table.from_batches([batch])

    def insert(self, name: str, table: pyarrow.Table) -> None:
        """Append to a table, which is made of the first that comes; raises as :meth:`run`."""
        self._connection.register("given_table", table)
        try:
            self._execute(f"CREATE TABLE IF NOT EXISTS {name} AS SELECT * FROM given_table LIMIT 0")
            self._execute(f"INSERT INTO {name} SELECT * FROM given_table")
        finally:
            self._connection.unregister("given_table")

    def _execute(self, statement: str) -> "duckdb.DuckDBPyConnection":
        with self._said():
            return self._connection.execute(statement)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """What goes wrong in the block as an error of ours."""
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            problem = f"needs more room than --memory {self._limits.memory} and the temporary folder have"
            raise Failure(f"{self._called}: {problem} ({_first_line(error)})") from None
        except duckdb.InterruptException:
            raise KeyboardInterrupt from None
        except _OF_FILES as error:
            raise Unreadable(self._called, f"cannot be read ({_first_line(error)})") from None


def parquet(files: Sequence[Path]) -> str:
    """What stands behind FROM for these files, at least one, whose columns may differ."""
    listed = ", ".join(f"'{_literal(file)}'" for file in files)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + value.replace('"', '""') + '"'


def hashed(expression: str) -> str:
    """What tells values of an expression apart, as a whole number that every aggregate takes."""
    return f"(hash({expression}) >> 1)::BIGINT"


def _literal(file: Path) -> str:
    """A path in which no character stands for others."""
    plain = "".join(f"[{letter}]" if letter in "[*?" else letter for letter in str(file))
    return plain.replace("'", "''")


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0][:_LONGEST_PROBLEM]
