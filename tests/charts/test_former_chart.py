"""A release of the former chart is upgraded by this one to the same objects.

tests/charts/former holds the chart as it was before it became a family, packed by helm.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.charts.rendered import Chart, Document, nested
from tests.charts.test_environments import ENVS, files_of

FORMER = Path(__file__).parent / "former" / "churn-0.1.0.tgz"
NAMES = [
    *(f"ci/{name}-values.yaml" for name in ("default", "all-on", "external", "canary-on-fallback")),
    "presets/small.yaml",
]
# What an API server refuses to change, by kind; of Jobs and PriorityClasses nothing may.
IMMUTABLE = {
    "Deployment": ("spec.selector",),
    "PersistentVolumeClaim": ("spec.accessModes", "spec.storageClassName"),
    "RoleBinding": ("roleRef",),
    "Service": ("spec.clusterIP",),
    "Job": ("spec",),
    "PriorityClass": ("value", "preemptionPolicy"),
}
# What has changed since on purpose, by kind and end of name, with the reason; the packed chart itself never changes.
CHANGED = {
    ("ConfigMap", "-checks"): "what is waited for after an installation may be a part's pods alone; only hooks read it",
    ("PrometheusRule", "-alerts-cluster"): "pods of what was promoted last that end again and again are told of",
    ("PrometheusRule", "-objectives-model"): "prediction log and scores have objectives of their own",
    ("PrometheusRule", "-alerts-gateway"): "a gateway that has just been started is not told of at first sight",
    ("PrometheusRule", "-alerts-processes"): "nor are its tasks",
    ("PrometheusRule", "-alerts-prediction-log"): "segments that had bytes which are no records are told of",
    ("PrometheusRule", "-alerts-recordings"): "what those are measured by",
    ("ConfigMap", "-prometheus-rules"): "the same, of a Prometheus for development",
    ("ConfigMap", "-alertmanager"): "what is late now keeps quiet that its budget is spent",
    ("Deployment", "-alertmanager"): "that Alertmanager, which starts anew with its routes",
    ("ConfigMap", "-dashboard-serving"): "the dashboard of serving shows lost steps of traces",
    ("Deployment", "-prometheus"): "that Prometheus, which starts anew with its rules",
    ("ConfigMap", "-dashboard-rollout"): "the dashboard of rollouts shows copies for a canary",
}


@pytest.fixture(scope="module")
def former(helm: Path) -> Chart:
    return Chart(helm, FORMER)


def by_name(documents: list[Document]) -> dict[tuple[str, str], Document]:
    found = {}
    for document in documents:
        document["metadata"]["labels"].pop("helm.sh/chart", None)
        found[document["kind"], document["metadata"]["name"]] = document
    assert len(found) == len(documents)
    return found


def compare(before: dict[tuple[str, str], Document], after: dict[tuple[str, str], Document]) -> None:
    assert before.keys() == after.keys()
    for key, document in before.items():
        if not any(key[0] == kind and key[1].endswith(end) for kind, end in CHANGED):
            assert after[key] == document, key
        for path in IMMUTABLE.get(key[0], ()):
            assert reach(after[key], path) == reach(document, path), (key, path)


def reach(node: Any, path: str) -> Any:
    for word in path.split("."):
        node = node.get(word, {})
    return node


@pytest.mark.parametrize("release", ["churn", "retention"])
@pytest.mark.parametrize("name", NAMES)
def test_the_same_values_make_the_same_objects(chart: Chart, former: Chart, name: str, release: str) -> None:
    file = chart.folder / name
    before, after = (by_name(one.render(None, file, release=release)) for one in (former, chart))
    assert len(before) > 20
    compare(before, after)


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_environments_are_what_they_were(chart: Chart, former: Chart, environment: str, tmp_path: Path) -> None:
    files = [*files_of(environment, tmp_path), ENVS.parent / "argocd" / "values.yaml"]
    before, after = (by_name(one.render(None, *files)) for one in (former, chart))
    compare(before, after)


def test_jobs_that_wait_can_be_run(chart: Chart) -> None:
    """A pod that names a PriorityClass which is not there is refused, and its Job never ends."""
    for values in (nested(training__enabled=False), nested(training__enabled=False, scoring__enabled=False)):
        documents = chart.render(values)
        made = {one["metadata"]["name"] for one in documents if one["kind"] == "PriorityClass"}
        assert named_classes(documents) <= made


def named_classes(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["priorityClassName"]} if "priorityClassName" in node else set()
        return own.union(*(named_classes(value) for value in node.values()))
    return set().union(*(named_classes(value) for value in node)) if isinstance(node, list) else set()
