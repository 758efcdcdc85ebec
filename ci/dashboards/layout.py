"""A dashboard as a whole: what readers choose, rows of panels side by side, ids that stay, and the way to the others.

A panel's id is its place. Grafana links to panels by id, so panels are added at the end of a row's last line where that
is no loss, and links in documentation name dashboards alone.
"""

from collections.abc import Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from churn_serving.telemetry import names
from ci.dashboards.panels import SOURCE, WIDTH, Panel

TAG = "churn-serving"
_EVERYTHING = models.VariableOption(selected=True, text="All", value="$__all")


class Row(NamedTuple):
    """Panels under one heading, filled in from the left."""

    title: str
    panels: Sequence[Panel]


class Choice(NamedTuple):
    """What a reader may choose: values of a label of a metric; ``usual``: the one value that is chosen at first, empty
    where all are and several may be."""

    name: str
    label: str
    metric: str
    of: str
    usual: str = ""


JOBS = Choice("job", "Job", names.BUILD_INFO, "job")
"""Which scrape jobs; their names hold the namespace on Kubernetes, so releases are told apart."""


def dashboard(
    uid: str, title: str, description: str, rows: Sequence[Row], choices: Sequence[Choice] = (JOBS,), since: str = "6h"
) -> models.Dashboard:
    """All of it, ready to be written."""
    made = builders.Dashboard(f"Churn: {title}").uid(uid).description(description).tags([TAG]).readonly()
    made.tooltip(models.DashboardCursorSync.CROSSHAIR).time(f"now-{since}", "now").refresh("30s").timezone("browser")
    made.with_variable(builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    for choice in choices:
        made.with_variable(_variable(choice))
    link = (
        builders.DashboardLink("Churn")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(as_dropdown=True)
    )
    made.link(link.keep_time(keep_time=True).include_vars(include_vars=True))
    _place(made, rows)
    return made.build()


def _variable(choice: Choice) -> builders.QueryVariable:
    query = f"label_values({choice.metric}, {choice.of})"
    made = builders.QueryVariable(choice.name).label(choice.label).datasource(SOURCE)
    made.query({"query": query, "refId": choice.name}).refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
    made.sort(models.VariableSort.ALPHABETICAL_ASC)
    if choice.usual:
        option = models.VariableOption(selected=True, text=choice.usual, value=choice.usual)
        return made.current(option).multi(multi=False).include_all(include_all=False)
    return made.multi(multi=True).include_all(include_all=True).all_value(".*").current(_EVERYTHING)


def _place(made: builders.Dashboard, rows: Sequence[Row]) -> None:
    number, top = 0, 0
    for row in rows:
        number += 1
        heading = models.GridPos(h=1, w=WIDTH, x=0, y=top)
        made.with_row(builders.Row(row.title).id(number).grid_pos(heading))
        top, left, tallest = top + 1, 0, 0
        for panel in row.panels:
            size = panel.build().grid_pos
            if left + size.w > WIDTH:
                top, left, tallest = top + tallest, 0, 0
            number += 1
            made.with_panel(panel.id(number).grid_pos(models.GridPos(h=size.h, w=size.w, x=left, y=top)))
            left, tallest = left + size.w, max(tallest, size.h)
        top += tallest
