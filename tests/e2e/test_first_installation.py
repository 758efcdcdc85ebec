"""What somebody new meets beside the way of docs/operate/install.md: too little room, a missing image, a second try.

Uses a namespace of its own and `make install`, as people do; the way itself is `ci/first-hour`.
"""

import ssl
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from kubernetes.client.exceptions import ApiException

from certificates import CertificateAuthority
from tests.e2e.cluster import Cluster
from tests.e2e.commands import ROOT, run
from tests.e2e.inside import forwarded
from tests.e2e.release import CHART, Release
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)
NAMESPACE = "first"
NOT_FOUND = 404
FETCH_SECONDS = 150
"""As long as a busy node takes to fetch the model, which comes before the image that is not there."""
# What docs/operate/install.md and the chart's README say that helm leaves behind.
KEPT_BY_LABEL = "app.kubernetes.io/managed-by=churn-bootstrap"
ENCRYPTED = CHART / "presets" / "tls.yaml"


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

    wait_until(gone, 300, f"end of namespace {cluster.namespace}", every=2)


def make_install(*words: str) -> subprocess.CompletedProcess[str]:
    return run(["make", "--no-print-directory", "install"], 700, {"NAMESPACE": NAMESPACE, "ARGS": " ".join(words)})


def test_what_finds_no_room_is_refused_before_anything_is_made(first: Cluster) -> None:
    refused = Release("churn", NAMESPACE).try_install("capacity.targetRequestsPerSecond=50000", preset=False)
    assert refused.returncode != 0
    assert "installation.checkCapacity: the nodes have no room for " in refused.stderr
    assert "free are\n  node1: " in refused.stderr
    assert "--values charts/churn/presets/small.yaml" in refused.stderr
    assert not first.core.list_namespaced_pod(NAMESPACE).items
    assert not first.core.list_namespaced_secret(NAMESPACE).items


def test_an_image_that_is_not_there_is_named_and_a_second_try_mends_it(first: Cluster) -> None:
    failed = make_install("--set primary.image.tag=none", f"--set installation.waitSeconds={FETCH_SECONDS}")
    assert failed.returncode != 0
    # Under helm's own error stands what its hook saw.
    shown = failed.stderr.partition(f"installed, but after {FETCH_SECONDS} s not answering as it should:")[2]
    assert "churn-primary-predictor-" in shown, failed.stderr
    assert "docker.io/churn-serving/predictor:none" in shown
    assert "push it to where image.registry says, or load it into them" in shown
    assert "context deadline exceeded" not in failed.stderr

    mended = make_install("--set primary.image.tag=")
    assert mended.returncode == 0, mended.stderr
    assert '"served_by": "primary"' in mended.stdout

    kept = {secret.metadata.name: secret.data for secret in kept_secrets(first)}
    assert "churn-api-keys" in kept
    Release("churn", NAMESPACE).uninstall()
    wait_until(lambda: not first.core.list_namespaced_service(NAMESPACE).items, 240, "end of the Services of KServe")
    claims = {claim.metadata.name for claim in first.core.list_namespaced_persistent_volume_claim(NAMESPACE).items}
    assert claims == {"churn-mlflow", "churn-object-storage"}
    authority = CertificateAuthority("of the company")
    bring_certificates(first, authority)
    again = make_install(f"--values {ENCRYPTED}")
    assert again.returncode == 0, again.stderr
    assert '"served_by": "primary"' in again.stdout
    for component, name in (("primary", "churn-primary-predictor"), ("fallback", "churn-fallback")):
        assert_speaks_tls_alone(first, component, f"{name}.{NAMESPACE}.svc", authority)
    assert {secret.metadata.name: secret.data for secret in kept_secrets(first)} == kept


def bring_certificates(cluster: Cluster, authority: CertificateAuthority) -> None:
    """The three Secrets that the preset names."""
    backends = {"churn-primary-tls": "churn-primary-predictor", "churn-fallback-tls": "churn-fallback"}
    texts = {"churn-backends-authority": {"ca.crt": authority.certificate.decode()}}
    for secret, service in backends.items():
        pair = authority.pair(f"{service}.{NAMESPACE}.svc")
        texts[secret] = {"tls.crt": pair.certificate.decode(), "tls.key": pair.key.decode()}
    for secret, content in texts.items():
        cluster.core.create_namespaced_secret(NAMESPACE, {"metadata": {"name": secret}, "stringData": content})


def assert_speaks_tls_alone(cluster: Cluster, component: str, name: str, authority: CertificateAuthority) -> None:
    """A pod of it shows a certificate of its own name, and answers nothing in the clear."""
    context = ssl.create_default_context(cadata=authority.certificate.decode())
    (pod, *_) = cluster.wait_ready(component, 1)
    with forwarded(NAMESPACE, pod.metadata.name, 8080) as port, httpx.Client(verify=context, timeout=60) as client:
        shown = client.get(f"https://127.0.0.1:{port}/v2/health/ready", extensions={"sni_hostname": name})
        assert shown.status_code == 200, shown.text
    with forwarded(NAMESPACE, pod.metadata.name, 8080) as port, pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/v2/health/ready", timeout=60)


def kept_secrets(cluster: Cluster) -> list[Any]:
    return list(cluster.core.list_namespaced_secret(NAMESPACE, label_selector=KEPT_BY_LABEL).items)


def test_without_a_cluster_it_says_how_to_get_one() -> None:
    alone = {"KUBECONFIG": "", "CLUSTER_HOME": str(ROOT / "none-such")}
    ended = run(["make", "--no-print-directory", "install"], 60, alone)
    assert ended.returncode != 0
    assert "there is no cluster: start one with" in ended.stderr
