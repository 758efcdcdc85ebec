"""Pictures for people, as PNG files: ROC, calibration, profit, gains and lift, of one model or of several side by side;
and numbers of segments.

The only module that draws; it must not compute a metric itself, and where parts have their places is the business of
`picture_layout`. Colours are those of Okabe and Ito, which people with colour vision deficiencies can tell apart, and
lines differ by their dashes too.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from churn_model.evaluation import BINS, calibration_bins, gains, lift_by_part, rate_intervals
from churn_model.profit import profit_curve, tally
from churn_model.usecase import ProfitRule
from churn_training.runs.picture_layout import place
from churn_training.segments.study import SegmentStudy

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":")
REFERENCE: dict[str, Any] = {"linestyle": ":", "color": "grey"}
PANELS_A_ROW = 3
PANEL_TITLE = 36  # characters that fit above a panel


def draw_curves(
    churned: numpy.ndarray, probabilities: numpy.ndarray, rule: ProfitRule | None, title: str, folder: Path
) -> None:
    """Write `roc.png`, `calibration.png` and, by the rule if there is one, `profit.png` into the folder; the title says
    whose customers they are."""
    with _picture(title, folder / "roc.png") as axes:
        _roc(axes, churned, probabilities)
        _finish_roc(axes)
    with _picture(title, folder / "calibration.png") as axes:
        _calibration(axes, churned, probabilities)
        _finish_calibration(axes)
    if rule is None:
        return
    with _picture(title, folder / "profit.png") as axes:
        _profit(axes, churned, probabilities, rule)
        _finish_profit(axes, rule)


def draw_comparison(
    churned: numpy.ndarray,
    candidates: Mapping[str, numpy.ndarray],
    rule: ProfitRule | None,
    title: str,
    folder: Path,
) -> None:
    """Write `roc.png`, `profit.png`, `calibration.png` and `lift.png` into the folder, each with every candidate.

    Args:
        churned: 0 or 1 a customer.
        candidates: by title, churn probabilities of the same customers; drawn in this order.
        rule: the economics of the campaign; None: no picture of money.
        title: says whose customers they are, and that they are simulated where they are.
        folder: an existing folder; files in it are overwritten.
    """
    with _picture(title, folder / "roc.png", len(candidates)) as axes:
        for (name, probabilities), style in zip(candidates.items(), _styles(), strict=False):
            _roc(axes, churned, probabilities, label=name, **style)
        _finish_roc(axes)
        _legend(axes)
    if rule is not None:
        _draw_profits(churned, candidates, rule, title, folder / "profit.png")
    _draw_calibrations(churned, candidates, title, folder / "calibration.png")
    _draw_lift(churned, candidates, title, folder / "lift.png")


def _draw_profits(
    churned: numpy.ndarray, candidates: Mapping[str, numpy.ndarray], rule: ProfitRule, title: str, path: Path
) -> None:
    with _picture(title, path, len(candidates)) as axes:
        for (name, probabilities), style in zip(candidates.items(), _styles(), strict=False):
            _profit(axes, churned, probabilities, rule, label=name, **style)
        _finish_profit(axes, rule)
        _legend(axes)


def draw_segment_study(study: SegmentStudy, path: Path) -> None:
    """Write a study of numbers of segments as a picture (PNG)."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    figure.suptitle("How many segments (dotted: what is served)", fontsize=11)
    numbers = [count.segments for count in study.counts]
    panels = (
        ("silhouette", "separation (silhouette)"),
        ("davies_bouldin", "overlap (Davies-Bouldin)"),
        ("stability", "stability (adjusted Rand)"),
    )
    for axes, (name, label) in zip(figure.subplots(1, len(panels)), panels, strict=True):
        axes.plot(numbers, [getattr(count, name) for count in study.counts], marker="o", color=COLOURS[0])
        for count in study.counts:
            if count.chosen:
                axes.axvline(count.segments, linestyle=":", color="grey")
        axes.set_xlabel("segments")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    _save(figure, path)


@contextmanager
def _picture(title: str, path: Path, entries: int = 0) -> Iterator[Axes]:
    """A figure of one part, higher by what a legend of so many entries takes."""
    with _figure(title, path, (7.0, 4.8 + 0.13 * entries)) as figure:
        yield figure.subplots()


@contextmanager
def _figure(title: str, path: Path, size: tuple[float, float]) -> Iterator[Figure]:
    # A bare Figure needs neither a display nor pyplot's global state.
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, fontsize=11)
    yield figure
    for axes in figure.axes:
        axes.grid(alpha=0.3)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    """The very pixels of `Figure.savefig`, which draws a figure whose layout is computed twice."""
    place(figure)
    FigureCanvasAgg(figure).print_png(path)  # type: ignore[no-untyped-call]


