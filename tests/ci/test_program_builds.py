"""Programs are built one go build at a time, and who needs none that is missing waits for nobody."""

import fcntl
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "ci" / "cluster"
BUILD = f"""
source {FOLDER / "common"}
source {FOLDER / "golang"}
build_programs "$@"
"""
# What Go does here: it says its versions, and a build leaves a file and a line.
GO = """#!/bin/sh
case $1 in
env) echo go1.26 amd64 ;;
list) echo v1.34.4 ;;
build)
  while [ "$1" != -o ]; do shift; done
  folder=$2
  shift 2
  for package; do echo "$package" >>"$BUILT"; cp /bin/true "$folder/${package##*/}"; done
  ;;
esac
"""


class Workshop:
    """A home for programs, and who may build there at the moment."""

    def __init__(self, folder: Path) -> None:
        self.home, self.built = folder / "home", folder / "built"
        self.home.mkdir()
        self.built.touch()
        (folder / "go").write_text(GO)
        (folder / "go").chmod(0o755)
        self._environment = {
            **os.environ,
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "CLUSTER_HOME": str(self.home),
            "BUILT": str(self.built),
        }

    def build(self, *names: str) -> "subprocess.Popen[str]":
        words: Sequence[str] = ["bash", "-euo", "pipefail", "-c", BUILD, "build", *names]
        return subprocess.Popen(words, env=self._environment, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def ended(process: "subprocess.Popen[str]") -> str:
    """What it said; it went well."""
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said


def test_who_needs_nothing_does_not_wait_for_a_build(workshop: Workshop) -> None:
    assert "building kubectl" in ended(workshop.build("kubectl"))
    with (workshop.home / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert ended(workshop.build("kubectl")) == ""
    assert workshop.built.read_text().split() == ["k8s.io/kubernetes/cmd/kubectl"]


def test_what_another_built_meanwhile_is_not_built_again(workshop: Workshop) -> None:
    with (workshop.home / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = workshop.build("kubectl")
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(2)
        assert workshop.built.read_text() == "", "one build at a time"
    other = workshop.build("kubectl")
    said = ended(waiting), ended(other)
    assert sorted("building kubectl" in each for each in said) == [False, True]
    assert workshop.built.read_text().split() == ["k8s.io/kubernetes/cmd/kubectl"]


def test_an_unknown_program_is_named(workshop: Workshop) -> None:
    process = workshop.build("kubectl", "kubektl")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "unknown program kubektl" in said
