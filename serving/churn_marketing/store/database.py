"""DuckDB behind a few methods: files of prepared scores, written once by one process and then only read.

The only module of this package that knows the vendor. Nothing is ever fetched: extensions are neither installed nor
loaded by themselves.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow

from churn_marketing.errors import BatchError

_LONGEST_PROBLEM = 200
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "enable_external_access": True,
    "preserve_insertion_order": True,
}


class Prepared:
    """A database that is only read; one connection for the process and a cursor of it a question, so that threads do
    not wait for each other."""

    def __init__(self, path: Path, memory: str = "512MB", threads: int = 2) -> None:
        """Open it.

        Raises:
            BatchError: it cannot be read.
        """
        settings = {**_SETTINGS, "memory_limit": memory, "threads": threads, "enable_external_access": False}
        with _said(path):
            self._connection = duckdb.connect(str(path), read_only=True, config=settings)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """All rows of an answer, by column."""
        with self._connection.cursor() as cursor:
            cursor.execute(query, list(values))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def row(self, query: str, values: Sequence[Any] = ()) -> dict[str, Any] | None:
        """The first row of an answer."""
        found = self.rows(query, values)
        return found[0] if found else None

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()


class Preparing:
    """A new database on its way, in a block."""

    def __init__(self, path: Path, memory: str, threads: int, name: str) -> None:
        self._path, self._name = path, name
        self._settings = {**_SETTINGS, "memory_limit": memory, "threads": threads}

    def __enter__(self) -> Self:
        """Open it; raises :class:`BatchError` if it cannot be written."""
        with _said(self._name):
            self._connection = duckdb.connect(str(self._path), config=self._settings)
        return self

    def __exit__(self, *_: object) -> None:
        """Write all of it and close."""
        self._connection.close()

    def run(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Do something that answers nothing; raises :class:`BatchError`."""
        with _said(self._name):
            self._connection.execute(statement, list(values))

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of an answer; raises :class:`BatchError`."""
        with _said(self._name):
            return self._connection.execute(query, list(values)).fetchall()

    def table(self, query: str) -> pyarrow.Table:
        """An answer, by column; raises :class:`BatchError`."""
        with _said(self._name):
            return self._connection.sql(query).to_arrow_table()

    def append(self, table: str, content: pyarrow.Table) -> None:
        """Append to a table of this connection, made of the first rows that come; raises :class:`BatchError`."""
        with _said(self._name):
            self._connection.register("given_rows", content)
            empty = "SELECT * FROM given_rows LIMIT 0"
            self._connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} AS {empty}")
            self._connection.execute(f"INSERT INTO {table} SELECT * FROM given_rows")
            self._connection.unregister("given_rows")

    def keep(self, name: str, content: Mapping[str, Any]) -> None:
        """Keep a document under a name in the table ``facts``."""
        self.run("CREATE TABLE IF NOT EXISTS facts (name VARCHAR, content VARCHAR)")
        self.run("INSERT INTO facts VALUES (?, ?)", [name, json.dumps(content)])


def table_of(files: Sequence[Path]) -> str:
    """What stands behind FROM for files of answers, Parquet or CSV, every cell of CSV as text."""
    listed = ", ".join(f"'{_literal(file)}'" for file in files)
    if files[0].suffix == ".csv":
        return f"read_csv([{listed}], header = true, all_varchar = true, delim = ',', quote = '\"', strict_mode = true)"
    return f"read_parquet([{listed}], hive_partitioning = false)"


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


@contextmanager
def _said(place: object) -> Iterator[None]:
    """What goes wrong in the block as an error of ours, without the cells that the vendor likes to quote."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise BatchError(f"{place}: needs more memory than it may have") from error
    except duckdb.Error as error:
        kind = type(error).__name__.removesuffix("Exception").removesuffix("Error")
        raise BatchError(f"{place}: cannot be read as a table of answers ({kind})") from error


def _literal(file: Path) -> str:
    """A path in which no character stands for others."""
    plain = "".join(f"[{letter}]" if letter in "[*?" else letter for letter in str(file))
    return plain.replace("'", "''")
