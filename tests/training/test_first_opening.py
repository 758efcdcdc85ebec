"""Programs that open a home for the first time at the same moment take turns, so that each finds a whole database."""

import threading
from pathlib import Path

import pytest

from churn_model.first_opening import in_turn
from churn_model.mlflow_registry import connect


@pytest.mark.usefixtures("mlflow_is_loaded")
def test_whoever_comes_second_waits_for_the_first(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'home' / 'mlflow.db'}"
    second = threading.Thread(target=connect, args=(address,))
    with in_turn(address):
        second.start()
        second.join(0.5)
        assert second.is_alive()
        assert list((tmp_path / "home").iterdir()) == []
    second.join(60)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["mlflow.db"]
