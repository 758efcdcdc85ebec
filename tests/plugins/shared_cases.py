"""Files that give people trouble, read in place beside the real customers."""

import os
from pathlib import Path

import pytest

from real_data import SHARED


@pytest.fixture(scope="session")
def cases() -> Path:
    path = Path(os.environ.get("CHURN_CASES") or SHARED.parents[1] / "cases")
    assert path.is_dir(), f"the cases are not at {path}: set CHURN_CASES"
    return path
