"""Every test here may open MLflow; a champion of real customers, and those whom it was not fitted on."""

import pytest

from churn_data.dataset import Dataset
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.package import Package
from churn_training.comparison.champion_contest import CurrentChampion, fetch_champion
from churn_training.comparison.splits import holdout_of, split_by
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.pipeline import TrainingOutcome
from tests.training.contests import NAME


@pytest.fixture(scope="session", autouse=True)
def mlflow_comes_first(mlflow_is_loaded: None) -> None:
    """MLflow's warnings of its own modules are over before a test begins."""


@pytest.fixture(scope="module")
def champion(trained: tuple[Home, TrainingOutcome]) -> CurrentChampion:
    home, _ = trained
    return fetch_champion(MlflowRegistry(connect(home.tracking_uri)), NAME, trusted_keys(home))


@pytest.fixture
def package(champion: CurrentChampion) -> Package:
    assert champion.package is not None
    return champion.package


@pytest.fixture(scope="module")
def held_out(telco: Dataset) -> Dataset:
    return telco.take(split_by(telco, holdout_of(telco, parts=3), seed=1)[1])
