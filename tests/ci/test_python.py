"""Which Python continuous integration runs on: one's own, else that of images, else any there is, and it says so."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEBIANS = "/usr/bin/python3.11"
SAY = 'import json, os, sys; print(json.dumps([os.environ.get("PYTHON"), sys.orig_argv[0], *sys.argv[1:]]))'
PYTHON = sys._base_executable  # type: ignore[attr-defined]  # that of the environment makes none


@dataclass
class Checkout:
    """Of the scripts alone; its stages say what they were run with."""

    folder: Path

    def run(self, **variables: str) -> tuple[list[str | None], str]:
        """What the stages see: PYTHON, the program and the arguments; and what was said beside it."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHON"}
        path = os.pathsep.join((str(self.folder / "on-path"), "/usr/bin", "/bin"))
        words = [self.folder / "ci" / "run-stages"]
        ran = subprocess.run(words, env={**kept, "PATH": path, **variables}, capture_output=True, text=True, check=True)
        seen: list[str | None] = json.loads(ran.stdout)
        return seen, ran.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "ci" / "stages").mkdir(parents=True)
    shutil.copy(ROOT / "ci" / "python", tmp_path / "ci")
    script = (ROOT / "ci" / "run-stages").read_text()
    assert DEBIANS in script
    (tmp_path / "ci" / "run-stages").write_text(script.replace(DEBIANS, str(tmp_path / "debians")))
    (tmp_path / "ci" / "run-stages").chmod(0o755)
    (tmp_path / "ci" / "stages" / "__main__.py").write_text(SAY)
    (tmp_path / "on-path").mkdir()
    (tmp_path / "on-path" / "python3.11").symlink_to(PYTHON)
    return Checkout(tmp_path)


def test_the_images_is_taken_where_it_is(checkout: Checkout) -> None:
    debians = checkout.folder / "debians"
    debians.symlink_to(PYTHON)
    seen, said = checkout.run(ARGS="one two")
    assert seen == [str(debians), str(debians), "one", "two"]
    assert said == ""


def test_ones_own_comes_before_it(checkout: Checkout) -> None:
    (checkout.folder / "debians").symlink_to(PYTHON)
    own = str(checkout.folder / "on-path" / "python3.11")
    seen, said = checkout.run(PYTHON=own)
    assert seen == [own, own]
    assert said == ""


def test_without_it_another_is_taken_and_named(checkout: Checkout) -> None:
    other = str(checkout.folder / "on-path" / "python3.11")
    seen, said = checkout.run()
    assert seen == [None, other]
    assert said.startswith(f"running on {other}, since {checkout.folder / 'debians'} is not there")


def test_one_that_is_none_is_named(checkout: Checkout) -> None:
    seen, said = checkout.run(PYTHON="/nowhere/python3.11")
    assert seen[1] == str(checkout.folder / "on-path" / "python3.11")
    assert "PYTHON=/nowhere/python3.11 is no Python 3.11, python3.11 is taken" in said
