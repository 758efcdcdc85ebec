"""The real customers: IBM's public "Telco Customer Churn" sample, read in place and never copied."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "telco.csv"


@pytest.fixture(scope="session")
def telco_path() -> Path:
    path = Path(os.environ.get("CHURN_TELCO") or SHARED)
    assert path.is_file(), f"the real customers are not at {path}: set CHURN_TELCO"
    return path


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of files that give people trouble."""
    folder = Path(__file__).parents[3] / "shared" / "cases"
    assert folder.is_dir(), f"{folder} is needed"
    return folder
