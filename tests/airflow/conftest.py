"""Airflow's own environment, and the DAG as it reads it with parameters right and wrong, all at once."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "training" / "airflow"
NOWHERE = {
    "apiVersion": "v1", "kind": "Config", "current-context": "none", "users": [{"name": "none", "user": {}}],
    "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
}  # fmt: skip
DELIVERY = {
    "environment": "staging", "url": "https://git.example.com/company/platform.git", "branch": "main",
    "environments": "manifests/envs", "username": "churn", "secret": "churn-git", "key": "token",
    "name": "Churn training", "email": "training@churn.invalid", "looks": 288, "look_minutes": 5,
}  # fmt: skip


def rendered_cronjob() -> dict[str, Any]:
    """The CronJob of training as the chart makes it for staging."""
    text = (ROOT / "manifests" / "rendered" / "staging.yaml").read_text()
    documents = yaml.load_all(text, Loader=yaml.CSafeLoader)
    found = [each for each in documents if each and each["kind"] == "CronJob"]
    (cronjob,) = [each for each in found if each["metadata"]["name"] == "churn-training"]
    return dict(cronjob)


def with_words(cronjob: dict[str, Any], words: list[str]) -> dict[str, Any]:
    """The same CronJob, whose container is told these words."""
    copied: dict[str, Any] = json.loads(json.dumps(cronjob))
    copied["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"] = words
    return copied


def shipped() -> dict[str, Any]:
    """The parameters as they ship."""
    return dict(yaml.safe_load((FOLDER / "parameters.yaml").read_text()))


@pytest.fixture(scope="session")
def dag_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of parameters by what is particular about them."""
    folder = tmp_path_factory.mktemp("parameters")
    told = [
        "train",
        "--usecase=telecom",
        "--data",
        "s3://churn-data/customers.csv",
        "--budget",
        "5m",
        "--json",
        "--no-promote",
    ]
    asking = ["retrain", *told[1:2], *told[4:], "--every", "30", "--reports", "s3://churn-data/reports/"]
    arms = ["--arms", "s3://churn-data/labels/spring.csv", "--arms=s3://churn-data/labels/autumn.csv"]
    horizon = ["--horizon", "3 months"]
    cronjobs = {
        "rendered": rendered_cronjob(), "told": with_words(rendered_cronjob(), told),
        "window": with_words(rendered_cronjob(), [*asking, "--window", "6", "--memory", "2GB", *horizon, *arms]),
        "scoring": with_words(rendered_cronjob(), ["score"]), "none": {"spec": {}},
    }  # fmt: skip
    for name, cronjob in cronjobs.items():
        (folder / f"cronjob-{name}.yaml").write_text(yaml.safe_dump(cronjob))
    usual = {**shipped(), "cronjob": str(folder / "cronjob-told.yaml")}
    without = {name: value for name, value in usual.items() if name != "retries"}
    changes: dict[str, dict[str, Any]] = {
        "usual": usual,
        "delivering": {
            **usual, "data": "s3://churn-data/{{ ds }}.csv", "accept": ["MonthlyCharges"], "delivery": DELIVERY,
        },
        "window": {**usual, "cronjob": str(folder / "cronjob-window.yaml")},
        "typo": {**usual, "shedule": "@daily"},
        "type": {**usual, "retries": "3"},
        "missing": without,
        "delivery typo": {**usual, "delivery": {**DELIVERY, "brnach": "main"}},
        "no data": {**usual, "cronjob": str(folder / "cronjob-rendered.yaml")},
        "another command": {**usual, "cronjob": str(folder / "cronjob-scoring.yaml")},
        "no cronjob": {**usual, "cronjob": str(folder / "cronjob-none.yaml")},
    }  # fmt: skip
    files = {}
    for name, parameters in changes.items():
        files[name] = folder / f"{name.replace(' ', '-')}.yaml"
        files[name].write_text(yaml.safe_dump(parameters))
    return files


@pytest.fixture(scope="session")
def dags(dag_files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What Airflow makes of each; one process of it, which takes nine seconds to start."""
    python = os.environ.get("CHURN_AIRFLOW_PYTHON", "")
    assert python, "make airflow sets CHURN_AIRFLOW_PYTHON: Airflow lives in an environment of its own"
    home = tmp_path_factory.mktemp("airflow")
    (home / "kubeconfig").write_text(yaml.safe_dump(NOWHERE))
    environment = {
        **os.environ, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONPATH": "",
        "KUBECONFIG": str(home / "kubeconfig"),
    }  # fmt: skip
    command = [
        python,
        str(ROOT / "tests" / "airflow" / "describe.py"),
        str(FOLDER / "dags"),
        *map(str, dag_files.values()),
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(dag_files, json.loads(done.stdout.splitlines()[-1]), strict=True))
