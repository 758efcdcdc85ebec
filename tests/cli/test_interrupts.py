"""Ctrl-C, however early: one line and 130, at every program that a person starts with `churn`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_INTERRUPTED_AT = """
import os, runpy, signal, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = [{program!r}, "card"]
runpy.run_module({program!r}, run_name="__main__")
"""


@pytest.mark.parametrize(
    ("program", "module", "line"),
    [
        ("churn_cli", "churn_cli.arguments", "churn: stopped"),
        ("churn_cli", "churn_cli.commands.card", "churn: stopped"),
        ("churn_serving.local", "churn_serving.local.champion", "churn up: stopped"),
        ("churn_serving.local", "churn_serving.local.supervisor", "churn up: stopped"),
    ],
    ids=["command, reading arguments", "command, importing what it runs", "servers, first", "servers, last"],
)
def test_an_interrupt_among_imports_is_one_line(program: str, module: str, line: str) -> None:
    code = _INTERRUPTED_AT.format(program=program, module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stderr.splitlines()) == (130, [line])


PROGRAMS = ("cluster_bootstrap", "decision_study", "gate_study", "model_study", "model_wait", "policy_simulation")
STARTED = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == "churn_cli.guard":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
"""


@pytest.mark.parametrize("program", [*PROGRAMS, "storage_setup"])
def test_an_interrupt_of_a_program_is_one_line(program: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(STARTED)
    done = subprocess.run(
        [sys.executable, "-m", f"churn_cli.programs.{program}"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()) == (130, ["churn: stopped"])
