"""A training that is killed half way: the next one goes on where it was and comes to the same bits."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pytest

from churn_cli.main import main
from churn_data.dataset import Dataset
from churn_model.mlflow_registry import connect
from churn_model.rules import ProfitStatement
from churn_training.packaging.home import Home
from churn_training.pipeline import train
from churn_training.runs.resume_key import resume_key
from churn_training.runs.resumption import find
from churn_training.runs.tracking import experiment_of
from tests.training.small_families import small_candidates

pytestmark = pytest.mark.usefixtures("pictures_unseen")
NAME = "churn-telecom"
ROOT = Path(__file__).resolve().parents[2]
TRAIN = ["train", "--budget", "0", "--rows", "800", "--json", "--verbose"]


def start(home: Home) -> subprocess.Popen[str]:
    """A training as a program, which can be killed."""
    command = [sys.executable, "-m", "tests.training.small_training", *TRAIN]
    pod = {"CHURN_JOB_NAME": "nightly-1", "CHURN_POD_NAME": "nightly-1-a"}
    environment = {**os.environ, "CHURN_HOME": str(home.path), **pod}
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture
def train_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Home, str], tuple[dict[str, Any], str]]:
    """The same to its end in this process, in a pod of this name: what it says and what it said meanwhile."""
    monkeypatch.setattr("churn_training.pipeline.default_candidates", lambda: small_candidates()[:3])
    monkeypatch.setenv("CHURN_JOB_NAME", "nightly-1")

    def run(home: Home, pod: str) -> tuple[dict[str, Any], str]:
        monkeypatch.setenv("CHURN_HOME", str(home.path))
        monkeypatch.setenv("CHURN_POD_NAME", pod)
        code = main(TRAIN)
        out, err = capsys.readouterr()
        assert code == 0, err
        return json.loads(out.splitlines()[-1]), err

    return run


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    assert any(words in line for line in process.stderr), f"it never said {words!r}"


def runs(home: Home) -> dict[str, list[str]]:
    """Statuses by the run's name, oldest first."""
    client = connect(home.tracking_uri)
    found = client.search_runs([experiment_of(client, NAME, home)], order_by=["attributes.start_time ASC"])
    statuses: dict[str, list[str]] = {}
    for run in found:
        statuses.setdefault(run.info.run_name, []).append(run.info.status)
    return statuses


