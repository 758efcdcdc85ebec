"""MLflow's database follows the MLflow that is installed: by the program that the chart runs before the server."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from mlflow.store.db import utils
from mlflow.store.tracking.dbmodels.initial_models import Base

from churn_cli.programs.run_database import main


def run(address: str) -> subprocess.CompletedProcess[str]:
    """By the program, as a pod does."""
    return subprocess.run(
        [sys.executable, "-m", "churn_cli.programs.run_database"],
        env={**os.environ, "CHURN_RUN_DATABASE": address},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[[str], tuple[int, str]]:
    """The same in this process, which has loaded MLflow: its exit code and all that it said."""

    def run(address: str) -> tuple[int, str]:
        monkeypatch.setenv("CHURN_RUN_DATABASE", address)
        code = main([])
        return code, "".join(capfd.readouterr())

    return run


def open_as_a_server(file: Path) -> None:
    """Fails as a server would that opens it."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # warns when it is loaded, so not here first

    SqlAlchemyStore(f"sqlite:///{file}", str(file.parent)).engine.dispose()  # type: ignore[no-untyped-call]


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


def test_an_old_database_is_upgraded_once_and_kept_as_it_was_beside_it(
    old: tuple[Path, str], run_here: Callable[[str], tuple[int, str]]
) -> None:
    file, before = old
    done = run(f"sqlite:///{file}")
    assert done.returncode == 0, done.stderr
    assert f"from {before} to {version(file)}" in done.stderr
    assert version(file) == head() != before
    open_as_a_server(file)
    assert "kept" in names(file)
    copy = file.with_name(f"mlflow.db.before-{before}")
    assert (version(copy), names(copy)) == (before, {"kept"})
    content = file.read_bytes()
    code, said = run_here(f"sqlite:///{file}")
    assert (code, said.splitlines()[-1]) == (0, f"{file}: the schema is that of this MLflow")
    assert file.read_bytes() == content
    assert sorted(path.name for path in file.parent.glob("*.db*")) == [file.name, copy.name]


def test_a_database_that_is_not_there_is_left_to_the_server(
    tmp_path: Path, run_here: Callable[[str], tuple[int, str]]
) -> None:
    assert run_here(f"sqlite:///{tmp_path}/mlflow.db")[0] == 0
    assert list(tmp_path.iterdir()) == []


def named_without_its_password(code: int, said: str, reason: str) -> bool:
    last = said.splitlines()[-1]
    return code == 2 and last.startswith("churn: CHURN_RUN_DATABASE") and reason in last and "hidden-word" not in said


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "is not the address of a database"),
        ("somewhere", "is not the address of a database"),
        ("mysql://mlflow:hidden-word@127.0.0.1/runs", "mysql+pymysql://"),
        ("oracle://mlflow:hidden-word@127.0.0.1/runs", "has no driver here"),
    ],
)
def test_what_cannot_be_an_address_is_named_without_its_password(
    address: str, reason: str, run_here: Callable[[str], tuple[int, str]]
) -> None:
    code, said = run_here(address)
    assert named_without_its_password(code, said, reason), said


@pytest.mark.parametrize("driver", ["postgresql", "mysql+pymysql"])
def test_what_cannot_be_reached_is_named_without_its_password_by_whatever_logs(driver: str) -> None:
    done = run(f"{driver}://mlflow:hidden-word@127.0.0.1:1/runs")
    said = done.stdout + done.stderr
    assert named_without_its_password(done.returncode, said, "127.0.0.1:1/runs cannot be reached"), said
