"""Programs open a new database one after the other, whatever was there before and however they end."""

import fcntl
import os
from pathlib import Path

import pytest

from churn_model.first_opening import in_turn


def is_locked(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_a_folder_is_made_and_is_nobodys_any_more_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "mlflow"
    for _ in range(2):  # the second finds it there
        with in_turn(f"sqlite:///{folder}/mlflow.db"):
            assert is_locked(folder)
        assert not is_locked(folder)
    assert list(folder.iterdir()) == []
    with pytest.raises(ZeroDivisionError), in_turn(f"sqlite:///{folder}/mlflow.db"):
        raise ZeroDivisionError
    assert not is_locked(folder)


def test_a_server_is_nobodys_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with in_turn("http://mlflow:5000/sub/path"):
        pass
    assert list(tmp_path.iterdir()) == []
