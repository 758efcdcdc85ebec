"""The kinds of panel there are, each with what none may lack: words on what it shows, a unit, legends, the chosen data
source."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import bargauge, common, heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import heatmap as heatmaps
from grafana_foundation_sdk.models import prometheus as queries

SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
"""Whatever Prometheus the reader has chosen."""
WIDTH = 24
HEIGHT = 8
NOTHING = "none so far"
"""What a panel says that stays empty until something goes wrong."""
_LETTERS = "ABCDEFGH"
Steps = Sequence[tuple[float | None, str]]
_PALETTE = builders.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC_BY_NAME)
"""The same colour for the same name on every panel."""
_BY_STEPS = builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS)
Panel = Any  # the library's builders of panels have no base class of their own


class Scale(NamedTuple):
    """How values are read: colours from some value on, the least and the most that is drawn, words for values."""

    steps: Steps = ()
    least: float | None = 0
    most: float | None = None
    words: Mapping[str, str] | None = None


_PLAIN = Scale()
SHARES = Scale(most=1)
"""Shares that add up to one, or are at most that."""


class Series(NamedTuple):
    """What is asked, and what its lines are called."""

    expression: str
    legend: str


def graph(
    title: str,
    description: str,
    unit: str,
    *series: Series,
    width: int = 8,
    stacked: bool = False,
    scale: Scale = _PLAIN,
    empty: str = "",
    exemplars: bool = False,
) -> Panel:
    """Lines over time, with a table of their names below; the steps of ``scale`` are drawn as thresholds."""
    legend = common.VizLegendOptions().display_mode(options.LegendDisplayMode.TABLE).show_legend(show_legend=True)
    panel = timeseries.Panel().legend(legend.placement(options.LegendPlacement.BOTTOM).calcs(["lastNotNull", "max"]))
    panel.tooltip(common.VizTooltipOptions().mode(options.TooltipDisplayMode.MULTI).sort(options.SortOrder.DESCENDING))
    panel.color_scheme(_PALETTE).fill_opacity(60 if stacked else 8).line_width(1).show_points(
        options.VisibilityMode.NEVER
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(options.StackingMode.NORMAL))
    if scale.steps:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(options.GraphThresholdsStyleMode.DASHED))
    targets = [target.range().exemplar(exemplars) for target in _targets(series)]
    return _finished(panel, (title, description, unit), targets, width=width, scale=scale, empty=empty)


def figure(
    title: str, description: str, unit: str, *series: Series, width: int = 4, height: int = 4, steps: Steps = ()
) -> Panel:
    """One number for each series, coloured by ``steps``."""
    panel = (
        stat.Panel()
        .color_scheme(_BY_STEPS)
        .graph_mode(options.BigValueGraphMode.AREA)
        .color_mode(options.BigValueColorMode.VALUE)
    )
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    panel.text_mode(options.BigValueTextMode.VALUE_AND_NAME if len(series) > 1 else options.BigValueTextMode.AUTO)
    scale = Scale(steps, least=None)
    targets = [target.range() for target in _targets(series)]
    return _finished(panel, (title, description, unit), targets, width=width, scale=scale).height(height)


def bars(
    title: str, description: str, unit: str, *series: Series, width: int = 8, scale: Scale = _PLAIN, empty: str = ""
) -> Panel:
    """The largest of many, as they are now."""
    panel = bargauge.Panel().color_scheme(_PALETTE).display_mode(options.BarGaugeDisplayMode.BASIC)
    panel.orientation(options.VizOrientation.HORIZONTAL).reduce_options(
        common.ReduceDataOptions().calcs(["lastNotNull"])
    )
    targets = [target.instant() for target in _targets(series)]
    return _finished(panel, (title, description, unit), targets, width=width, scale=scale, empty=empty)


def distribution(title: str, description: str, unit: str, expression: str, width: int = 12) -> Panel:
    """How a histogram's observations are distributed over time."""
    panel = heatmap.Panel().calculate(calculate=False).cell_gap(1).show_y_histogram()
    panel.color(
        heatmap.HeatmapColorOptions()
        .mode(heatmaps.HeatmapColorMode.SCHEME)
        .scheme("Oranges")
        .steps(32)
        .exponent(0.5)
        .scale(heatmaps.HeatmapColorScale.EXPONENTIAL)
    )
    panel.y_axis(heatmap.YAxisConfig().unit(unit)).show_legend()
    (target,) = _targets([Series(expression, "{{le}}")])
    targets = [target.range().format(queries.PromQueryFormat.HEATMAP)]
    return _finished(panel, (title, description, unit), targets, width=width, scale=Scale(least=None))


def listing(
    title: str,
    description: str,
    columns: Mapping[str, str],
    *series: Series,
    width: int = 12,
    unit: str = "none",
    empty: str = "",
) -> Panel:
    """A table of what is there now: ``columns`` are its labels with their headings, a query's legend heads its
    value."""
    targets = [target.instant().format(queries.PromQueryFormat.TABLE) for target in _targets(series)]
    headings = {f"Value #{letter}": one.legend for letter, one in zip(_LETTERS[: len(series)], series, strict=True)}
    if len(series) == 1:
        headings = {"Value": series[0].legend}
    renamed = {**columns, **headings}
    panel = table.Panel().with_transformation(models.DataTransformerConfig("merge", options={}))
    panel.with_transformation(
        models.DataTransformerConfig(
            "organize",
            options={
                "excludeByName": {"Time": True},
                "indexByName": {name: place for place, name in enumerate(renamed)},
                "renameByName": renamed,
            },
        )
    )
    return _finished(panel, (title, description, unit), targets, width=width, scale=Scale(least=None), empty=empty)


def _finished(
    panel: Panel, said: tuple[str, str, str], targets: Sequence[Any], *, width: int, scale: Scale, empty: str = ""
) -> Panel:
    """What all kinds have; ``said``: title, description and unit."""
    title, description, unit = said
    panel.title(title).description(description).unit(unit).datasource(SOURCE).targets(list(targets))
    panel.span(width).height(HEIGHT)
    thresholds = [models.Threshold(value, color) for value, color in scale.steps or ((None, "text"),)]
    panel.thresholds(builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(thresholds))
    if scale.least is not None:
        panel.min(scale.least)
    if scale.most is not None:
        panel.max(scale.most)
    if empty:
        panel.no_value(empty)
    if scale.words:
        named = {value: models.ValueMappingResult(text=text) for value, text in scale.words.items()}
        panel.mappings([models.ValueMap(named)])
    return panel


def _targets(series: Sequence[Series]) -> list[prometheus.Dataquery]:
    return [
        prometheus.Dataquery()
        .expr(one.expression)
        .legend_format(one.legend)
        .ref_id(letter)
        .editor_mode(queries.QueryEditorMode.CODE)
        .datasource(SOURCE)
        for letter, one in zip(_LETTERS[: len(series)], series, strict=True)
    ]
