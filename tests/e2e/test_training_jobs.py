"""Training Jobs that go wrong: bad input fails at once and says why, a killed pod is retried and loses little."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.commands import ROOT, churn
from tests.e2e.conftest import NAMESPACE
from tests.e2e.figures import Figures
from tests.e2e.release import Release
from tests.e2e.storage import put_objects, storage_of
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)
BAD_INPUT = 2
COMPONENT = "training"
FEWER = 2500  # enough for a pod to be killed in the middle


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--usecase", "telephony"], "telephony"),
        (["--data", "s3://churn-data/nowhere.csv"], "s3://churn-data/nowhere.csv"),
        (["--data", "s3://churn-nowhere/customers.csv"], "churn-nowhere"),
    ],
)
def test_bad_input_fails_fast(
    release: Release, cluster: Cluster, figures: Figures, tmp_path: Path, arguments: list[str], words: str
) -> None:
    del release
    before = {pod.metadata.name for pod in cluster.pods(COMPONENT)}
    started = time.monotonic()
    ended = churn("train", "--on-cluster", "--namespace", NAMESPACE, *arguments, home=tmp_path, seconds=500)
    seconds = round(time.monotonic() - started, 1)
    assert ended.returncode == BAD_INPUT, ended.stderr
    pods = [pod for pod in cluster.pods(COMPONENT) if pod.metadata.name not in before]
    # A pod that could not reach the storage yet is tried again, and rightly so; one that found the input bad is not.
    pods = [pod for pod in pods if pod.status.container_statuses[0].state.terminated.exit_code == BAD_INPUT]
    assert len(pods) == 1, "it was tried again"
    told = cluster.log(pods[0].metadata.name, "training").strip().splitlines()
    assert len(told) == 1, told
    assert words in told[0]
    message = pods[0].status.container_statuses[0].state.terminated.message
    assert message.strip() == told[0].strip()
    job = cluster.batch.read_namespaced_job(pods[0].metadata.labels["batch.kubernetes.io/job-name"], NAMESPACE)
    assert [(one.type, one.reason) for one in job.status.conditions if one.type == "Failed"] == [
        ("Failed", "PodFailurePolicy")
    ]
    figures.record(f"bad input {arguments[-1]}", seconds=seconds, told=told[0])


@pytest.fixture
def fewer_customers(release: Release, cluster: Cluster, telco_path: Path) -> str:
    """Some of the real customers, where training reads them."""
    del release
    lines = telco_path.read_bytes().splitlines(keepends=True)[: FEWER + 1]
    with storage_of(cluster) as client:
        put_objects(client, "s3://churn-data/e2e/", {"fewer.csv": b"".join(lines)})
    return "s3://churn-data/e2e/fewer.csv"


def test_a_killed_training_pod_is_retried_and_reuses_what_was_done(
    fewer_customers: str, cluster: Cluster, figures: Figures, tmp_path: Path
) -> None:
    before = {pod.metadata.name for pod in cluster.pods(COMPONENT)}
    command = [sys.executable, "-m", "churn_cli", "train", "--on-cluster", "--namespace", NAMESPACE, "--json"]
    # Other customers and another seed than those of the other Jobs: nothing of theirs can be reused.
    command += ["--data", fewer_customers, "--no-promote", "--seed", "7", "--verbose"]
    started = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "CHURN_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        first = wait_until(lambda: _new_pod(cluster, before), 240, "training pod")
        wait_until(lambda: _candidates_done(cluster, first) >= 1, 600, "finished candidate", every=0.3)
        cluster.core.delete_namespaced_pod(first, NAMESPACE, grace_period_seconds=0)
        output, log = process.communicate(timeout=900)
    assert process.returncode == 0, log
    # A try may have ended early, before the network let its pod out; the last one did the work.
    (second,) = [
        pod.metadata.name
        for pod in cluster.pods(COMPONENT)
        if pod.metadata.name not in {*before, first} and pod.status.phase == "Succeeded"
    ]
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    reused = [line for line in cluster.log(second, "training").splitlines() if "reus" in line.lower()]
    assert reused, cluster.log(second, "training")
    assert result["uri"].startswith("s3://churn-models/")
    figures.record("training pod killed", seconds=round(time.monotonic() - started, 1), reused=reused)


def _new_pod(cluster: Cluster, before: set[str]) -> str:
    return next((pod.metadata.name for pod in cluster.pods(COMPONENT) if pod.metadata.name not in before), "")


def _candidates_done(cluster: Cluster, pod: str) -> int:
    """Candidates whose result the log names."""
    return sum("profit per customer" in line for line in cluster.log(pod, "training").splitlines())
