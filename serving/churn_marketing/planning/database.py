"""Plans in one SQLite file: what is written is on disk when it is confirmed, whole or not at all.

The only module of planning that opens the file. Several threads and the process that works things out use it at once.
It must not know what plans mean.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS plans (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, fields TEXT NOT NULL, salt TEXT NOT NULL, version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('draft', 'frozen', 'closed')),
  made_by TEXT NOT NULL, made_at REAL NOT NULL, changed_by TEXT NOT NULL, changed_at REAL NOT NULL,
  frozen_by TEXT, frozen_at REAL, ends_on TEXT, folder TEXT, document TEXT, exported_at REAL
);
CREATE TABLE IF NOT EXISTS members (
  customer TEXT PRIMARY KEY, plan TEXT NOT NULL REFERENCES plans (id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS members_of_plan ON members (plan);
CREATE TABLE IF NOT EXISTS events (
  plan TEXT NOT NULL, at REAL NOT NULL, person TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_plan ON events (plan, at);
CREATE TABLE IF NOT EXISTS looks (
  plan TEXT NOT NULL, digest TEXT NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL, person TEXT NOT NULL,
  document TEXT NOT NULL, PRIMARY KEY (plan, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wishes (
  customer TEXT PRIMARY KEY, at REAL NOT NULL, person TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS freezes (
  plan TEXT PRIMARY KEY, attempt TEXT NOT NULL, person TEXT NOT NULL, begun_at REAL NOT NULL, step INTEGER NOT NULL,
  share REAL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS epoch (number INTEGER NOT NULL);
INSERT INTO epoch SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM epoch);
"""
_WAIT_SECONDS = 30.0
_FULL = 2  # synchronous: the log is on disk before a transaction counts as done


class PlanDatabase:
    """One file; a connection a block."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._connected() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
            if not any(column["name"] == "share" for column in connection.execute("PRAGMA table_info (freezes)")):
                connection.execute("ALTER TABLE freezes ADD COLUMN share REAL")  # one of an older app
        path.chmod(0o600)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of everything in the block."""
        with self._connected() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody writes beside; all of the block happens, or nothing of it."""
        with self._connected() as connection:
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:  # Whatever ends the block, Ctrl-C too: half of it must not stay.
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA synchronous = {_FULL}")
            yield connection
