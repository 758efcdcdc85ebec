"""Brings the schema of MLflow's database to that of the MLflow that is installed, before its server starts: a server
refuses a schema whose columns are others, and changes one that lacks tables without a copy. It knows no server, and of
the database only what MLflow's own command does."""

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import sqlalchemy

from churn_data.errors import DataError

VARIABLE = "CHURN_RUN_DATABASE"


def upgrade(say: Callable[[str], None], environment: Mapping[str, str] = os.environ) -> None:
    """Upgrade the database at the address in :data:`VARIABLE`; one that does not exist yet is left to the server. Of a
    file of SQLite whose schema changes a copy stays beside it, named by the version that it had; others are backed up
    by whoever runs them.

    Raises:
        DataError: there is no address, no driver for it, or the database cannot be upgraded. The text names neither
            user nor password.
    """
    try:
        address = sqlalchemy.make_url(environment.get(VARIABLE, ""))
    except sqlalchemy.exc.ArgumentError:
        raise DataError(VARIABLE, "is not the address of a database, as postgresql://user:password@host/name") from None
    if address.get_backend_name() == "sqlite":
        _upgrade_file(Path(address.database or ""), address, say)
    else:
        _run(address)
        say(f"{_place(address)}: the schema is that of this MLflow")


def _upgrade_file(file: Path, address: sqlalchemy.URL, say: Callable[[str], None]) -> None:
    if not file.is_file():
        say(f"{file}: there is none yet; the server makes it")
        return
    before = _version(file)
    copy = file.with_name(f"{file.name}.before-{before}")
    kept = copy.exists()
    if not kept:
        _copy(file, copy)
    _run(address)
    if _version(file) == before:
        if not kept:
            copy.unlink()
        say(f"{file}: the schema is that of this MLflow")
    else:
        say(f"{file}: the schema went from {before} to {_version(file)}; as it was it lies in {copy}")


def _version(file: Path) -> str:
    """The version of a schema, as its migrations write it down; ``unknown`` where none did."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError):
        return "unknown"
    return str(version)


def _copy(file: Path, copy: Path) -> None:
    """All or nothing of it under its name: a pod may be killed meanwhile."""
    unfinished = copy.with_name(f"{copy.name}.unfinished")
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as target:
            source.backup(target)
        unfinished.replace(copy)
    except (sqlite3.Error, OSError) as error:
        unfinished.unlink(missing_ok=True)
        raise DataError(VARIABLE, f"{file} cannot be copied before its schema changes: {error}") from error


def _run(address: sqlalchemy.URL) -> None:
    """`mlflow db upgrade` in this process, since arguments of a process can be read by others."""
    try:
        address.get_dialect().import_dbapi()
    except (ModuleNotFoundError, sqlalchemy.exc.NoSuchModuleError) as error:
        reason = f"{address.drivername}:// has no driver here; there are postgresql:// and mysql+pymysql://"
        raise DataError(VARIABLE, reason) from error

    from mlflow.db import commands
    from mlflow.exceptions import MlflowException
    from mlflow.store.db.utils import create_sqlalchemy_engine

    text = address.render_as_string(hide_password=False)
    try:
        # MLflow would try for minutes, and say each time why in the driver's words; the pod is started again anyway.
        engine = create_sqlalchemy_engine(text)  # type: ignore[no-untyped-call] # MLflow types few of its parts
        sqlalchemy.inspect(engine)
        engine.dispose()
        commands.main(["upgrade", text], standalone_mode=False)
    except sqlalchemy.exc.SQLAlchemyError as error:
        # The driver's own words may hold the whole address.
        reason = f"{_place(address)} cannot be reached, or not be upgraded ({type(error).__name__})"
        raise DataError(VARIABLE, reason) from error
    except MlflowException as error:
        raise DataError(VARIABLE, f"{_place(address)} cannot be upgraded ({error.error_code})") from error


def _place(address: sqlalchemy.URL) -> str:
    """Where it is, without who asks."""
    host = address.host or ""
    return f"{host}:{address.port}/{address.database}" if address.port else f"{host}/{address.database}"
