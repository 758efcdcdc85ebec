"""The committed dashboards as plain data: what a Grafana would read, and what it would ask."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ci.dashboards import cluster

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "manifests" / "dashboards"
FILES = sorted(FOLDER.glob("*.json"))
_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_RANGE = re.compile(r"\[[^\]]*\]")
_NAME = re.compile(r"(?<![\w:$.])([a-zA-Z_:][\w:]*)(?!\s*\()(?![\w:])")
_WORDS = {"and", "or", "unless", "bool", "offset"}
_MATCHERS = re.compile(r"\{[^}]*\}")


class Query(NamedTuple):
    """One query of one panel; ``number`` and ``letter`` tell it apart in a dashboard. ``rare``: its panel says that it
    may be empty while all is well."""

    board: str
    panel: str
    number: int
    letter: str
    expression: str
    legend: str
    instant: bool
    table: bool
    rare: bool

    @property
    def metrics(self) -> set[str]:
        """The series that it asks for."""
        return metrics_of(self.expression)

    @property
    def foreign(self) -> bool:
        """Whether it asks for what the cluster's own exporters show."""
        return bool(self.metrics & set(cluster.METRICS))


def metrics_of(expression: str) -> set[str]:
    """Names of series in PromQL."""
    text = _STRINGS.sub("", expression)
    for noise in (_MATCHERS, _RANGE, _GROUPING):
        text = noise.sub("", text)
    return {name for name in _NAME.findall(text) if name not in _WORDS}


def boards() -> list[dict[str, Any]]:
    """All dashboards."""
    return [json.loads(path.read_text()) for path in FILES]


def panels(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All panels but the headings of rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def variables(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a reader may choose, without the data source."""
    return [one for one in board["templating"]["list"] if one["type"] == "query"]


def queries() -> Iterator[Query]:
    """Every query with the choices made that a reader meets first."""
    for board in boards():
        chosen = {one["name"]: one.get("allValue") or one["current"]["value"] for one in variables(board)}
        chosen["__rate_interval"] = "1m"
        for panel in panels(board):
            rare = bool(panel["fieldConfig"]["defaults"].get("noValue"))
            for target in panel["targets"]:
                expression, legend = (_with(chosen, target[key]) for key in ("expr", "legendFormat"))
                table = panel["type"] == "table"
                names = (board["uid"], panel["title"], panel["id"], target["refId"])
                yield Query(*names, expression, legend, target["instant"], table, rare)


def _with(chosen: Mapping[str, str], text: str) -> str:
    return re.sub(r"\$(\w+)", lambda found: chosen[found[1]], text)
