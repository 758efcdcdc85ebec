"""TLS between the gateway and those it asks, switched on, renewed, forged and switched off again under load.

What each pod believes and shows is tested without a cluster (`tests/charts/test_tls.py` and
`tests/integration/test_tls.py`); here it is that Secrets arrive in pods that run, and that customers notice nothing. It
takes longer than continuous integration has for it: `ci/e2e --delivery`.
"""

import base64
import ssl
from collections.abc import Iterator

import kubernetes.client
import pytest

from certificates import CertificateAuthority, Pair
from tests.e2e.cluster import SERVING, Cluster
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.inside import forwarded
from tests.e2e.release import CHART, Release
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)
PRESET = CHART / "presets" / "tls.yaml"
HOSTS = {"primary": "churn-primary-predictor", "fallback": "churn-fallback"}
PORT = 8080
SYNC_SECONDS = 300
"""The kubelet looks at mounted Secrets once a minute or so."""
COMPANY, STRANGER = CertificateAuthority("company"), CertificateAuthority("stranger")


def pair_of(cluster: Cluster, name: str, authority: CertificateAuthority = COMPANY) -> Pair:
    """A certificate for a backend's name on the cluster."""
    return authority.pair(f"{HOSTS[name]}.{cluster.namespace}.svc")


def put(cluster: Cluster, name: str, **files: bytes) -> None:
    """Make a Secret or replace it."""
    data: dict[str, bytes | str] = {
        key.replace("_", "."): base64.b64encode(content).decode() for key, content in files.items()
    }
    secret = kubernetes.client.V1Secret(metadata=kubernetes.client.V1ObjectMeta(name=name), data=data)
    if name in {one.metadata.name for one in cluster.core.list_namespaced_secret(cluster.namespace).items}:
        cluster.core.replace_namespaced_secret(name, cluster.namespace, secret)
    else:
        cluster.core.create_namespaced_secret(cluster.namespace, secret)


def show(cluster: Cluster, name: str, pair: Pair) -> None:
    """Renew a backend's certificate and return when each of its pods shows it."""
    put(cluster, f"churn-{name}-tls", tls_crt=pair.certificate, tls_key=pair.key)
    wait_until(
        lambda: all(shown(cluster, pod.metadata.name) == pair.certificate for pod in cluster.ready_pods(name)),
        SYNC_SECONDS,
        f"new certificate in each pod of {name}",
        every=5,
    )


def shown(cluster: Cluster, pod: str) -> bytes | None:
    """The certificate that a pod shows to a new connection; None: what it says is no TLS."""
    with forwarded(cluster.namespace, pod, PORT) as port:
        try:
            return ssl.get_server_certificate(("127.0.0.1", port), timeout=30).encode()
        except ssl.SSLError:
            return None


@pytest.fixture(scope="module")
def secured(release: Release, cluster: Cluster) -> Iterator[Release]:
    """With the Secrets that the preset names; afterwards everything is in the clear again."""
    put(cluster, "churn-backends-authority", ca_crt=COMPANY.certificate)
    for name in HOSTS:
        pair = pair_of(cluster, name)
        put(cluster, f"churn-{name}-tls", tls_crt=pair.certificate, tls_key=pair.key)
    yield release
    for name in ("churn-backends-authority", "churn-primary-tls", "churn-fallback-tls"):
        cluster.core.delete_namespaced_secret(name, cluster.namespace)


def test_it_is_switched_on_and_nobody_notices(
    secured: Release, cluster: Cluster, start_load: LoadStarter, figures: Figures
) -> None:
    assert not any(shown(cluster, pod.metadata.name) for pod in cluster.ready_pods("fallback"))
    with start_load() as load:
        secured.upgrade_by(PRESET)
        cluster.wait_settled(*SERVING)
        load.wait_for_only("primary", 180)
        tally = load.stop()
    tally.assert_none_failed(1000)
    for name in HOSTS:
        assert all(shown(cluster, pod.metadata.name) for pod in cluster.ready_pods(name)), name
    figures.record("TLS to backends switched on", **tally.figures())


def test_a_renewed_certificate_arrives_without_a_restart(
    secured: Release, cluster: Cluster, start_load: LoadStarter, figures: Figures
) -> None:
    del secured
    before = {name: cluster.templates(name) for name in SERVING}
    with start_load() as load:
        for name in HOSTS:
            show(cluster, name, pair_of(cluster, name))
        load.wait_for_only("primary", 180)
        tally = load.stop()
    tally.assert_none_failed(1000)
    tally.assert_the_primary_stayed()
    assert all(cluster.templates(name) <= before[name] for name in SERVING)
    figures.record("certificates of backends renewed", **tally.figures())


def test_a_forged_primary_gets_no_customer(
    secured: Release, cluster: Cluster, start_load: LoadStarter, figures: Figures
) -> None:
    """Its pods are replaced, so that no connection of before is left; then its own certificate comes back."""
    del secured
    with start_load() as load:
        show(cluster, "primary", pair_of(cluster, "primary", STRANGER))
        cluster.restart_primary()
        cluster.wait_settled("primary")
        load.wait_for_only("fallback", 180, never="primary")
        show(cluster, "primary", pair_of(cluster, "primary"))
        load.wait_for_only("primary", 180)
        tally = load.stop()
    tally.assert_none_failed(1000)
    figures.record("certificate of the primary forged", **tally.figures())


def test_it_is_switched_off_again_and_nobody_notices(
    secured: Release, cluster: Cluster, start_load: LoadStarter, figures: Figures
) -> None:
    with start_load() as load:
        secured.upgrade("tls.backends.enabled=false")
        cluster.wait_settled(*SERVING)
        load.wait_for_only("primary", 180)
        tally = load.stop()
    tally.assert_none_failed(1000)
    figures.record("TLS to backends switched off", **tally.figures())
