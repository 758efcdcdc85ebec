"""Parts can be switched off and used alone, and nothing of them is left."""

import itertools
from typing import Any

import pytest

from tests.charts.rendered import Chart, nested, pods

ELSEWHERE = {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [443]}
NAMED: dict[str, Any] = nested(networkPolicy__objectStorage=ELSEWHERE, networkPolicy__mlflow=ELSEWHERE)
PARTS: dict[str, dict[str, Any]] = {
    "gateway": nested(gateway__enabled=False),
    "primary": nested(primary__enabled=False),
    "fallback": nested(fallback__enabled=False),
    "mlflow": {**NAMED, **nested(mlflow__enabled=False, mlflow__externalUri="https://mlflow.example.com")},
    "object-storage": {**NAMED, **nested(objectStorage__enabled=False)},
    "training": nested(training__enabled=False),
    "scoring": nested(scoring__enabled=False),
    "bootstrap": nested(secrets__bootstrap=False),
}
MONITORS = nested(monitoring__development__enabled=True)
# With nobody to ask, a gateway is refused: test_bad_values.
PAIRS = [pair for pair in itertools.combinations(PARTS, 2) if set(pair) != {"primary", "fallback"}]


def off(*parts: str) -> dict[str, Any]:
    return {key: value for part in parts for key, value in PARTS[part].items()}


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_left_of_a_part_that_is_off(chart: Chart, part: str) -> None:
    for document in chart.render(off(part)):
        labels = document["metadata"]["labels"]
        assert labels.get("app.kubernetes.io/component") != part, document["metadata"]["name"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_stands_alone(chart: Chart, part: str) -> None:
    others = [name for name in PARTS if name != part]
    if part == "gateway":
        others.remove("fallback")
    documents = chart.render(off(*others))
    helpers = {
        "gateway": {"fallback", "first-answer", "test"},
        "primary": {"storage-setup"},
        "object-storage": {"storage-setup"},
    }
    assert {pod.component for pod in pods(documents)} == {part, *helpers.get(part, set())}


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_any_two_can_be_off(chart: Chart, pair: tuple[str, str]) -> None:
    running = {pod.component for pod in pods(chart.render(off(*pair)))}
    assert not running & set(pair)


def test_monitors_are_there_when_they_are_asked_for(chart: Chart) -> None:
    usual, more = ({pod.component for pod in pods(chart.render(values))} for values in ({}, MONITORS))
    assert more - usual == {"prometheus", "alertmanager"}


def test_two_releases_share_nothing(chart: Chart) -> None:
    def names(release: str) -> set[tuple[str, str]]:
        return {(one["kind"], one["metadata"]["name"]) for one in chart.render(MONITORS, release=release)}

    assert not names("blue") & names("green")
