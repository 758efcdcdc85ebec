"""`helm install` brings everything up on a namespace that enforces `restricted`, and a starter model answers."""

from operator import itemgetter
from typing import Any

import pytest

from patience import post
from tests.e2e.cluster import SERVING, Cluster, seconds_to_ready
from tests.e2e.customers import read_customers
from tests.e2e.figures import Figures
from tests.e2e.release import Release
from tests.e2e.steady_load import Target
from tests.e2e.ways import until_the_first

pytestmark = pytest.mark.timeout(900)


def test_everything_is_ready(release: Release, cluster: Cluster) -> None:
    del release
    assert cluster.inference_service_is_ready("churn-primary")
    status = cluster.inference_service("churn-primary")["status"]
    assert status["modelStatus"]["transitionStatus"] == "UpToDate"
    namespace = cluster.core.read_namespace(cluster.namespace)
    assert namespace.metadata.labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_helm_returned_when_everything_was_ready_and_nothing_had_failed_before(release: Release) -> None:
    if release.when_installed is None:
        pytest.fail("the release was there already: run without CHURN_E2E_KEEP=1")
    assert release.when_installed.unready == []
    assert release.when_installed.restarts == {}
    assert "Phase:          Succeeded" in release.when_installed.helm_test


def test_the_starter_model_answers_and_is_said_to_be_simulated(target: Target) -> None:
    customers = read_customers(target.data, 3)

    def ask() -> dict[str, Any]:
        answer = post(
            f"{target.http}/v1/predictions",
            json={"customers": [customers.record(index) for index in range(3)]},
            headers={"Authorization": f"Bearer {target.key}"},
        )
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    document = until_the_first(ask, itemgetter("served_by"))
    assert document["served_by"] == "primary"
    assert document["model"]["simulated"] is True
    assert [one["customer_id"] for one in document["predictions"]] == customers.ids


def test_helm_test_passes(release: Release) -> None:
    assert "Phase:          Succeeded" in release.test()


@pytest.mark.parametrize("component", SERVING)
def test_a_pod_that_goes_is_replaced(release: Release, cluster: Cluster, figures: Figures, component: str) -> None:
    """How soon is a figure: at installation everything starts at once on few cores, here one pod alone."""
    del release
    first = [seconds_to_ready(pod) for pod in cluster.ready_pods(component)]
    before = {pod.metadata.name for pod in cluster.pods(component)}
    cluster.core.delete_namespaced_pod(min(before), cluster.namespace)
    alone = [seconds_to_ready(pod) for pod in cluster.wait_new(component, before)]
    figures.record(f"start of {component}", at_installation=first, alone=alone)
