"""What `churn train` says: at most fifteen lines of what matters, where the result is, and all the rest when asked."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from churn_cli.training_summary import summary
from ports import free_port
from tests.cli.unknown import write_unknown

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 15


@dataclass(frozen=True)
class Said:
    """A training's output, line by line, and the port that MLflow shall have."""

    out: list[str]
    err: list[str]
    environment: dict[str, str]

    def after(self, words: str) -> str:
        (line,) = [line for line in self.out if line.startswith(words)]
        return line.removeprefix(words).strip()


def trained(folder: Path, database: Path, *more: str) -> Said:
    """A training on a file with much to say about it, without a terminal, too small to show what it knows."""
    data, usecase = write_unknown(folder, 300)
    (folder / "home").mkdir()
    shutil.copy(database, folder / "home" / "mlflow.db")
    lines = data.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    assert len(lines) > 300
    command = [
        sys.executable,
        "-m",
        "tests.training.small_training",
        "train",
        "--budget",
        "0",
        "--force-promote",
        *more,
    ]
    environment = {**os.environ, "CHURN_HOME": str(folder / "home"), "CHURN_MLFLOW_PORT": str(free_port())}
    command += ["--usecase", str(usecase), "--data", str(data)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=1000, check=False)
    assert done.returncode == 0, done.stderr
    return Said(done.stdout.splitlines(), done.stderr.splitlines(), environment)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Said:
    return trained(tmp_path_factory.mktemp("brief"), empty_database)


def test_a_training_says_what_matters_in_fifteen_lines(said: Said) -> None:
    lines = [*said.err, *said.out]
    assert len(lines) <= MOST_LINES, "\n".join(lines)
    assert any('column "constant": left out' in line for line in said.err)
    assert not any(line.startswith("round ") for line in lines)
    assert said.out[0].startswith("churn-gym version 1 (champion): ")


def test_it_ends_with_where_the_result_is(said: Said) -> None:
    report = Path(said.after("report:"))
    assert report.read_text().startswith("<!DOCTYPE html>")
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", said.out[-1])


@pytest.fixture(scope="module")
def opened(said: Said) -> Iterator[str]:
    """The very command that was printed, run by a shell; gives the address that was printed."""
    command = said.after("MLflow:")
    assert said.environment["CHURN_MLFLOW_PORT"] in shlex.split(command)
    with subprocess.Popen(command, shell=True, cwd=ROOT, env=said.environment, start_new_session=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:  # fmt: skip
        try:
            yield said.after("run:")
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def test_the_command_opens_mlflow_at_the_run(opened: str) -> None:
    server, run = opened.partition("/#/experiments/")[0], opened.rpartition("/")[2]
    address = f"{server}/api/2.0/mlflow/runs/get?run_id={run}"
    deadline = time.monotonic() + 500
    while True:
        try:
            with urllib.request.urlopen(address, timeout=20) as answer:
                found = json.load(answer)
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert found["run"]["info"]["run_name"] == "train gym members.csv"


def test_runs_kept_at_a_server_end_without_a_word(opened: str) -> None:
    server = opened.partition("/#/experiments/")[0]
    code = (
        "import sys; from churn_model.mlflow_registry import connect; client = connect(sys.argv[1]);"
        "client.set_terminated(client.create_run('0').info.run_id); print('ended')"
    )
    done = subprocess.run([sys.executable, "-c", code, server], capture_output=True, text=True, timeout=500, check=True)
    assert done.stdout == "ended\n"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"rows": 900}, "trained on 900 customers of a.csv"),
        ({"rows": 900, "customers": 900, "learnt": 800, "learnable": 800}, "trained on 900 customers of a.csv"),
        ({"rows": 900, "customers": 150, "learnt": 800, "learnable": 800}, "trained on 900 rows of 150 customers of"),
        ({"rows": 900, "customers": 900, "learnt": 300, "learnable": 800}, "trained on 300 of 900 customers of a.csv"),
        ({"rows": 900, "customers": 9, "learnt": 300, "learnable": 800}, "on 300 of 900 rows of 9 customers of a.csv"),
    ],
    ids=["former release", "whole", "panel", "part", "part of a panel"],
)
def test_a_summary_says_of_how_many_customers_a_model_was_made(data: dict[str, int], told: str) -> None:
    result = {
        "name": "churn-a",
        "version": "1",
        "champion": True,
        "winner": "linear",
        "money": False,
        "metrics": {"roc_auc": 0.8, "brier": 0.1, "log_loss": 0.3},
        "gate": {"reason": "there was no champion"},
        "digest": "sha256:0",
        "data": {"source": "a.csv", "simulated": False, **data},
    }
    assert told in summary(result).splitlines()[0]
