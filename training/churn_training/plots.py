"""Curves for people, as PNG files: ROC, calibration, profit.

The only module that draws; it must not compute a metric itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from churn_model.usecase import ProfitRule
from churn_training.evaluation import calibration_bins
from churn_training.profit import profit_curve


def draw_curves(
    churned: numpy.ndarray, probabilities: numpy.ndarray, rule: ProfitRule, title: str, folder: Path
) -> None:
    """Write `roc.png`, `calibration.png` and `profit.png` into the folder; the title says whose customers they are."""
    with _picture(title, folder / "roc.png") as axes:
        _roc(axes, churned, probabilities)
    with _picture(title, folder / "calibration.png") as axes:
        _calibration(axes, churned, probabilities)
    with _picture(title, folder / "profit.png") as axes:
        _profit(axes, churned, probabilities, rule)


@contextmanager
def _picture(title: str, path: Path) -> Iterator[Axes]:
    # A bare Figure draws with Agg and needs neither a display nor pyplot's global state.
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.3)
    yield axes
    figure.savefig(path, dpi=100)


def _roc(axes: Axes, churned: numpy.ndarray, probabilities: numpy.ndarray) -> None:
    false_positives, true_positives, _ = roc_curve(churned, probabilities)
    axes.plot(false_positives, true_positives)
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.set_xlabel("share of stayers flagged")
    axes.set_ylabel("share of leavers flagged")


def _calibration(axes: Axes, churned: numpy.ndarray, probabilities: numpy.ndarray) -> None:
    predicted, observed, _ = calibration_bins(churned, probabilities)
    axes.plot(predicted, observed, marker="o")
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.set_xlabel("predicted churn probability")
    axes.set_ylabel("observed churn rate")


def _profit(axes: Axes, churned: numpy.ndarray, probabilities: numpy.ndarray, rule: ProfitRule) -> None:
    curve = profit_curve(churned, probabilities, rule)
    axes.plot(curve.contacted, curve.profit)
    axes.axhline(0.0, linestyle=":", color="grey")
    axes.axvline(curve.best.contacted, linestyle="--", color="tab:green")
    axes.set_xlabel("share of customers contacted")
    axes.set_ylabel("profit per customer (assumed acceptance)")
