"""Every answer is one row in object storage, while pods are deleted and all are replaced; the release began without a
log, so its object storage got one user more."""

import io
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from churn_model.prediction_log.pseudonyms import read_pseudonym_keys
from tests.e2e.cluster import WORKLOADS, Cluster
from tests.e2e.conftest import LoadStarter
from tests.e2e.customers import read_customers
from tests.e2e.figures import Figures
from tests.e2e.release import Release
from tests.e2e.steady_load import CUSTOMERS, Target
from tests.e2e.storage import PREDICTION_LOG, refusal, storage_of
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)
BUCKET, FOLDER = "churn-data", "predictions/"
SEGMENT_SECONDS, PASS_SECONDS = 2, 5
DENIED, ALLOWED = "AccessDenied", ""


@pytest.fixture(scope="module")
def keeping(release: Release, cluster: Cluster) -> None:
    """The release keeps answers from now on; what comes later has nothing against it."""
    cluster.wait_rolled_out(*WORKLOADS)
    former = accounts(cluster)
    release.upgrade("gateway.predictionLog.enabled=true", f"gateway.predictionLog.segmentSeconds={SEGMENT_SECONDS}")
    user = cluster.secret(PREDICTION_LOG)["AWS_ACCESS_KEY_ID"]
    assert accounts(cluster).keys() == former.keys() | {user}
    assert former.items() <= accounts(cluster).items()
    cluster.wait_settled("gateway")
    with storage_of(cluster, PREDICTION_LOG) as client:  # it has its user, and the user rights
        wait_until(lambda: not refusal(client.list_objects_v2, Bucket=BUCKET, Prefix=FOLDER), 400, "rights of the log")


def accounts(cluster: Cluster) -> dict[str, Any]:
    """The users of the object storage as its Secret names them."""
    found: dict[str, Any] = json.loads(cluster.secret("churn-object-storage-users")["users.json"])["accessAccounts"]
    return found


class Rows:
    """What lies in object storage; a table is read once, since its name says all of it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._tables: dict[str, list[dict[str, Any]]] = {}

    def since(self, moment: float) -> list[dict[str, Any]]:
        """Rows of answers that were given at or after a moment (Unix seconds)."""
        with storage_of(self._cluster) as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=FOLDER)
            names = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
            for name in set(names) - self._tables.keys():
                content = client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
                table = pyarrow.parquet.read_table(io.BytesIO(content), columns=["time", "request_id", "customer"])
                self._tables[name] = table.to_pylist()
        return [row for rows in self._tables.values() for row in rows if row["time"].timestamp() >= moment]


def test_every_answer_is_one_row_through_deleted_pods_and_a_rolling_restart(
    keeping: None,
    start_load: LoadStarter,
    cluster: Cluster,
    figures: Figures,
    target: Target,
    tmp_path: Path,
) -> None:
    del keeping
    rows, started = Rows(cluster), time.time()
    with start_load() as load:
        before = {pod.metadata.name for pod in cluster.pods("gateway")}
        delete_one_gateway(cluster)
        cluster.wait_new("gateway", before)
        cluster.wait_rolled_out("gateway")
        delete_one_gateway(cluster)  # and while another one is made, all are replaced
        seconds = restart_gateway(cluster)
        load.wait_for_only("primary", 180)
        tally = load.stop()
    answers = len(tally.records) - len(tally.failures)
    wait_until(lambda: len(rows.since(started)) >= answers, 400, f"{answers} rows", every=2)
    time.sleep(2 * SEGMENT_SECONDS + PASS_SECONDS)  # what came twice would come now
    found = rows.since(started)
    assert max(Counter(row["request_id"] for row in found).values()) == 1
    assert Counter(row["customer"] for row in found) == expected(cluster, target, tally.records, tmp_path)
    tally.assert_none_failed(1500)
    tally.assert_models_answered()
    figures.record(
        "prediction log through deletions and a rolling restart of the gateway",
        **tally.figures(),
        rows=len(found),
        rollout_seconds=seconds,
    )


def expected(cluster: Cluster, target: Target, records: Any, folder: Path) -> Counter[bytes]:
    """How often each customer was answered, by the hash that the log keeps."""
    (folder / "keys.json").write_text(cluster.secret("churn-prediction-log-keys")["prediction-log.json"])
    key = read_pseudonym_keys(folder / "keys.json")[-1]
    ids = read_customers(target.data, CUSTOMERS).ids
    return Counter(key.of(ids[record.customer]) for record in records if not record.failure)


def delete_one_gateway(cluster: Cluster) -> None:
    """As `kubectl delete pod` does, with the grace that the pod asks for."""
    victim = cluster.wait_ready("gateway", 2)[0].metadata.name
    cluster.core.delete_namespaced_pod(victim, cluster.namespace)


def restart_gateway(cluster: Cluster) -> float:
    """Replace all gateway pods, one after another, until the last former one has ended; the seconds that took."""
    before = {pod.metadata.name for pod in cluster.pods("gateway")}
    started = time.time()
    cluster.restart("gateway")
    cluster.wait_new("gateway", before)
    cluster.wait_settled("gateway")
    assert not before & {pod.metadata.name for pod in cluster.pods("gateway")}
    return round(time.time() - started, 1)


def test_who_takes_the_log_there_can_do_nothing_else(keeping: None, cluster: Cluster) -> None:
    del keeping
    probe = {"Bucket": BUCKET, "Key": f"{FOLDER}_probe"}
    with storage_of(cluster, PREDICTION_LOG) as client:
        assert refusal(client.put_object, **probe, Body=b"x") == ALLOWED
        assert refusal(client.list_objects_v2, Bucket=BUCKET, Prefix=FOLDER) == ALLOWED
        assert refusal(client.get_object, **probe) == DENIED
        assert refusal(client.delete_object, **probe) == ALLOWED
        assert refusal(client.list_objects_v2, Bucket=BUCKET) == DENIED
        assert refusal(client.put_object, Bucket=BUCKET, Key="telco.csv", Body=b"x") == DENIED
        assert refusal(client.delete_object, Bucket=BUCKET, Key="telco.csv") == DENIED
        assert refusal(client.get_object, Bucket=BUCKET, Key="telco.csv") == DENIED
        assert refusal(client.list_objects_v2, Bucket="churn-models") == DENIED