def model_of(home: Home) -> dict[str, str]:
    """Digests of what makes the model, without what tells one registration from another."""
    package = home.packages(NAME) / "champion"
    files = [path for path in package.iterdir() if path.suffix in (".json", ".cbm") and path.name != "manifest.json"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_killed_training_goes_on_and_comes_to_the_same_bits(
    home: Home, tmp_path: Path, empty_database: Path, train_here: Callable[[Home, str], tuple[dict[str, Any], str]]
) -> None:
    killed = start(home)
    read_until(killed, "round 2, Logistic regression: log loss")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert connect(home.tracking_uri).search_registered_models() == []
    assert "RUNNING" in runs(home)["train simulated-telecom-800-0.csv"]

    resumed, said = train_here(home, "nightly-1-b")
    assert said.count("was left open by an earlier pod of this Job; it counts as killed now") >= 1
    assert "CatBoost: expected profit per customer" in said
    assert said.count("reused from run") == 2
    assert "round 1, CatBoost: log loss" in said
    assert [
        line for line in said.splitlines() if line.startswith("round 3, Gradient boosting") and "reused" not in line
    ]
    assert runs(home)["train simulated-telecom-800-0.csv"] == ["KILLED", "FINISHED"]
    assert [status for statuses in runs(home).values() for status in statuses].count("RUNNING") == 0
    assert resumed["version"] == "1"

    other = Home.from_environment({"CHURN_HOME": str(tmp_path / "other")})
    other.path.mkdir()
    (other.path / "mlflow.db").write_bytes(empty_database.read_bytes())
    whole, said = train_here(other, "nightly-1-a")
    assert "reused from" not in said
    assert resumed["metrics"] == whole["metrics"]
    assert resumed["candidates"] == whole["candidates"]
    assert model_of(home) == model_of(other)


@pytest.fixture(scope="module")
def some(telco: Dataset) -> Dataset:
    """Enough of the real customers to train on; nothing here depends on how many."""
    return telco.take(numpy.arange(1500))


def test_fresh_reuses_nothing(home: Home, some: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    candidates = small_candidates()[1:2]
    first = train(some, home, candidates=candidates, parts=2)
    again = train(some, home, candidates=candidates, parts=2, verbose=True)
    assert "reused from run" in capsys.readouterr().err
    fresh = train(some, home, candidates=candidates, parts=2, fresh=True, verbose=True)
    assert "reused" not in capsys.readouterr().err
    assert first.metrics == again.metrics == fresh.metrics
    assert [each.registered.version for each in (first, again, fresh)] == ["1", "2", "3"]


def test_an_altered_or_lost_evaluation_is_not_used(home: Home, some: Dataset) -> None:
    candidate = small_candidates()[1]
    train(some, home, candidates=[candidate], parts=2)
    client = connect(home.tracking_uri)
    experiment = experiment_of(client, NAME, home)
    (file,) = home.artifacts.rglob("evaluation.json")
    (run,) = client.search_runs([experiment], "attributes.run_name = 'round 1, linear'")
    key = run.data.tags["churn.resume_key"]
    kept = find(client, experiment, key, candidate)
    assert kept is not None
    assert kept.run_id == run.info.run_id
    assert kept.result.metrics == pytest.approx(run.data.metrics, abs=0)
    file.write_bytes(file.read_bytes().replace(b"0.", b"0.1", 1))
    assert find(client, experiment, key, candidate) is None
    file.unlink()
    assert find(client, experiment, key, candidate) is None


def test_a_run_that_did_not_finish_is_not_used(home: Home, some: Dataset) -> None:
    candidate = small_candidates()[1]
    train(some, home, candidates=[candidate], parts=2)
    client = connect(home.tracking_uri)
    experiment = experiment_of(client, NAME, home)
    (run,) = client.search_runs([experiment], "attributes.run_name = 'round 1, linear'")
    client.set_terminated(run.info.run_id, "KILLED")
    assert find(client, experiment, run.data.tags["churn.resume_key"], candidate) is None


def test_the_key_tells_apart_whatever_changes_an_evaluation(telco: Dataset) -> None:
    candidate = small_candidates()[0]
    usecase = msgspec.structs.replace(telco.usecase, stated_profit=ProfitStatement(offer_cost=9))
    keys = [
        resume_key(telco, candidate, 0, 5),
        resume_key(telco, candidate, 1, 5),
        resume_key(telco, candidate, 0, 4),
        resume_key(telco, replace(candidate, parameters={**candidate.parameters, "depth": 4}), 0, 5),
        resume_key(telco, replace(candidate, patience=9), 0, 5),
        resume_key(telco, replace(candidate, grower="extra"), 0, 5),
        resume_key(telco.take(numpy.arange(10)), candidate, 0, 5),
        resume_key(replace(telco, usecase=usecase), candidate, 0, 5),
        resume_key(replace(telco, source=replace(telco.source, sha256="0" * 64)), candidate, 0, 5),
    ]
    assert len(set(keys)) == len(keys)
    assert resume_key(telco, replace(candidate, alternatives=({"depth": 4},)), 0, 5) == keys[0]


def test_runs_of_another_job_stay_open(home: Home, some: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    client = connect(home.tracking_uri)
    experiment = experiment_of(client, NAME, home)
    mine, other = (
        client.create_run(experiment, run_name=job, tags={"churn.job": job}).info.run_id for job in ("mine", "other")
    )
    stored = client.create_logged_model(experiment, name=NAME, source_run_id=mine)
    monkeypatch.setenv("CHURN_JOB_NAME", "mine")
    train(some, home, candidates=small_candidates()[1:2], parts=2)
    assert client.get_run(mine).info.status == "KILLED"
    assert client.get_run(other).info.status == "RUNNING"
    assert stored.model_id not in {model.model_id for model in client.search_logged_models([experiment])}
