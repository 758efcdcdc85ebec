"""What somebody new meets beside the way that README.md describes: too little room, a missing image, a second try.

Uses a namespace of its own and `make install`, as people do; the way itself is `ci/first-hour`.
"""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from tests.e2e.cluster import Cluster
from tests.e2e.commands import ROOT, run
from tests.e2e.release import Release
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(600)
NAMESPACE = "first"
NOT_FOUND = 404
# What README.md and the chart's say that helm leaves behind.
KEPT_BY_LABEL = "app.kubernetes.io/managed-by=churn-bootstrap"


@pytest.fixture
def first() -> Iterator[Cluster]:
    """An empty namespace of its own."""
    cluster = Cluster(NAMESPACE)
    remove(cluster)
    cluster.core.create_namespace({"metadata": {"name": NAMESPACE}})
    yield cluster
    Release("churn", NAMESPACE).uninstall()
    remove(cluster)


def remove(cluster: Cluster) -> None:
    def gone() -> bool:
        try:
            cluster.core.delete_namespace(cluster.namespace)
        except ApiException as error:
            return bool(error.status == NOT_FOUND)
        return False

    wait_until(gone, 120, f"end of namespace {cluster.namespace}", every=2)


def make_install(*settings: str) -> subprocess.CompletedProcess[str]:
    words = " ".join(f"--set {setting}" for setting in settings)
    return run(["make", "--no-print-directory", "install"], 420, {"NAMESPACE": NAMESPACE, "ARGS": words})


def test_what_finds_no_room_is_refused_before_anything_is_made(first: Cluster) -> None:
    refused = Release("churn", NAMESPACE).try_install("capacity.targetRequestsPerSecond=50000", preset=False)
    assert refused.returncode != 0
    assert "installation.checkCapacity: the nodes have no room for " in refused.stderr
    assert "free are\n  node1: " in refused.stderr
    assert "--values charts/churn/presets/small.yaml" in refused.stderr
    assert not first.core.list_namespaced_pod(NAMESPACE).items
    assert not first.core.list_namespaced_secret(NAMESPACE).items


def test_an_image_that_is_not_there_is_named_and_a_second_try_mends_it(first: Cluster) -> None:
    # As long as a busy node takes to fetch the model, which comes before the image that is not there.
    failed = make_install("primary.image.tag=none", "installation.waitSeconds=90")
    assert failed.returncode != 0
    # Under helm's own error stands what its hook saw.
    shown = failed.stderr.partition("installed, but after 90 s not answering as it should:")[2]
    assert "churn-primary-predictor-" in shown, failed.stderr
    assert "docker.io/churn-serving/predictor:none" in shown
    assert "push it to where image.registry says, or load it into them" in shown
    assert "context deadline exceeded" not in failed.stderr

    mended = make_install("primary.image.tag=")
    assert mended.returncode == 0, mended.stderr
    assert '"served_by": "primary"' in mended.stdout

    kept = {secret.metadata.name: secret.data for secret in kept_secrets(first)}
    assert "churn-api-keys" in kept
    Release("churn", NAMESPACE).uninstall()
    wait_until(lambda: not first.core.list_namespaced_service(NAMESPACE).items, 60, "end of the Services of KServe")
    claims = {claim.metadata.name for claim in first.core.list_namespaced_persistent_volume_claim(NAMESPACE).items}
    assert claims == {"churn-mlflow", "churn-object-storage"}
    again = make_install()
    assert again.returncode == 0, again.stderr
    assert '"served_by": "primary"' in again.stdout
    assert {secret.metadata.name: secret.data for secret in kept_secrets(first)} == kept


def kept_secrets(cluster: Cluster) -> list[Any]:
    return list(cluster.core.list_namespaced_secret(NAMESPACE, label_selector=KEPT_BY_LABEL).items)


def test_without_a_cluster_it_says_how_to_get_one() -> None:
    alone = {"KUBECONFIG": "", "CLUSTER_HOME": str(ROOT / "none-such")}
    ended = run(["make", "--no-print-directory", "install"], 60, alone)
    assert ended.returncode != 0
    assert "there is no cluster: start one with" in ended.stderr
