"""What one clone has compiled of its libraries, the next one has from the beginning; what does not fit is not used."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = Path(f".venv/lib/python3.{sys.version_info.minor}/site-packages")


class Clone:
    """A project of one library, beside a folder that clones share."""

    def __init__(self, folder: Path, shared: Path, lock: str = "library==1\n") -> None:
        self.folder, self.shared = folder, shared
        (folder / "ci").mkdir(parents=True)
        shutil.copy(ROOT / "ci" / "bytecode", folder / "ci")
        (folder / "requirements.lock").write_text(lock)
        self.library = folder / LIBRARIES / "library"
        self.library.mkdir(parents=True)
        for name in ("__init__", "one", "two"):
            source = self.library / f"{name}.py"
            source.write_text("answer = 42\n")
            os.utime(source, (1_700_000_000, 1_700_000_000))  # as an installer links one file into every clone

    def bytecode(self, *words: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "CI_HOME": str(self.shared)}
        command = [str(self.folder / "ci" / "bytecode"), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def imported(self, module: str) -> str:
        """How Python came by a module of the library: by its source, or by bytecode that was there."""
        script = f"import library.{module} as it; assert it.answer == 42"
        command = [sys.executable, "-v", "-c", script]
        environment = {**os.environ, "PYTHONPATH": str(self.folder / LIBRARIES), "PYTHONDONTWRITEBYTECODE": ""}
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr
        cached = [line for line in said.splitlines() if "matches" in line and f"{module}.py" in line]
        return "bytecode" if cached else "source"

    @property
    def compiled(self) -> int:
        return len(list(self.library.rglob("*.pyc")))


@pytest.fixture
def first(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "first", tmp_path / "shared")


def test_another_clone_takes_what_one_has_compiled(first: Clone, tmp_path: Path) -> None:
    assert first.imported("one") == "source"
    assert first.bytecode("keep").returncode == 0
    other = Clone(tmp_path / "other", first.shared)
    assert other.bytecode("take").returncode == 0
    assert (other.imported("one"), other.imported("two")) == ("bytecode", "source")


def test_bytecode_of_another_source_is_not_used(first: Clone, tmp_path: Path) -> None:
    first.imported("one")
    first.bytecode("keep")
    other = Clone(tmp_path / "other", first.shared)
    (other.library / "one.py").write_text("answer = 6 * 7\n")
    other.bytecode("take")
    assert other.imported("one") == "source"


def test_a_run_that_compiled_more_replaces_what_is_kept_and_one_that_did_not_changes_nothing(
    first: Clone, tmp_path: Path
) -> None:
    first.imported("one")
    first.bytecode("keep")
    (kept,) = (first.shared / "bytecode").iterdir()
    before = kept.read_bytes()
    assert first.bytecode("keep").returncode == 0
    assert kept.read_bytes() == before
    first.imported("two")
    first.bytecode("keep")
    other = Clone(tmp_path / "other", first.shared)
    other.bytecode("take")
    assert other.compiled == first.compiled == 3
    assert list((first.shared / "bytecode").iterdir()) == [kept]


def test_other_libraries_begin_anew(first: Clone, tmp_path: Path) -> None:
    first.imported("one")
    first.bytecode("keep")
    other = Clone(tmp_path / "other", first.shared, "library==2\n")
    assert other.bytecode("take").returncode == 0
    assert other.compiled == 0
    other.imported("two")
    other.bytecode("keep")
    assert len(list((first.shared / "bytecode").iterdir())) == 1


def test_without_a_word_it_says_which_there_are(first: Clone) -> None:
    ended = first.bytecode()
    assert (ended.returncode, ended.stderr) == (2, "bytecode: take or keep, not nothing\n")
