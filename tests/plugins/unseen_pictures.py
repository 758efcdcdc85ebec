"""Pictures that nobody looks at: drawing them takes a third of a small training.

What they show is tested where they are drawn for that (`tests/training/test_report.py`, `test_segment_study.py`), and
trainings by the command, as people start it, draw theirs.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@contextlib.contextmanager
def unseen_pictures() -> Iterator[None]:
    """Every picture that a training draws is there, under its name, and empty."""

    def leave(_: Any, path: Path) -> None:
        path.touch()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("churn_training.runs.pictures._save", leave)
        yield


@pytest.fixture(scope="module")
def pictures_unseen() -> Iterator[None]:
    """For modules whose tests train and look at no picture."""
    with unseen_pictures():
        yield
