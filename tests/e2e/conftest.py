"""One installed release that the whole suite shares, in a fixed order; what fails leaves its evidence in ``.e2e/``.

``CHURN_E2E_KEEP=1`` uses a release that is already there and leaves it behind, for work on a single test and for what
follows the tests that measure nothing (``ci/e2e --rest``). With
``CHURN_E2E_THROWN_AWAY=1`` the release ends with its cluster (that it can be removed is proven by the first tests).
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kubernetes.client
import pytest
from kubernetes.client.exceptions import ApiException

from tests.e2e import evidence
from tests.e2e.cluster import SERVING, WORKLOADS, Cluster, is_ready, restarts
from tests.e2e.commands import ROOT, run, tool
from tests.e2e.figures import Figures
from tests.e2e.models import Model, fetch, train_on_cluster, upload_customers
from tests.e2e.release import Installed, Release
from tests.e2e.steady_load import GRPC_RATE, HTTP_RATE, SteadyLoad, Target
from tests.e2e.waiting import wait_until

NAMESPACE = "churn"
HTTP, GRPC = "http://127.0.0.1:30080", "127.0.0.1:30081"
FOLDER = ROOT / ".e2e"
CONFLICT = 409
KEEP = os.environ.get("CHURN_E2E_KEEP") == "1"
THROWN_AWAY = os.environ.get("CHURN_E2E_THROWN_AWAY") == "1"

# Installation first; what trains comes before what needs a second model; what disturbs most comes late.
ORDER = (
    "test_first_installation",
    "test_install",
    "test_pod_security",
    "test_network",
    "test_api_keys",
    "test_storage_rights",
    "test_train_and_serve",
    "test_pod_loss",
    "test_outages",
    "test_updates",
    "test_chart_upgrade",
    "test_canary",
    "test_refusals",
    "test_training_jobs",
    "test_scoring_job",
    "test_bad_values",
    "test_drain",
    "test_autoscaling",
    "test_prediction_log",
    "test_looking_back",
    "test_marketing",
    "test_monitors",
    "test_airflow",
    "test_backend_tls",
    "test_several_releases",
    "test_gitops",
    "test_rollouts",
    "test_airflow_delivery",
)

LoadStarter = Callable[..., SteadyLoad]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        name = item.path.stem
        return ORDER.index(name) if name in ORDER else len(ORDER)

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: Any = yield
    if report.failed and report.when in ("setup", "call"):
        try:
            evidence.collect(Cluster(NAMESPACE), FOLDER / "failures" / item.name.replace("/", "-"))
        except Exception as error:  # noqa: BLE001 - a cluster that is gone must not hide why the test failed
            report.sections.append(("evidence", f"could not be collected: {error}"))
    return report  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def figures() -> Figures:
    return Figures(FOLDER / "figures.json", goes_on=KEEP)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return Cluster(NAMESPACE)


@pytest.fixture(scope="session")
def release(cluster: Cluster, figures: Figures) -> Iterator[Release]:
    """The chart, installed into a namespace where the API server enforces the standard `restricted`."""
    release = Release("churn", NAMESPACE)
    installed = KEEP and run([tool("helm"), "status", "churn", "--namespace", NAMESPACE], 30).returncode == 0
    if not installed:
        create_namespace(cluster)
        started = time.monotonic()
        release.install()
        helm_returned = time.monotonic()
        release.when_installed = state_of(cluster, release)
        cluster.wait_rolled_out(*WORKLOADS)
        wait_until(lambda: cluster.inference_service_is_ready("churn-primary"), 240, "ready InferenceService")
        figures.record(
            "install",
            helm_install_seconds=round(helm_returned - started, 1),
            until_ready_seconds=round(time.monotonic() - started, 1),
        )
    yield release
    if not KEEP and not THROWN_AWAY:
        release.uninstall()
        cluster.core.delete_namespace(NAMESPACE)


def state_of(cluster: Cluster, release: Release) -> Installed:
    """What there is at this moment; no test may ask for it later, when everything has had more time."""
    pods = [pod for component in WORKLOADS for pod in cluster.pods(component)]
    return Installed(
        helm_test=release.try_test().stdout,
        unready=[pod.metadata.name for pod in pods if not is_ready(pod)],
        restarts={pod.metadata.name: restarts(pod) for pod in pods if restarts(pod)},
    )


def create_namespace(cluster: Cluster) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = kubernetes.client.V1ObjectMeta(name=NAMESPACE, labels=labels)
    try:
        cluster.core.create_namespace(kubernetes.client.V1Namespace(metadata=metadata))
    except ApiException as error:
        if error.status == CONFLICT:
            pytest.fail(f"namespace {NAMESPACE} exists: delete it, or reuse its release: CHURN_E2E_KEEP=1")
        raise


@pytest.fixture(scope="session")
def target(release: Release, cluster: Cluster, telco_path: Path) -> Target:
    """The gateway from outside: NodePorts on this machine, and the key that the installation made."""
    del release  # it must be there
    return Target(HTTP, GRPC, cluster.secret("churn-api-key-initial")["key"], telco_path)


@pytest.fixture
def at_rest(release: Release, cluster: Cluster) -> None:
    """Serving as it should be, so that a test sees only what it does itself."""
    del release
    cluster.wait_rolled_out(*SERVING)


@pytest.fixture
def start_load(target: Target, at_rest: None, request: pytest.FixtureRequest) -> LoadStarter:
    """Starts the load of a test, as a context manager; its records stay in ``.e2e/load``."""
    del at_rest
    records = FOLDER / "load" / f"{request.node.name}.jsonl"

    def start(http_rate: float = HTTP_RATE, grpc_rate: float = GRPC_RATE) -> SteadyLoad:
        return SteadyLoad(target, records, http_rate, grpc_rate)

    return start


@pytest.fixture(scope="session")
def customers_uploaded(release: Release, cluster: Cluster, telco_path: Path) -> None:
    """The real customers where training reads them."""
    del release
    upload_customers(cluster, telco_path)


Training = tuple[dict[str, Any], float, str]


@pytest.fixture(scope="session")
def training(customers_uploaded: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Future[Training]"]:
    """A Job that trains on the real customers: modules that measure nothing ask for it, so that it runs beside them."""
    del customers_uploaded
    with ThreadPoolExecutor(1) as pool:
        home = tmp_path_factory.mktemp("home")
        yield pool.submit(train_on_cluster, NAMESPACE, home, "--data", "s3://churn-data/telco.csv")


@pytest.fixture(scope="session")
def trained(
    training: "Future[Training]", cluster: Cluster, figures: Figures, tmp_path_factory: pytest.TempPathFactory
) -> Model:
    """A model that a Job on the cluster trained on the real customers; nobody serves it yet."""
    result, seconds, _ = training.result()
    assert result["data"]["simulated"] is False
    assert result["data"]["rows"] == 7043
    figures.record("training", job_seconds=seconds, winner=result["winner"], metrics=result["metrics"])
    return fetch(cluster, result, tmp_path_factory.mktemp("model"))
