"""What actions keep whose effect was not shown: assumed effects, brought nearer to what campaigns saw, as far as
campaigns are to be believed. Actions lend each other strength.

That no effect was shown does not say that it is as large as somebody assumed. The share of would-be leavers that an
action keeps is taken for normal around what was assumed, as uncertain as everywhere else, and most of that doubt is
common to all actions: whoever assumes too much of one does so of all (a hierarchical prior: Lindley and Smith 1972,
"Bayes estimates for the linear model"). So what all of them fall short by is believed soon, and what tells one from
another late: were the spread found from these few alone, noise would say which of them is best. It must not know files,
nor what an action costs.
"""

from collections.abc import Sequence

import numpy

from churn_campaigns.uplift.belief import DOUBT
from churn_campaigns.uplift.cross_fitting import CrossFitted
from churn_campaigns.uplift.evidence import Estimate

COMMON = 0.8
"""Of the variance of what is assumed, the part that all actions have in common."""

Array = numpy.ndarray


def share_kept(fitted: CrossFitted, value: Array, rows: Array, clusters: Array) -> Estimate | None:
    """The share of would-be leavers whom an action keeps, weighted by what they are worth, and its error; None of fewer
    than two customers.

    Args:
        fitted: scores and churn without the action of a campaign's customers.
        value: float [customers], money lost when the customer leaves.
        rows: int [some], the customers it is asked for.
        clusters: int [customers], equal for rows of one customer.
    """
    leavers = fitted.without[rows] * value[rows]
    scale = float(leavers.mean()) if len(rows) else 0.0
    if scale <= 0.0:
        return None
    kept = fitted.scores[rows] * value[rows]
    share = float(kept.mean()) / scale
    # A ratio of means: to first order its error is that of the mean of what is left of it.
    rest = Estimate.of((kept - share * leavers) / scale, clusters[rows])
    return None if rest is None else Estimate(share, rest.error)


def shrunk(assumed: Sequence[float], seen: Sequence[Estimate]) -> list[float]:
    """The expected share of each action, given what was assumed and what was seen of all of them."""
    if not seen:
        return []
    before = numpy.array(assumed)
    prior = DOUBT**2 * (COMMON * numpy.outer(before, before) + (1.0 - COMMON) * numpy.diag(before**2))
    noise = numpy.array([found.error**2 for found in seen])
    shown = numpy.flatnonzero(noise > 0.0)  # where there is no spread, nothing was shown
    away = numpy.array([found.mean for found in seen])[shown] - before[shown]
    surprise = numpy.linalg.solve(prior[numpy.ix_(shown, shown)] + numpy.diag(noise[shown]), away)
    return [float(share) for share in before + prior[:, shown] @ surprise]
