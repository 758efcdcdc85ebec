"""Traces by values: where a collector is named everybody who answers is told of it, and nobody where none is."""

import pytest

from tests.charts.rendered import Chart, Refused, nested, pods

URL = "http://collector.observability:4318/v1/traces"
CANARY = {"enabled": True, "model": {"uri": "s3://churn-models/2/"}}
PREFIXES = {
    "gateway": "CHURN_GATEWAY",
    "primary": "CHURN_PREDICTOR",
    "canary": "CHURN_PREDICTOR",
    "fallback": "CHURN_BENTO",
}


def told(chart: Chart, **values: object) -> dict[str, dict[str, str]]:
    """What pods that answer are told of traces, by component."""
    return {
        pod.component: {
            one["name"]: one["value"] for one in pod.spec["containers"][0]["env"] if "_TRACES_" in one["name"]
        }
        for pod in pods(chart.render({**nested(**values), "canary": CANARY}))
        if pod.component in PREFIXES and not pod.owner.startswith("Job")
    }


def test_everybody_who_answers_is_told_of_the_collector(chart: Chart) -> None:
    found = told(chart, tracing__url=URL, tracing__share=0.25)
    wanted = {component: {f"{prefix}_TRACES_URL": URL} for component, prefix in PREFIXES.items()}
    wanted["gateway"]["CHURN_GATEWAY_TRACES_SHARE"] = "0.25"
    assert found == wanted


def test_nobody_is_told_of_one_that_is_not_there(chart: Chart) -> None:
    assert told(chart) == {component: {} for component in PREFIXES}


@pytest.mark.parametrize(
    "values", [{"tracing__url": "collector:4318"}, {"tracing__share": 2}], ids=["address", "share"]
)
def test_what_is_none_is_refused(chart: Chart, values: dict[str, object]) -> None:
    with pytest.raises(Refused, match="tracing"):
        chart.render(nested(**values))
