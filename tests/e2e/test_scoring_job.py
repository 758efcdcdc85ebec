"""A folder scored by an indexed Job: every customer is answered once, also when the pod of a shard is killed."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas
import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.commands import ROOT
from tests.e2e.conftest import NAMESPACE
from tests.e2e.figures import Figures
from tests.e2e.release import Release
from tests.e2e.storage import TRAINING, objects_at, place_of, put_objects, storage_of
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1200)
FILES, ROWS = 100, 20
INDEX = "batch.kubernetes.io/job-completion-index"
FOLDER, ANSWERS = "s3://churn-data/to-score/", "s3://churn-data/scores/e2e/"


@pytest.fixture
def storage(release: Release, cluster: Cluster) -> Iterator[Any]:
    """The object storage as its administrator has it, who puts customers there."""
    del release
    with storage_of(cluster) as client:
        yield client


@pytest.fixture
def customers(storage: Any, telco_path: Path) -> set[str]:
    """Ids of the customers in many small files and in a Parquet file of two row groups."""
    frame = pandas.read_csv(telco_path, dtype=str)[: (FILES + 2) * ROWS]
    parts = {f"{number:03d}.csv": _csv(frame[number * ROWS :][:ROWS]) for number in range(FILES)}
    rest = io.BytesIO()
    frame[FILES * ROWS :].to_parquet(rest, index=False, row_group_size=ROWS)
    put_objects(storage, FOLDER, {**parts, "rest.parquet": rest.getvalue()})
    return set(frame["customerID"])


def test_a_killed_shard_goes_on_and_every_customer_is_answered_once(
    customers: set[str], storage: Any, cluster: Cluster, figures: Figures, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "churn_cli", "score", FOLDER, ANSWERS, "--on-cluster", "--namespace", NAMESPACE]
    with ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(
                [*command, "--shards", "2", "--parallelism", "2", "--json"],
                cwd=ROOT,
                env={**os.environ, "CHURN_HOME": str(tmp_path)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(process.kill)
        # Shards take turns by name: the first file is of shard 0.
        wait_until(lambda: _is_there(storage, f"{ANSWERS}000.csv.csv.done"), 400, "first answers", every=0.1)
        # A try may have ended early, before the network let its pod out.
        (killed,) = [
            pod
            for pod in cluster.pods("scoring")
            if pod.metadata.annotations[INDEX] == "0" and pod.status.phase == "Running"
        ]
        cluster.core.delete_namespaced_pod(killed.metadata.name, NAMESPACE, grace_period_seconds=0)
        output, log = process.communicate(timeout=600)
    assert process.returncode == 0, log
    result = json.loads(output.splitlines()[-1])
    assert (result["shards"], result["unheard"], result["rows"]) == (2, 0, len(customers))
    assert result["reused"] >= 1, log
    assert result["written"] + result["reused"] == FILES + 2
    assert _answered(storage) == sorted(customers)
    told = ("seconds", "shards", "rows", "written", "reused")
    figures.record("scoring in two shards, one pod killed", **{name: result[name] for name in told})


def test_answers_go_nowhere_but_below_scores(customers: set[str], cluster: Cluster) -> None:
    del customers
    with storage_of(cluster, TRAINING) as client:
        client.put_object(Bucket="churn-data", Key="scores/e2e-probe", Body=b"")
        with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
            client.put_object(Bucket="churn-data", Key="to-score/000.csv", Body=b"")


def _is_there(storage: Any, uri: str) -> bool:
    bucket, prefix = place_of(uri)
    return bool(storage.list_objects_v2(Bucket=bucket, Prefix=prefix.rstrip("/")).get("Contents"))


def _csv(frame: pandas.DataFrame) -> bytes:
    text: str = frame.to_csv(index=False)
    return text.encode()


def _answered(storage: Any) -> list[str]:
    """Ids of all answers."""
    stored = objects_at(storage, ANSWERS)
    tables = [body.decode() for name, body in stored.items() if name.endswith(".csv")]
    return sorted(row["id"] for table in tables for row in csv.DictReader(io.StringIO(table)))
