"""Readers are tested on real customers."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def mlflow_comes_first(mlflow_is_loaded: None) -> None:
    """MLflow's warnings of its own modules are over before a test begins."""
