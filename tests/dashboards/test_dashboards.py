"""Our own lint of dashboards: what Grafana would not complain about and readers would."""

import filecmp
import itertools
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from churn_monitoring.drift import metrics as drift
from churn_monitoring.outcomes import metrics as outcomes
from churn_monitoring.outcomes import shown
from churn_monitoring.prediction_log import metrics as shipper
from churn_serving.telemetry import names
from churn_serving.telemetry import prediction_log as gateway_log
from ci.dashboards import cluster
from tests.dashboards.boards import FILES, FOLDER, ROOT, boards, metrics_of, panels, queries, variables
from tests.slo.manifests import alerts, rules

SCHEMA = 41
"""Of Grafana 11.6: what it and all later ones read."""
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = {"bytes", "none", "ops", "percentunit", "reqps", "s", "short", "suffix: ×"}
COUNTING = (names, gateway_log, shipper, drift, outcomes, shown)
"""Whoever names what a process counts."""
UNSHOWN = {
    outcomes.LABELS: "of a file of labels, for the textfile collector of whoever loads it; no process stays to show it",
}
"""What no panel and no rule asks for, with the reason."""
SUFFIXES = ("_bucket", "_count", "_sum")
BOARDS = boards()
PANELS = [pytest.param(panel, id=f"{board['uid']}-{panel['id']}") for board in BOARDS for panel in panels(board)]
each_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: str(board["uid"]))
each_panel = pytest.mark.parametrize("panel", PANELS)


def counted() -> set[str]:
    """Everything that a process counts, that rules record, and that the named exporters show."""
    constants = (value for module in COUNTING for value in vars(module).values())
    known = {value for value in constants if isinstance(value, str) and re.fullmatch(r"(churn|process)_\w+", value)}
    known |= {value + suffix for value in known for suffix in SUFFIXES}
    recorded = {rule["record"] for _, rule in rules() if "record" in rule}
    return known | recorded | {"ALERTS"} | set(cluster.METRICS)


def test_what_is_committed_is_what_the_code_makes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "ci.dashboards", str(tmp_path)], cwd=ROOT, check=True, timeout=120)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == [path.name for path in FILES]
    assert filecmp.cmpfiles(tmp_path, FOLDER, made, shallow=False) == (made, [], [])


def test_every_dashboard_that_an_alert_leads_to_is_there() -> None:
    linked = {alert.rule["annotations"]["dashboard_url"].removeprefix("/d/") for alert in alerts()}
    assert linked
    assert linked <= {board["uid"] for board in BOARDS}


def test_the_sidecar_gets_every_dashboard() -> None:
    document = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    generated = document["configMapGenerator"]
    assert sorted(file for one in generated for file in one["files"]) == [path.name for path in FILES]
    assert document["generatorOptions"]["labels"] == {"grafana_dashboard": "1"}
    assert all(path.stat().st_size < 1_000_000 for path in FILES)  # a ConfigMap holds 1 MiB


@each_board
def test_a_dashboard_is_named_by_its_file_and_belongs_to_no_installation(board: dict[str, Any]) -> None:
    assert (FOLDER / f"{board['uid']}.json").is_file()
    assert board["schemaVersion"] == SCHEMA
    assert board.get("id") is None
    assert board["editable"] is False
    assert board["description"]
    assert board["tags"] == ["churn-serving"]
    assert [link["tags"] for link in board["links"]] == [board["tags"]]


def test_uids_and_titles_are_unique() -> None:
    for key in ("uid", "title"):
        assert max(Counter(board[key] for board in BOARDS).values()) == 1


@each_board
def test_ids_are_unique_and_titles_are_within_a_row(board: dict[str, Any]) -> None:
    assert max(Counter(panel["id"] for panel in board["panels"]).values()) == 1
    assert all(panel["id"] > 0 for panel in board["panels"])
    row, seen = "", set()
    for panel in board["panels"]:
        row = panel["title"] if panel["type"] == "row" else row
        assert (row, panel["title"], panel["type"]) not in seen
        seen.add((row, panel["title"], panel["type"]))
    assert row


@each_board
def test_panels_lie_on_the_grid_and_on_no_other(board: dict[str, Any]) -> None:
    taken: Counter[tuple[int, int]] = Counter()
    for place in (panel["gridPos"] for panel in board["panels"]):
        assert place["w"] > 0
        assert 0 <= place["x"] <= 24 - place["w"]
        across, down = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        taken.update(itertools.product(across, down))
    assert max(taken.values()) == 1
    lines = {y for _, y in taken}
    assert lines == set(range(max(lines) + 1))  # no gap that Grafana would close


