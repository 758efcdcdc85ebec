"""How a model treats groups of customers: whom it contacts, and how well its probabilities hold in each group.

It describes and does not judge; `gate` compares two models by group. It must not know models, and it never shows a
measure of a group so small that the number would be about single people.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy

from churn_model.evaluation import brier, ece, roc_auc
from churn_model.profit import profit_curve, tally
from churn_model.usecase import ProfitRule

SMALLEST_GROUP = 50
FEWEST_OF_A_CLASS = 10


@dataclass(frozen=True)
class GroupRow:
    """One group of customers, e.g. `gender` = `Female`, and how a model does there.

    Shares, rates and probabilities are between 0 and 1. With fewer than 50 customers everything but their number is
    None; with fewer than 10 leavers or 10 stayers the ROC AUC is.
    """

    group: str
    value: str
    customers: int
    churn_rate: float | None
    mean_probability: float | None
    brier: float | None
    ece: float | None
    roc_auc: float | None
    contacted: float | None


def fairness_table(
    churned: numpy.ndarray, probabilities: numpy.ndarray, groups: Mapping[str, numpy.ndarray], rule: ProfitRule
) -> tuple[GroupRow, ...]:
    """A row for each value of each grouping, values in alphabetical order.

    Args:
        churned: 0 or 1 a customer.
        probabilities: of churn, between 0 and 1.
        groups: by name of the grouping, e.g. a feature's words, the value of every customer as text.
        rule: the economics; whom the model contacts is decided by its best threshold over all customers.
    """
    threshold = profit_curve(churned, probabilities, rule).best.threshold
    return tuple(
        _row(name, value, churned[members], probabilities[members], threshold)
        for name, value, members in group_members(groups)
    )


def group_members(groups: Mapping[str, numpy.ndarray]) -> Iterator[tuple[str, str, numpy.ndarray]]:
    """Grouping, value and a mask of its customers, for every group that has any."""
    for name, values in groups.items():
        texts = numpy.asarray(values).astype(str)
        for value in sorted(set(texts.tolist())):
            yield name, value, texts == value


def _row(name: str, value: str, churned: numpy.ndarray, probabilities: numpy.ndarray, threshold: float) -> GroupRow:
    size = len(churned)
    if size < SMALLEST_GROUP:
        return GroupRow(name, value, size, None, None, None, None, None, None)
    counted = tally(churned, probabilities)
    rankable = min(counted.leavers.sum(), counted.stayers.sum()) >= FEWEST_OF_A_CLASS
    return GroupRow(
        name,
        value,
        size,
        churn_rate=float(numpy.mean(churned)),
        mean_probability=float(numpy.mean(probabilities)),
        brier=brier(counted),
        ece=ece(counted),
        roc_auc=roc_auc(counted) if rankable else None,
        contacted=float(numpy.mean(probabilities >= threshold)),
    )
