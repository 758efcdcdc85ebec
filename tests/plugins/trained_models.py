"""Real customers, a real MLflow in a temporary home, and a champion trained in a moment.

Every process of every test run loads this, so what trains is imported by the fixtures that need it.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import os
import pickle
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from unseen_pictures import unseen_pictures

if TYPE_CHECKING:
    from churn_data.dataset import Dataset
    from churn_model.usecase import UseCase
    from churn_training.packaging.home import Home
    from churn_training.pipeline import TrainingOutcome


@pytest.fixture(scope="session")
def mlflow_is_loaded() -> None:
    """MLflow's own modules warn while they are loaded, once; that is not what these tests are strict about."""
    from churn_model.loading import without_collecting

    with warnings.catch_warnings(), without_collecting():
        warnings.simplefilter("ignore")
        for module in ("churn_model.mlflow_registry", "mlflow.pyfunc", "mlflow.store.tracking.sqlalchemy_store"):
            importlib.import_module(module)


@pytest.fixture(scope="session")
def telecom() -> UseCase:
    from churn_model.usecase import load_usecase

    return load_usecase("telecom")


@pytest.fixture(scope="session")
def telco(telco_path: Path, telecom: UseCase) -> Dataset:
    from churn_data.sources import read_customers

    return read_customers(telco_path, telecom)


SHARED = "TESTS_SHARED_FOLDER"
"""Variable: a folder, new in each run of continuous integration, that those of its stages share which give way, or
those which do not."""


@contextlib.contextmanager
def first_to_come(base: Path, worker_id: str, name: str) -> Iterator[Path]:
    """A folder that a run's workers share, and continuous integration's stages, to one of them at a time: who comes
    first makes what the others take."""
    folder = Path(os.environ.get(SHARED) or (base if worker_id == "master" else base.parent))
    folder.mkdir(exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@pytest.fixture(scope="session")
def empty_database(
    tmp_path_factory: pytest.TempPathFactory,
    mlflow_is_loaded: None,  # noqa: ARG001 - it comes first
    worker_id: str,
) -> Path:
    """MLflow's database without any run, made once because its migrations take seconds."""
    from churn_model.mlflow_registry import connect

    with first_to_come(tmp_path_factory.getbasetemp(), worker_id, "empty") as folder:
        if not (folder / "empty.db").exists():
            (folder / "making.db").unlink(missing_ok=True)
            connect(f"sqlite:///{folder / 'making.db'}")
            (folder / "making.db").rename(folder / "empty.db")
    return folder / "empty.db"


@pytest.fixture
def home(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A fresh home that commands find by the environment too."""
    from churn_training.packaging.home import Home

    (tmp_path / "home").mkdir()
    shutil.copy(empty_database, tmp_path / "home" / "mlflow.db")
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CHURN_TRACKING_URI", raising=False)
    monkeypatch.delenv("CHURN_VERIFY_KEY", raising=False)
    return Home.from_environment()


@pytest.fixture(scope="session")
def trained(
    tmp_path_factory: pytest.TempPathFactory, telco: Dataset, empty_database: Path, worker_id: str
) -> tuple[Home, TrainingOutcome]:
    """A home with one champion trained on real customers, and exported; tests only read it."""
    from churn_model.mlflow_registry import MlflowRegistry, connect
    from churn_training.packaging.exporting import export_champion
    from churn_training.packaging.home import Home
    from churn_training.pipeline import train
    from churn_training.runs.model_cards import put_beside
    from tests.training.small_families import small_candidates

    with first_to_come(tmp_path_factory.getbasetemp(), worker_id, "trained") as folder:
        home, kept = Home.from_environment({"CHURN_HOME": str(folder / "trained")}), folder / "trained.pickle"
        if not kept.exists():
            shutil.rmtree(home.path, ignore_errors=True)  # of one that failed or was ended
            home.path.mkdir()
            shutil.copy(empty_database, home.path / "mlflow.db")
            with unseen_pictures():
                outcome = train(telco, home, seed=1, candidates=small_candidates(), parts=3)
            client, champion = connect(home.tracking_uri), outcome.registered
            export_champion(MlflowRegistry(client), champion.name, home)
            put_beside(client, champion.name, champion.version, home.packages(champion.name))
            kept.write_bytes(pickle.dumps(outcome))
    return home, pickle.loads(kept.read_bytes())
