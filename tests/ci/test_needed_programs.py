"""A test without its program is skipped at home, and fails where the whole of the tests is asked for."""

import os
import sys
from pathlib import Path

import pytest

from programs import NONE_MISSING, needed


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A search path on which there is one program, ``known``."""
    (tmp_path / "known").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    monkeypatch.delenv(NONE_MISSING, raising=False)
    return tmp_path


def test_what_is_there_is_found(alone: Path) -> None:
    assert needed("known") == os.fspath(alone / "known")


def test_what_is_missing_is_skipped() -> None:
    with pytest.raises(pytest.skip.Exception, match="javac is not on this machine"):
        needed("javac")


def test_what_is_missing_fails_where_nothing_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NONE_MISSING, "1")
    with pytest.raises(pytest.fail.Exception, match="javac is not on this machine"):
        needed("javac")


def test_continuous_integration_lets_nothing_be_missing() -> None:
    script = (Path(__file__).parents[2] / "ci" / "test").read_text(encoding="utf-8")
    assert f"export PATH {NONE_MISSING}=1" in script
