"""The fewest pods follow from what was measured."""

from fractions import Fraction
from math import ceil
from typing import Any

import pytest

from tests.charts.rendered import Chart, Refused, nested, only

COMPONENTS = ("gateway", "primary", "fallback")
TABLE = [
    # target, headroom, measured, lost
    (500, 0.6, 200, 1),
    (500, 0.6, 300, 1),
    (500, 0.6, 400, 1),
    (500, 0.6, 600, 1),
    (500, 0.6, 1000, 1),
    (500, 0.6, 2000, 0),
    (600, 0.6, 1000, 1),  # exactly one pod's plan
    (601, 0.6, 1000, 1),
    (57, 0.57, 100, 0),  # 0.57 * 100 is less than 57 in binary
    (1100, 0.55, 1000, 0),  # 0.55 * 1000 is more than 550 in binary
    (1, 1, 1_000_000, 2),
    (1_000_000, 0.05, 777.5, 3),
]


def expected(target: float, headroom: float, measured: float, lost: int) -> int:
    return ceil(Fraction(str(target)) / (Fraction(str(headroom)) * Fraction(str(measured)))) + lost


@pytest.mark.parametrize(("target", "headroom", "measured", "lost"), TABLE)
def test_fewest_pods(chart: Chart, target: float, headroom: float, measured: float, lost: int) -> None:
    wanted = expected(target, headroom, measured, lost)
    documents = chart.render(capacity(target, headroom, measured, lost))
    for component in COMPONENTS:
        spec = only(documents, "HorizontalPodAutoscaler", f"churn-{component}")["spec"]
        assert (spec["minReplicas"], spec["maxReplicas"]) == (wanted, 3 * wanted)


@pytest.mark.parametrize("component", COMPONENTS)
def test_each_component_has_its_own_measure(chart: Chart, component: str) -> None:
    documents = chart.render({"capacity": {"measuredRequestsPerSecondPerPod": {component: 100}}})
    found = {
        name: only(documents, "HorizontalPodAutoscaler", f"churn-{name}")["spec"]["minReplicas"] for name in COMPONENTS
    }
    defaults = {"gateway": 2, "primary": 2, "fallback": 2}
    assert found == defaults | {component: 10}


def test_fixed_pods_without_autoscalers_are_the_same_number(chart: Chart) -> None:
    off = {name: {"autoscaling": {"enabled": False}} for name in COMPONENTS}
    documents = chart.render(capacity(500, 0.6, 200, 1) | off)
    assert not [one for one in documents if one["kind"] == "HorizontalPodAutoscaler"]
    assert only(documents, "Deployment", "churn-gateway")["spec"]["replicas"] == 6
    assert only(documents, "Deployment", "churn-fallback")["spec"]["replicas"] == 6
    assert only(documents, "InferenceService", "churn-primary")["spec"]["predictor"]["minReplicas"] == 6


def test_a_given_number_wins(chart: Chart) -> None:
    documents = chart.render(nested(primary__autoscaling__minReplicas=7, primary__autoscaling__maxReplicas=7))
    spec = only(documents, "HorizontalPodAutoscaler", "churn-primary")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (7, 7)


def test_a_number_can_be_given_back(chart: Chart) -> None:
    """Helm takes null for: forget the key."""
    documents = chart.render(nested(primary__autoscaling__minReplicas=None, primary__autoscaling__maxReplicas=None))
    assert only(documents, "HorizontalPodAutoscaler", "churn-primary")["spec"]["minReplicas"] == 2


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_pod_that_is_planned_for_nothing_is_refused(chart: Chart, component: str) -> None:
    values = {"capacity": {"headroom": 0.5, "measuredRequestsPerSecondPerPod": {component: 1.9}}}
    with pytest.raises(Refused, match=rf"capacity\.measuredRequestsPerSecondPerPod\.{component}: "):
        chart.render(values)


@pytest.mark.parametrize("component", COMPONENTS)
def test_fewer_at_most_than_at_least_is_refused(chart: Chart, component: str) -> None:
    with pytest.raises(Refused, match=rf"{component}\.autoscaling\.maxReplicas: 1 is less than the 2 pods"):
        chart.render({component: {"autoscaling": {"maxReplicas": 1}}})


def capacity(target: float, headroom: float, measured: float, lost: int) -> dict[str, Any]:
    return {
        "capacity": {
            "targetRequestsPerSecond": target,
            "headroom": headroom,
            "lostPods": lost,
            "measuredRequestsPerSecondPerPod": dict.fromkeys(COMPONENTS, measured),
        }
    }
