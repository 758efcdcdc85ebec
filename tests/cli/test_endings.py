"""How the process ends: one last line, the same in a pod's termination message, and an exit code that says why."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from churn_cli.main import main
from churn_cli.termination import leave
from churn_model.mlflow_registry import connect
from churn_training.packaging.home import Home
from churn_training.runs.tracking import experiment_of
from ports import free_port
from tests.training.small_families import small_candidates

pytestmark = pytest.mark.usefixtures("pictures_unseen")


@pytest.fixture
def last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHURN_TERMINATION_LOG", str(tmp_path / "termination"))
    return tmp_path / "termination"


@pytest.mark.usefixtures("home")
def test_success_leaves_the_version(
    last_words: Path, telco_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("churn_training.pipeline.default_candidates", lambda: small_candidates()[1:2])
    assert main(["train", "--budget", "0", "--data", str(telco_path), "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert json.loads(last_words.read_text()) == {name: result[name] for name in ("name", "version", "digest", "uri")}


@pytest.mark.usefixtures("home")
def test_bad_input_leaves_its_line(last_words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--data", "none.csv"]) == 2
    assert last_words.read_text() == "churn: none.csv: no such file" == capsys.readouterr().err.strip()


@pytest.mark.usefixtures("home")
def test_a_mistake_in_the_program_shows_where_and_ends_with_its_cause(
    last_words: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("one thing\nand another")

    monkeypatch.setattr("churn_cli.commands.train.train_and_export", fail)
    assert main(["train"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "churn: unexpected ZeroDivisionError: one thing and another"
    assert last_words.read_text() == lines[-1]


def test_last_words_are_cut_between_characters(last_words: Path) -> None:
    leave("x" + "ä" * 4096)
    assert last_words.read_bytes() == b"x" + "ä".encode() * 2047


def test_a_termination_log_that_cannot_be_written_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHURN_TERMINATION_LOG", str(tmp_path / "none" / "log"))
    assert main(["train", "--data", "none.csv"]) == 2


@pytest.mark.parametrize("moment", ["opening MLflow", "round 2:"])
def test_sigterm_closes_the_runs_and_ends_with_143(moment: str, home: Home, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "churn_cli", "train", "--budget", "0", "--rows", "600", "--verbose"]
    environment = {**os.environ, "CHURN_TERMINATION_LOG": str(tmp_path / "log")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any(moment in line for line in process.stderr)
        time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(timeout=120) == 143  # only what hangs gets there, however busy the machine
    assert rest.splitlines()[-1] == "churn: stopped by SIGTERM" == (tmp_path / "log").read_text()
    assert "Traceback" not in rest
    client = connect(home.tracking_uri)
    runs = client.search_runs([experiment_of(client, "churn-telecom", home)])
    assert {run.info.status for run in runs if run.info.status != "FINISHED"} <= {"KILLED"}
    assert client.search_registered_models() == []


def test_an_mlflow_that_does_not_answer_is_worth_another_try(
    home: Home, telco_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("CHURN_TRACKING_URI", address)
    monkeypatch.setattr("churn_training.runs.tracking_server.wait_for_server.__defaults__", (1.0,))
    assert main(["train", "--data", str(telco_path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2:] == [
        f"waiting for MLflow at {address}",
        f"churn: CHURN_TRACKING_URI: MLflow at {address} does not answer (ConnectError)",
    ]
    assert not home.packages("churn-telecom").exists()
