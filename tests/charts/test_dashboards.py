"""Dashboards reach the cluster as they were made and tested, where Grafana's sidecar looks for them."""

import json
from pathlib import Path
from typing import Any

from tests.charts.rendered import Chart, nested

FOLDER = Path(__file__).resolve().parents[2] / "manifests" / "dashboards"


def config_maps(chart: Chart, **values: Any) -> list[dict[str, Any]]:
    documents = chart.render(nested(**values))
    return [one for one in documents if one["kind"] == "ConfigMap" and "-dashboard-" in one["metadata"]["name"]]


def test_none_is_there_unasked(chart: Chart) -> None:
    assert config_maps(chart) == []


def test_every_dashboard_is_there_as_it_was_made(chart: Chart) -> None:
    made = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
    assert len(made) > 5
    found = config_maps(chart, monitoring__dashboards__enabled=True)
    assert {name: json.loads(text) for one in found for name, text in one["data"].items()} == made
    assert all(one["metadata"]["labels"]["grafana_dashboard"] == "1" for one in found)
    assert all(one["metadata"]["annotations"] == {"grafana_folder": "Churn Serving"} for one in found)
    assert len({one["metadata"]["name"] for one in found}) == len(made)


def test_labels_are_those_that_a_sidecar_selects_by(chart: Chart) -> None:
    asked = {"enabled": True, "labels": {"dashboards": "yes"}, "annotations": {"grafana_folder": "Ours"}}
    found = config_maps(chart, monitoring__dashboards=asked)
    assert {
        (one["metadata"]["labels"]["dashboards"], one["metadata"]["labels"]["grafana_dashboard"]) for one in found
    } == {("yes", "1")}
    assert all(one["metadata"]["annotations"] == {"grafana_folder": "Ours"} for one in found)