def _styles() -> Iterator[dict[str, Any]]:
    return ({"color": colour, "linestyle": dashes} for colour, dashes in zip(cycle(COLOURS), cycle(DASHES)))


def _legend(axes: Axes) -> None:
    # Below the picture: it covers no curve, however many candidates there are.
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, fontsize=9, frameon=False)


def _roc(axes: Axes, churned: numpy.ndarray, probabilities: numpy.ndarray, **style: Any) -> None:
    false_positives, true_positives, _ = roc_curve(churned, probabilities)
    axes.plot(false_positives, true_positives, **style)


def _finish_roc(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], **REFERENCE)
    axes.set_xlabel("share of stayers flagged")
    axes.set_ylabel("share of leavers flagged")


def _calibration(axes: Axes, churned: numpy.ndarray, probabilities: numpy.ndarray, **style: Any) -> None:
    predicted, observed, sizes = calibration_bins(churned, probabilities)
    lower, upper = rate_intervals(observed, sizes)
    # At a rate of 0 or 1 an end may pass the rate by a rounding, and a bar of negative length cannot be drawn.
    lengths = numpy.maximum([observed - lower, upper - observed], 0.0)
    axes.errorbar(predicted, observed, yerr=lengths, marker="o", markersize=4, capsize=3, **style)


def _finish_calibration(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], **REFERENCE)
    axes.set_xlabel("predicted churn probability")
    axes.set_ylabel("observed churn rate, 95 % interval")


def _draw_calibrations(churned: numpy.ndarray, candidates: Mapping[str, numpy.ndarray], title: str, path: Path) -> None:
    """A panel for each candidate: ten bars each would hide one another in one picture."""
    columns = min(PANELS_A_ROW, len(candidates))
    rows = -(-len(candidates) // columns)
    with _figure(title, path, (3.6 * columns + 0.6, 3.4 * rows + 0.6)) as figure:
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, (name, probabilities), style in zip(panels, candidates.items(), _styles(), strict=False):
            _calibration(axes, churned, probabilities, color=style["color"])
            axes.plot([0, 1], [0, 1], **REFERENCE)
            axes.set_title(fill(name, PANEL_TITLE), fontsize=10)
            axes.tick_params(labelbottom=True)
        for axes in panels[len(candidates) :]:
            axes.remove()
        figure.supxlabel("predicted churn probability", fontsize=10)
        figure.supylabel("observed churn rate, 95 % interval", fontsize=10)


def _profit(axes: Axes, churned: numpy.ndarray, probabilities: numpy.ndarray, rule: ProfitRule, **style: Any) -> None:
    curve = profit_curve(churned, probabilities, rule)
    (line,) = axes.plot(curve.contacted, curve.profit, **style)
    axes.plot(curve.best.contacted, curve.best.profit, marker="o", markersize=8, color=line.get_color())


def _finish_profit(axes: Axes, rule: ProfitRule) -> None:
    axes.axhline(0.0, **REFERENCE)
    axes.axvline(rule.budget_share, **REFERENCE)
    axes.annotate(
        "budget",
        (rule.budget_share, 0.95),
        xycoords=("data", "axes fraction"),
        xytext=(3, 0),
        fontsize=9,
        color="grey",
        textcoords="offset points",
    )
    axes.set_xlabel("share of customers contacted (dot: the best)")
    axes.set_ylabel("profit per customer (assumed acceptance)")


def _draw_lift(churned: numpy.ndarray, candidates: Mapping[str, numpy.ndarray], title: str, path: Path) -> None:
    with _figure(title, path, (11.0, 4.8 + 0.08 * len(candidates))) as figure:
        reached, lift = figure.subplots(1, 2)
        for (name, probabilities), style in zip(candidates.items(), _styles(), strict=False):
            counted = tally(churned, probabilities)
            reached.plot(*gains(counted), label=name, **style)
            lift.plot(numpy.arange(1, BINS + 1), lift_by_part(counted), marker="o", markersize=4, **style)
        reached.plot([0, 1], [0, 1], **REFERENCE)
        reached.set_xlabel("share of customers contacted, most probable leavers first")
        reached.set_ylabel("share of leavers reached")
        lift.axhline(1.0, **REFERENCE)
        lift.set_xticks(range(1, BINS + 1))
        lift.set_xlabel("tenth of the customers, most probable leavers first")
        lift.set_ylabel("churn rate, times that of all customers (lift)")
        figure.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)
