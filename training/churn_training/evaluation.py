"""How good a set of churn probabilities is: ranking, calibration, money.

Pure functions of labels and probabilities; they must not know which model answered.
"""

import numpy
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from churn_model.usecase import ProfitRule
from churn_training.profit import profit_curve

BINS = 10


def evaluate(churned: numpy.ndarray, probabilities: numpy.ndarray, rule: ProfitRule) -> dict[str, float]:
    """Metrics by name: `roc_auc`, `pr_auc`, `brier`, `log_loss`, `ece` (10 equal-frequency bins), `profit` (per
    customer at the best threshold, acceptance fixed at its mean) and `contacted` (the share of customers it takes)."""
    best = profit_curve(churned, probabilities, rule).best
    return {
        "roc_auc": float(roc_auc_score(churned, probabilities)),
        "pr_auc": float(average_precision_score(churned, probabilities)),
        "brier": float(brier_score_loss(churned, probabilities)),
        "log_loss": float(log_loss(churned, probabilities)),
        "ece": expected_calibration_error(churned, probabilities),
        "profit": best.profit,
        "contacted": best.contacted,
    }


def expected_calibration_error(churned: numpy.ndarray, probabilities: numpy.ndarray, bins: int = BINS) -> float:
    """Mean distance of predicted and observed churn over equal-frequency bins, weighted by their size."""
    predicted, observed, sizes = calibration_bins(churned, probabilities, bins)
    return float(numpy.abs(predicted - observed) @ sizes / sizes.sum())


def calibration_bins(
    churned: numpy.ndarray, probabilities: numpy.ndarray, bins: int = BINS
) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Mean probability, churn rate and size of each of at most `bins` parts of equal size, by rising probability."""
    order = numpy.argsort(probabilities, kind="stable")
    parts = [part for part in numpy.array_split(order, bins) if len(part)]
    predicted = numpy.array([probabilities[part].mean() for part in parts])
    observed = numpy.array([churned[part].mean() for part in parts])
    return predicted, observed, numpy.array([len(part) for part in parts], dtype=float)
