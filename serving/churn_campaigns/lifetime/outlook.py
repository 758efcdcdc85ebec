"""What lies ahead of customers who are still there: how long they stay, whether they leave within a year, their value.

A customer who has been one for t months stays s more with probability S(t + s) / S(t). Intervals (95 %) are of these
expectations, from draws of the parameters around the fit: how sure the curve is, not when one person leaves. They take
the family for true. It must not fit curves.
"""

from dataclasses import dataclass, fields

import numpy

from churn_campaigns.lifetime.families import cumulative_hazard
from churn_campaigns.lifetime.fitting import Fitted
from churn_model.usecase import ValueRule

DRAWS = 200
LEVEL = 0.95
YEAR = 12
CELLS = 6_000_000
"""Numbers of one array that is worked on at a time (48 MB)."""


@dataclass(frozen=True)
class Estimate:
    """An expectation and its interval, float [customers]."""

    value: numpy.ndarray
    low: numpy.ndarray
    high: numpy.ndarray


@dataclass(frozen=True)
class Outlook:
    """Expectations of each customer: months as one within the horizon; months after which half of such customers have
    left (infinite: beyond the horizon); probability to leave within 12 months; lifetime value (money of the value
    column)."""

    months_left: Estimate
    median_months: Estimate
    leaves_within_12_months: Estimate
    lifetime_value: Estimate


def look_ahead(
    fitted: Fitted,
    matrix: numpy.ndarray,
    months: numpy.ndarray,
    amounts: numpy.ndarray,
    rule: ValueRule,
    *,
    horizon: int,
    seed: int,
) -> Outlook:
    """The outlook of customers.

    Args:
        fitted: the curves.
        matrix: covariates, float [customers, coefficients].
        months: how long each has been a customer.
        amounts: each one's value column.
        rule: months, margin and discount rate; the customer's own curve stands in for its `retention`.
        horizon: months that are looked ahead.
        seed: of the draws.
    """
    ahead = numpy.arange(max(horizon, int(numpy.ceil(rule.months)), YEAR) + 1, dtype=float)
    parameters = numpy.concatenate([fitted.parameters[None, :], fitted.draws(DRAWS, seed)])
    size = max(1, CELLS // (len(ahead) * len(parameters)))
    parts = []
    for start in range(0, len(months), size):
        part = slice(start, start + size)
        times = months[part, None] + ahead[None, :]
        lived = cumulative_hazard(fitted.family, parameters, matrix[part], times)
        still = numpy.exp(lived[:, :1, :] - lived)
        parts.append(_outlook(still, amounts[part], rule, horizon))
    return _joined(parts)


def monthly_worth(rule: ValueRule) -> numpy.ndarray:
    """What a unit of the value column brings in each month ahead, if the customer is there in it: margin, discounted to
    today; the last month may be a part of one. Float [months]."""
    month = numpy.arange(int(numpy.ceil(rule.months)))
    share = numpy.minimum(rule.months - month, 1.0)
    worth: numpy.ndarray = rule.margin * share / (1.0 + rule.discount_rate) ** (month / YEAR)
    return worth


def _outlook(still: numpy.ndarray, amounts: numpy.ndarray, rule: ValueRule, horizon: int) -> Outlook:
    """`still`: share still there, float [customers, months ahead from 0, 1 + draws]; the first draw is the fit."""
    within = still[:, : horizon + 1]
    worth = monthly_worth(rule)
    value = numpy.einsum("m,cmd->cd", worth, still[:, : len(worth)]) * numpy.maximum(amounts, 0.0)[:, None]
    return Outlook(
        months_left=_estimate(numpy.trapezoid(within, axis=1)),
        median_months=_estimate(_median(within)),
        leaves_within_12_months=_estimate(1.0 - still[:, YEAR]),
        lifetime_value=_estimate(value),
    )


def _median(still: numpy.ndarray) -> numpy.ndarray:
    """Months until half have left, straight between months; infinite beyond the last. Float [customers, draws]."""
    after = (still > 0.5).sum(axis=1)  # noqa: PLR2004 - half
    last = numpy.minimum(after, still.shape[1] - 1)
    here = numpy.take_along_axis(still, last[:, None, :], axis=1)[:, 0]
    before = numpy.take_along_axis(still, numpy.maximum(last - 1, 0)[:, None, :], axis=1)[:, 0]
    step = (before - 0.5) / numpy.maximum(before - here, 1e-12)
    return numpy.where(after < still.shape[1], last - 1 + step, numpy.inf)


def _estimate(values: numpy.ndarray) -> Estimate:
    """`values`: float [customers, 1 + draws]."""
    ends = [(1.0 - LEVEL) / 2, (1.0 + LEVEL) / 2]
    # An observed value, not one between two: an end may be infinite.
    low, high = numpy.quantile(values[:, 1:], ends, axis=1, method="inverted_cdf")
    return Estimate(values[:, 0], low, high)


def _joined(parts: list[Outlook]) -> Outlook:
    joined = {
        field.name: Estimate(
            *(
                numpy.concatenate([getattr(getattr(part, field.name), end) for part in parts])
                for end in ("value", "low", "high")
            )
        )
        for field in fields(Outlook)
    }
    return Outlook(**joined)
