"""Objectives and alerts reach the cluster as they were made and tested: all of them, word for word."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.charts.rendered import Chart, nested

MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"
SOURCES = sorted([*(MANIFESTS / "slo/generated").glob("*.yaml"), *(MANIFESTS / "alerts").glob("*.yaml")])


def groups(chart: Chart, **values: Any) -> dict[str, Any]:
    documents = chart.render(nested(monitoring__prometheusRules__enabled=True, **values))
    rules = [one for one in documents if one["kind"] == "PrometheusRule"]
    return {group["name"]: group for rule in rules for group in rule["spec"]["groups"]}


def made() -> dict[str, Any]:
    return {group["name"]: group for path in SOURCES for group in yaml.safe_load(path.read_text())["groups"]}


def test_the_charts_copies_are_current(chart: Chart) -> None:
    script = chart.folder.parents[1] / "ci" / "generate-chart-rules"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_rule_is_there_as_it_was_made(chart: Chart) -> None:
    assert len(made()) > 10
    assert groups(chart) == made()


def test_alerts_that_are_left_out_are_left_out_alone(chart: Chart) -> None:
    without = ["ChurnModelServerAbsent", "ChurnGatewayAvailability"]
    expected = made()
    for group in expected.values():
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert") not in without]
    left = {name: group for name, group in expected.items() if group["rules"]}
    assert groups(chart, monitoring__prometheusRules__without=without) == left