@each_board
def test_the_data_source_is_chosen_and_every_choice_is_used(board: dict[str, Any]) -> None:
    source, *others = board["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("datasource", "datasource", "prometheus")
    assert others == variables(board)
    asked = json.dumps([panel["targets"] for panel in panels(board)])
    for variable in others:
        assert variable["datasource"] == SOURCE
        assert variable["label"]
        assert re.search(rf"\${variable['name']}\b", asked), variable["name"]
    known = {"datasource", "__rate_interval", *(variable["name"] for variable in others)}
    assert set(re.findall(r"\$\{?(\w+)", asked)) <= known


@each_panel
def test_a_panel_says_what_it_shows_in_which_unit_and_of_which_source(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["datasource"] == SOURCE
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert [target["datasource"] for target in panel["targets"]] == [SOURCE] * len(panel["targets"])


@each_panel
def test_queries_are_told_apart_and_every_line_has_a_name(panel: dict[str, Any]) -> None:
    assert panel["targets"]
    for key in ("refId", "legendFormat", "expr"):
        assert max(Counter(target[key] for target in panel["targets"]).values()) == 1, key
        assert all(target[key] for target in panel["targets"])
    if panel["type"] == "timeseries":
        assert panel["options"]["legend"]["showLegend"]
    # What is drawn without time is what is there now, not what once was.
    assert {target["instant"] for target in panel["targets"]} == {panel["type"] in ("table", "bargauge")}


@each_panel
def test_rates_are_over_the_interval_that_fits_the_picture(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        ranges = re.findall(r"\[([^\]]*)\]", target["expr"])
        assert set(ranges) <= {"$__rate_interval"}
        assert len(ranges) == len(re.findall(r"\b(?:rate|increase)\(", target["expr"]))


def test_what_may_be_below_zero_is_no_bar() -> None:
    """A bar begins at the left: one of -0.1 would look like one of 0.1, and a table says both of an interval's ends."""
    signed = (outcomes.EFFECT, outcomes.PROFIT, outcomes.CALIBRATION_DIFFERENCE)
    bars = [panel for board in BOARDS for panel in panels(board) if panel["type"] == "bargauge"]
    assert bars
    asked = {metric for panel in bars for target in panel["targets"] for metric in metrics_of(target["expr"])}
    assert asked.isdisjoint(signed), asked & {*signed}


def test_nothing_is_asked_for_that_nobody_counts() -> None:
    asked = {metric for query in queries() for metric in query.metrics}
    asked |= {metrics_of(variable["query"]["query"].removeprefix("label_values"))
              .difference({variable["query"]["query"].split(", ")[1].rstrip(")")}).pop()
              for board in BOARDS for variable in variables(board)}  # fmt: skip
    assert len(asked) > 50
    assert asked <= counted(), asked - counted()
    histograms = {metric.removesuffix("_bucket") for metric in asked if metric.endswith("_bucket")}
    assert asked & histograms == set()  # no series has a histogram's own name


def test_what_processes_count_is_shown_or_watched() -> None:
    asked = {metric for query in queries() for metric in query.metrics}
    asked |= {metric for _, rule in rules() for metric in metrics_of(rule["expr"])}
    hidden = {
        value
        for module in COUNTING
        for name, value in vars(module).items()
        if isinstance(value, str) and re.fullmatch(r"churn_\w+", value) and not name.startswith("_")
        if not {value, *(value + suffix for suffix in SUFFIXES)} & asked
    }
    assert hidden == set(UNSHOWN)


@pytest.mark.parametrize(
    ("expression", "metrics"),
    [
        ('sum by (code) (rate(a_total{code=~"b(c|d)"}[5m]))', {"a_total"}),
        ("a:b:c / on (x) group_left (y) d_seconds", {"a:b:c", "d_seconds"}),
        ('time() - max by (x) (a{b="c d"}) > bool 0 or vector(0)', {"a"}),
        ('histogram_quantile(0.99, sum by (le) (rate(a_bucket{x!~".*( b| c)"}[$__rate_interval])))', {"a_bucket"}),
        ('topk(10, a_total / scalar(sum(b_count{x="1e5"})))', {"a_total", "b_count"}),
    ],
    ids=["matchers", "matching", "words", "quantile", "functions"],
)
def test_names_of_series_are_found_in_queries(expression: str, metrics: set[str]) -> None:
    assert metrics_of(expression) == metrics
