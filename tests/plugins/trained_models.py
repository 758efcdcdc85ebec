"""Real customers, a real MLflow in a temporary home, and a champion trained in a moment."""

import importlib
import shutil
import warnings
from pathlib import Path

import pytest

from churn_data.dataset import Dataset
from churn_data.sources import read_customers
from churn_model.mlflow_registry import connect
from churn_model.usecase import UseCase, load_usecase
from churn_training.packaging.home import Home
from churn_training.pipeline import TrainingOutcome, train
from tests.training.small_families import small_candidates


@pytest.fixture(scope="session")
def mlflow_is_loaded() -> None:
    """MLflow's own modules warn while they are loaded, once; that is not what these tests are strict about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in ("churn_model.mlflow_registry", "mlflow.pyfunc", "mlflow.store.tracking.sqlalchemy_store"):
            importlib.import_module(module)


@pytest.fixture(scope="session")
def telecom() -> UseCase:
    return load_usecase("telecom")


@pytest.fixture(scope="session")
def telco(telco_path: Path, telecom: UseCase) -> Dataset:
    return read_customers(telco_path, telecom)


@pytest.fixture(scope="session")
def empty_database(
    tmp_path_factory: pytest.TempPathFactory,
    mlflow_is_loaded: None,  # noqa: ARG001 - it comes first
) -> Path:
    """MLflow's database without any run, made once because its migrations take seconds."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    connect(f"sqlite:///{path}")
    return path


@pytest.fixture
def home(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A fresh home that commands find by the environment too."""
    (tmp_path / "home").mkdir()
    shutil.copy(empty_database, tmp_path / "home" / "mlflow.db")
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CHURN_TRACKING_URI", raising=False)
    monkeypatch.delenv("CHURN_VERIFY_KEY", raising=False)
    return Home.from_environment()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, telco: Dataset) -> tuple[Home, TrainingOutcome]:
    """A home with one champion trained on real customers; tests only read it."""
    home = Home.from_environment({"CHURN_HOME": str(tmp_path_factory.mktemp("trained"))})
    return home, train(telco, home, seed=1, candidates=small_candidates(), parts=3)
