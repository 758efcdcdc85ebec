"""Somebody who looks at every panel of every dashboard, as a Grafana would ask for it."""

import json
import math
import re
from pathlib import Path
from typing import Any

from tests.dashboards.boards import Query, boards, queries, variables
from tests.slo.watchers import Prometheus

_LABEL = re.compile(r"\{\{(\w+)\}\}")
_SECONDS, _STEP = 60.0, 5.0
_PICTURE_SECONDS = 600.0


class BoardReader:
    """Reads until each panel has shown something; what the cluster's exporters show is not asked for here."""

    def __init__(self, watcher: Prometheus) -> None:
        self._watcher = watcher
        self._unseen = [query for query in queries() if not query.foreign]
        assert len(self._unseen) > 100

    def empty(self, *, rare: bool) -> list[Query]:
        """What has not shown anything yet; with ``rare`` also what does so only when something goes wrong."""
        self._unseen = [query for query in self._unseen if not self._shows(query)]
        return [query for query in self._unseen if rare or not query.rare]

    def nothing_to_choose(self) -> list[str]:
        """Variables that offer no value."""
        empty = []
        for board in boards():
            for variable in variables(board):
                found = re.fullmatch(r"label_values\((\S+), (\w+)\)", variable["query"]["query"])
                assert found, variable
                if not self._watcher.label_values(*found.groups()):
                    empty.append(f"{board['uid']}: {variable['name']}")
        return empty

    def write(self, path: Path) -> None:
        """Write what panels show of the last minutes, by dashboard, panel and query (``ci/draw-dashboards``)."""
        shown: dict[str, dict[int, dict[str, Any]]] = {}
        for query in queries():
            answers = shown.setdefault(query.board, {}).setdefault(query.number, {})
            answers[query.letter] = self._asked(query, _PICTURE_SECONDS)
        path.write_text(json.dumps(shown))

    def _asked(self, query: Query, seconds: float) -> list[dict[str, Any]]:
        if query.instant:
            return self._watcher.query(query.expression)
        return self._watcher.range(query.expression, seconds, _STEP)

    def _shows(self, query: Query) -> bool:
        series = self._asked(query, _SECONDS)
        if not any(math.isfinite(value) for one in series for value in _values(one)):
            return False
        _check_names(query, [one["metric"] for one in series])
        return True


def _values(series: dict[str, Any]) -> list[float]:
    points = series.get("values") or [series["value"]]
    return [float(value) for _, value in points]


def _check_names(query: Query, series: list[dict[str, str]]) -> None:
    """Every line has a name of its own: a label that is not there leaves a hole in it."""
    wanted = _LABEL.findall(query.legend)
    named = [tuple(one.get(label, "") for label in wanted) for one in series]
    assert all(all(name) for name in named), (query, named)
    assert query.table or len(set(named)) == len(named), (query, named)
