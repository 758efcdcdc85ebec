"""Whether what was measured can be believed at all, before anybody asks whether it is better than something else.

Too few customers prove nothing, and a model that is nearly perfect has most likely been told the answer. It must not
know models, packages or the registry.
"""

from collections.abc import Mapping, Sequence

import numpy

from churn_data.notices import Notice
from churn_training.comparison.verdict import Finding

FEWEST_OF_A_CLASS = 10
"""Leavers and stayers among those held out below which an interval says nothing."""
TOO_GOOD = 0.999
"""ROC AUC, cross-validated and held out alike, that no honest churn data is known to allow: the best public ones reach
0.995."""
FEW, LEAK = "few customers", "too good"


def doubts_about(
    churned: numpy.ndarray,
    customers: numpy.ndarray | None,
    held_out: Mapping[str, float],
    cross_validated: Mapping[str, float],
    notices: Sequence[Notice],
) -> tuple[Finding, ...]:
    """What speaks against believing the measures; empty if nothing does.

    Args:
        churned: 0 or 1 a held-out row.
        customers: a number a held-out row, the same for rows of one customer; None: each row is a customer of its own.
        held_out: metrics of the finished model.
        cross_validated: metrics of the contender that it was made of.
        notices: what reading the file found.
    """
    found = (_few(churned, customers), _too_good(held_out, cross_validated, notices))
    return tuple(finding for finding in found if finding is not None)


def count_classes(churned: numpy.ndarray, customers: numpy.ndarray | None) -> tuple[int, int]:
    """How many customers left and how many stayed; arguments as of `doubts_about`."""
    who = numpy.arange(len(churned)) if customers is None else customers
    left, stayed = (len(numpy.unique(who[churned == value])) for value in (1, 0))
    return left, stayed


def _few(churned: numpy.ndarray, customers: numpy.ndarray | None) -> Finding | None:
    left, stayed = count_classes(churned, customers)
    if min(left, stayed) >= FEWEST_OF_A_CLASS:
        return None
    sentence = (
        f"too few customers to judge a model by: {left} who left and {stayed} who stayed were held out, at least "
        f"{FEWEST_OF_A_CLASS} of each are needed"
    )
    return Finding(FEW, passed=False, sentence=sentence)


def _too_good(
    held_out: Mapping[str, float], cross_validated: Mapping[str, float], notices: Sequence[Notice]
) -> Finding | None:
    auc = min(held_out["roc_auc"], cross_validated["roc_auc"])
    if not auc >= TOO_GOOD:
        return None
    suspects = [f'"{notice.column}"' for notice in notices if notice.kind == "leak" and notice.text.startswith("kept")]
    named = f"; the use case lists {', '.join(suspects)}" if suspects else ""
    sentence = (
        f"too good to be true (ROC AUC {auc:.4f}): some feature is probably known only after customers left{named}"
    )
    return Finding(LEAK, passed=False, sentence=sentence)
