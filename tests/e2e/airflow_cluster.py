"""What an Airflow outside of the cluster needs of it, and what makes its DAG train: rights, the release's CronJob with
other words, and a drift of the champion's customers. It must not know what Airflow does with them."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import kubernetes.client
import yaml
from kubernetes.client.exceptions import ApiException

from churn_data.dataset import rows_of
from churn_data.sources import read_customers
from churn_model.package import open_package
from churn_model.signing import TrustedKeys
from churn_model.usecase import load_usecase
from churn_monitoring.drift.check import DriftCheck
from churn_monitoring.drift.watch import Promise
from churn_monitoring.prediction_log.store import Store
from tests.drift.asked import put
from tests.e2e.cluster import Cluster
from tests.e2e.commands import ROOT, churn, json_of, run, succeed, tool
from tests.e2e.inside import mlflow_of
from tests.e2e.models import Model, fetch
from tests.e2e.storage import put_objects, storage_of

FOLDER = ROOT / "training" / "airflow"
ACCOUNT = "airflow"
CONFLICT = 409


def account(cluster: Cluster, path: Path) -> Path:
    """A kubeconfig of a ServiceAccount that the shipped role is bound to, and nothing else."""
    made = kubernetes.client.V1ServiceAccount(metadata=kubernetes.client.V1ObjectMeta(name=ACCOUNT))
    try:
        cluster.core.create_namespaced_service_account(cluster.namespace, made)
    except ApiException as error:
        if error.status != CONFLICT:
            raise
    role, binding = yaml.safe_load_all((FOLDER / "role.yaml").read_text())
    binding["subjects"] = [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": cluster.namespace}]
    path.write_text(yaml.safe_dump_all([role, binding]))
    succeed([tool("kubectl"), "apply", "--filename", str(path)], 30)
    asked = [tool("kubectl"), "create", "token", ACCOUNT, "--namespace", cluster.namespace, "--duration", "1h"]
    token = succeed(asked, 30).strip()
    found = json.loads(succeed([tool("kubectl"), "config", "view", "--minify", "--raw", "--output", "json"], 30))
    found["users"] = [{"name": each["name"], "user": {"token": token}} for each in found["users"]]
    path.write_text(yaml.safe_dump(found))
    return path


def cronjob_with(cluster: Cluster, words: list[str], path: Path) -> dict[str, Any]:
    """The DAG's shipped parameters, with the release's CronJob told other words; a task is tried again at once."""
    found = cluster.batch.read_namespaced_cron_job("churn-training", cluster.namespace)
    cronjob = kubernetes.client.ApiClient().sanitize_for_serialization(found)  # type: ignore[no-untyped-call]
    (container,) = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    container["args"] = words
    path.write_text(yaml.safe_dump(cronjob))
    shipped: dict[str, Any] = yaml.safe_load((FOLDER / "parameters.yaml").read_text())
    return {**shipped, "namespace": cluster.namespace, "cronjob": str(path), "retry_minutes": 0}


def drift_of_the_champion(cluster: Cluster, usecase: str, column: str, log: str, folder: Path) -> None:
    """Have a prediction log in which the champion was asked about customers who differ in one column, and a drift watch
    that has seen them."""
    model = champion(cluster, usecase, folder)
    package = open_package(model.folder, TrustedKeys.load(model.verify_key))
    path = folder / "simulated-later.csv"
    ended = churn("simulate", "--usecase", usecase, "--rows", "2000", "--seed", "5", "--out", str(path), home=folder)
    assert ended.returncode == 0, ended.stderr
    frame = read_customers(path, load_usecase(usecase)).frame
    rows = rows_of(frame.assign(**{column: frame[column] * 3.0 + 10.0}))
    scored = package.scorer.score(rows)
    answers = list(zip(scored.probabilities, scored.segments, strict=True))
    store, manifest = Store(folder / "log"), package.manifest
    put(store, rows, time.time(), seconds=0.1, digest=package.digest, schema=manifest.schema, answers=answers)
    looked = DriftCheck(store, package.digest, manifest, Promise()).look()
    assert [each for each in looked.began if column in str(each)], looked
    files = {str(each.relative_to(folder / "log")): each for each in (folder / "log").rglob("*") if each.is_file()}
    with storage_of(cluster) as client:
        put_objects(client, log, {name: each.read_bytes() for name, each in files.items()})


def champion(cluster: Cluster, usecase: str, folder: Path) -> Model:
    """A copy of the package that the registry calls champion."""
    with mlflow_of(cluster) as address:
        words = [sys.executable, "-m", "churn_cli", "models", "--usecase", usecase, "--json"]
        told = json_of(run(words, 400, {"CHURN_HOME": str(folder), "CHURN_TRACKING_URI": address}))
    (found,) = [each for each in told["versions"] if each["version"] == told["champion"]]
    return fetch(cluster, found, folder / "champion")
