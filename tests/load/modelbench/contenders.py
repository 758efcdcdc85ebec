"""Who answers: this project by its own commands, and the peers, each in an environment of its own."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

from churnbench.console import progress
from modelbench.datasets import Data

OURS = "ours"
ENVIRONMENTS = {
    "catboost": (),
    "flaml": ("flaml[automl]==2.7.0", "catboost", "lightgbm", "xgboost", "pandas<3"),
    "autogluon": ("autogluon.tabular[lightgbm,catboost,xgboost]==1.6.3",),
}
"""What is installed for a peer; nothing where this project's own environment has it all."""
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Task:
    """One split to learn from and to judge by, the seed of models, and the seconds for everything."""

    data: Data
    seed: int
    seconds: float
    learnt: Path
    judged: Path
    folder: Path


@dataclass(frozen=True)
class Answer:
    """Churn probabilities of the judged rows in their order, and the seconds that learning and answering took."""

    probabilities: numpy.ndarray
    seconds: float


def ask(name: str, task: Task, environments: Path) -> Answer:
    """Let a contender learn and answer.

    Raises:
        subprocess.CalledProcessError: it failed; what it said went to standard error.
    """
    python = sys.executable if name == OURS else environment(name, environments)
    begun = time.monotonic()
    found = _ours(task) if name == OURS else _peer(name, python, task)
    return Answer(numpy.clip(numpy.array(found), 1e-6, 1 - 1e-6), time.monotonic() - begun)


def environment(name: str, folder: Path) -> str:
    """The Python of a peer's environment, which is made where it is not there yet."""
    wanted = ENVIRONMENTS[name]
    if not wanted:
        return sys.executable
    home, stamp = folder / name, folder / name / ".complete"
    python = str(home / "bin" / "python")
    if not stamp.is_file() or stamp.read_text() != repr(wanted):
        progress(f"installing {name} into {home}")
        _run([str(BIN / "uv"), "venv", "--quiet", "--clear", "--python", "3.11", str(home)])
        _run([str(BIN / "uv"), "pip", "install", "--quiet", "--python", python, *wanted])
        stamp.write_text(repr(wanted))
    return python


def _peer(name: str, python: str, task: Task) -> list[float]:
    answers = task.folder / f"{name}.json"
    data, program = task.data, Path(__file__).resolve().with_name("peer.py")
    split = [str(task.learnt), str(task.judged), data.id, data.label, data.positive, str(answers)]
    # Some of them leave files of their own wherever they are run.
    _run([python, str(program), name, str(task.seed), str(task.seconds), *split], folder=task.folder)
    found: list[float] = json.loads(answers.read_text())
    return found


def _ours(task: Task) -> list[float]:
    """From `churn init` to the answers of `churn score`, with a home of its own."""
    data, folder = task.data, task.folder
    usecase, answers = folder / "usecase.yaml", folder / "answers.csv"
    variables = {**os.environ, "CHURN_HOME": str(folder / "home")}
    churn = str(BIN / "churn")
    named = ["--id", data.id, "--label", data.label, "--positive", data.positive]
    usecase.write_text(_run([churn, "init", "--data", str(task.learnt), *named], variables))
    budget = ["--seed", str(task.seed), "--budget", f"{task.seconds:.0f}s", "--fresh", "--force-promote", "--json"]
    told = _run([churn, "train", "--usecase", str(usecase), "--data", str(task.learnt), *budget], variables)
    (folder / "training.json").write_text(told.splitlines()[-1])
    _run([churn, "score", "--usecase", str(usecase), str(task.judged), str(answers)], variables)
    with answers.open(newline="") as lines:
        return [float(row["churn_probability"]) for row in csv.DictReader(lines)]


def _run(command: Sequence[str], variables: dict[str, str] | None = None, folder: Path | None = None) -> str:
    done = subprocess.run(command, env=variables, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout
