"""Where `churn up` says that MLflow is, which is where its servers show it, however they were told."""

import json
import os
import subprocess

import pytest

from churn_cli.arguments.up import SERVER
from churn_cli.main import main
from churn_cli.training_summary import from_here
from churn_model.mlflow_registry import connect
from churn_serving.local.settings import read_settings
from churn_serving.local.start import run
from churn_training.packaging.home import Home
from churn_training.pipeline import TrainingOutcome
from churn_training.runs.whereabouts import whereabouts
from ports import free_port, free_ports_in_a_row

TOLD: list[tuple[list[str], dict[str, str]]] = [
    ([], {}),
    (["--mlflow-port", "9123"], {}),
    (["--gateway-port=9001", "--mlflow-port=9123"], {"CHURN_UP_MLFLOW_PORT": "9124"}),
    ([], {"CHURN_UP_MLFLOW_PORT": "9124"}),
    ([], {"CHURN_UP_MLFLOW_PORT": "9124", "CHURN_MLFLOW_PORT": "9125"}),
    (["--no-mlflow", "--mlflow-port", "9123"], {}),
    ([], {"CHURN_UP_MLFLOW": "false"}),
    (["--mlflow"], {"CHURN_UP_MLFLOW": "0"}),
]


@pytest.mark.parametrize(("words", "variables"), TOLD)
def test_a_training_before_the_servers_is_told_the_port_that_they_read(
    words: list[str],
    variables: dict[str, str],
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in [each for each in os.environ if each.startswith("CHURN_UP_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    asked, told = [], []

    def ask(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        code = run(command[command.index(SERVER) + 1 :])
        return subprocess.CompletedProcess(command, code, stdout=capfd.readouterr().out)

    def train(*given: object) -> None:
        told.append(given[-1])
        raise KeyboardInterrupt

    monkeypatch.setattr("churn_cli.commands.up.subprocess.run", ask)
    monkeypatch.setattr("churn_cli.commands.up.train_and_export", train)
    monkeypatch.setattr("churn_serving.local.checks.check_ports", lambda _: None)
    monkeypatch.setattr("churn_serving.local.checks._ask", lambda _: None)  # services are asked in test_up_refused.py
    monkeypatch.chdir(home.path)
    assert main(["up", "--rows", "400", *words]) == 130
    settings = read_settings(["--model", "unused", "--usecase", "telecom", *words])
    assert told == [str(settings.mlflow_port) if settings.mlflow else ""]
    assert len(asked) == 1


def test_who_shows_runs_in_a_server_elsewhere_is_told_no_port(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHURN_TRACKING_URI", "http://mlflow.example")
    monkeypatch.setattr("churn_serving.local.checks._ask", lambda _: None)
    assert home.path.exists()
    ports = [
        word
        for name in ("gateway", "gateway-grpc", "primary", "primary-grpc", "fallback", "marketing")
        for word in (f"--{name}-port", str(free_port()))
    ]
    ports += ["--metrics-port-base", str(free_ports_in_a_row(5))]
    assert run(["--model", "unused", "--usecase", "telecom", *ports, "--check"]) == 0
    served_at = json.loads(capsys.readouterr().out)
    assert set(served_at) - {"prometheus"} == {"gateway", "primary", "fallback", "marketing"}


def test_what_is_printed_of_a_training_leads_there(trained: tuple[Home, TrainingOutcome]) -> None:
    home, outcome = trained
    client = connect(home.tracking_uri)
    shown = whereabouts(client, home, outcome.run_id, "9123", {"CHURN_MLFLOW_PORT": "9125"})
    assert shown.address.startswith("http://127.0.0.1:9123/#/experiments/")
    assert shown.command == "", "the port is taken by then, and MLflow is there"
    alone = whereabouts(client, home, outcome.run_id, "", {"CHURN_MLFLOW_PORT": "9125"})
    assert alone.address.startswith("http://127.0.0.1:9125/#/experiments/")
    assert "--port 9125" in alone.command


def test_a_clusters_mlflow_is_shown_where_somebody_wants_it() -> None:
    way = from_here({"mlflow": {"address": "http://churn-mlflow:5000/#/experiments/1/runs/r"}}, "churn", "9125")
    assert "service/churn-mlflow 9125:5000" in way
    assert way.endswith("then http://127.0.0.1:9125/#/experiments/1/runs/r")
