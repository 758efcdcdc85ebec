"""MLflow's database follows the MLflow that is installed: by the program that the chart runs before the server."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from mlflow.store.db import utils
from mlflow.store.tracking.dbmodels.initial_models import Base


def run(address: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "churn_cli.programs.run_database"],
        env={**os.environ, "CHURN_RUN_DATABASE": address},
        capture_output=True,
        text=True,
        check=False,
    )


def served(file: Path) -> str:
    """What a server's store says that opens it; nothing if it does."""
    program = (
        "import sys; from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Store; Store(*sys.argv[1:])"
    )
    command = [sys.executable, "-c", program, f"sqlite:///{file}", str(file.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def version(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def names(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM experiments")}


def migrations(address: str) -> Config:
    configuration: Config = utils._get_alembic_config(address)  # type: ignore[no-untyped-call]
    return configuration


def head() -> str:
    """The version of the MLflow that is installed."""
    return str(ScriptDirectory.from_config(migrations("sqlite://")).get_current_head())


@pytest.fixture
def old(tmp_path: Path) -> tuple[Path, str]:
    """A database as MLflow made it three migrations ago, with an experiment in it."""
    file = tmp_path / "mlflow.db"
    engine = sqlalchemy.create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    configuration = migrations(f"sqlite:///{file}")
    before = [each.revision for each in ScriptDirectory.from_config(configuration).walk_revisions()][3]
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        alembic.command.upgrade(configuration, before)
        connection.execute(
            sqlalchemy.text(
                "INSERT INTO experiments (experiment_id, name, lifecycle_stage) VALUES (7, 'kept', 'active')"
            )
        )
    engine.dispose()
    return file, before


def test_an_old_database_is_upgraded_once_and_kept_as_it_was_beside_it(old: tuple[Path, str]) -> None:
    file, before = old
    done = run(f"sqlite:///{file}")
    assert done.returncode == 0, done.stderr
    assert f"from {before} to {version(file)}" in done.stderr
    assert version(file) == head() != before
    assert not served(file)
    assert "kept" in names(file)
    copy = file.with_name(f"mlflow.db.before-{before}")
    assert (version(copy), names(copy)) == (before, {"kept"})
    content = file.read_bytes()
    again = run(f"sqlite:///{file}")
    assert again.returncode == 0, again.stderr
    assert file.read_bytes() == content
    assert sorted(path.name for path in file.parent.glob("*.db*")) == [file.name, copy.name]


def test_a_database_that_is_not_there_is_left_to_the_server(tmp_path: Path) -> None:
    done = run(f"sqlite:///{tmp_path}/mlflow.db")
    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "is not the address of a database"),
        ("somewhere", "is not the address of a database"),
        ("mysql://mlflow:hidden-word@127.0.0.1/runs", "mysql+pymysql://"),
        ("oracle://mlflow:hidden-word@127.0.0.1/runs", "has no driver here"),
        ("postgresql://mlflow:hidden-word@127.0.0.1:1/runs", "127.0.0.1:1/runs cannot be reached"),
        ("mysql+pymysql://mlflow:hidden-word@127.0.0.1:1/runs", "127.0.0.1:1/runs cannot be reached"),
    ],
)
def test_what_cannot_be_used_is_named_without_its_password(address: str, reason: str) -> None:
    done = run(address)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 2, done.stderr
    assert last.startswith("churn: CHURN_RUN_DATABASE")
    assert reason in last
    assert "hidden-word" not in done.stderr + done.stdout
