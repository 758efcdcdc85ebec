"""A process's own temporary folder goes with it; one that was killed leaves it to the next."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from churn_serving.runtime.temporary_folder import own_temporary_folder

PREFIX = "churn-tried-"
HOLDING = f"""
import sys, tempfile
from churn_serving.runtime.temporary_folder import own_temporary_folder
with own_temporary_folder({PREFIX!r}) as folder:
    tempfile.mkdtemp(prefix="of-a-library-")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[str]]:
    """Another process that holds one, in which a library left something."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process
        process.kill()


def said(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert [each.name[:13] for each in folder.iterdir()] == ["of-a-library-"]
    return folder


def test_one_that_is_held_is_left_alone_and_one_of_the_dead_is_removed(
    holder: subprocess.Popen[str], place: Path
) -> None:
    folder = said(holder)
    with own_temporary_folder(PREFIX) as ours:
        assert {*place.iterdir()} == {folder, ours}
    assert [*place.iterdir()] == [folder]
    holder.kill()
    holder.wait()
    assert folder.exists()
    with own_temporary_folder(PREFIX) as ours:
        assert [*place.iterdir()] == [ours]
        assert Path(tempfile.mkdtemp()).parent == ours
        assert os.environ["TMPDIR"] == str(ours)
    assert [*place.iterdir()] == []
    assert os.environ["TMPDIR"] == tempfile.gettempdir() == str(place)


def test_what_is_no_folder_of_ours_is_left_alone(place: Path) -> None:
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (place / f"{PREFIX}link").symlink_to(elsewhere)
    (place / f"{PREFIX}file").touch()
    (place / "churn-other").mkdir()
    before = {*place.iterdir()}
    with own_temporary_folder(PREFIX):
        pass
    assert {*place.iterdir()} == before
    assert (elsewhere / "kept").exists()
