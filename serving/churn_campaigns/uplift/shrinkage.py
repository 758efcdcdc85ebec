"""What actions keep whose effect was not shown: assumed effects, brought nearer to what campaigns saw, as far as
campaigns are to be believed. Actions lend each other strength.

That no effect was shown does not say that it is as large as somebody assumed. The share of would-be leavers that an
action keeps is taken for drawn around what was assumed, by a spread that all tried actions estimate together (empirical
Bayes: Efron and Morris 1975, "Data analysis using Stein's estimator"; the spread by Paule and Mandel 1982). Where they
agree with what was assumed, all of it stays; where they all fall short of it, each is believed little. It must not know
files, nor what an action costs.
"""

from collections.abc import Sequence

import numpy
from scipy.optimize import brentq

from churn_campaigns.uplift.cross_fitting import CrossFitted
from churn_campaigns.uplift.evidence import Estimate

WIDEST = 10.0  # shares differ by far less

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
    away = numpy.array([found.mean - before for found, before in zip(seen, assumed, strict=True)])
    noise = numpy.array([found.error**2 for found in seen])
    spread = _spread(away, noise)
    believed = spread / (spread + noise) if spread > 0.0 else numpy.zeros(len(away))
    return [float(share) for share in numpy.asarray(assumed) + believed * away]


def _spread(away: Array, noise: Array) -> float:
    """The variance around what was assumed at which the deviations are as large as expected."""

    def excess(variance: float) -> float:
        return float((away**2 / (variance + noise)).sum()) - len(away)

    if (noise <= 0.0).any() or excess(0.0) <= 0.0:
        return 0.0
    return float(brentq(excess, 0.0, WIDEST)) if excess(WIDEST) < 0.0 else WIDEST
