"""What lies ahead of customers who are still there: how long they stay, whether they leave within a year, their value.

A customer who has been one for t months stays s more with probability S(t + s) / S(t). Intervals (95 %) are of these
expectations, from draws of the parameters around each family's fit, as many as the family's weight says: how sure the
curve is, not when one person leaves. It must not fit curves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from churn_campaigns.lifetime.families import cumulative_hazard
from churn_campaigns.lifetime.selection import Member
from churn_model.money import monthly_worth
from churn_model.usecase import ValueRule

DRAWS = 200
LEVEL = 0.95
YEAR = 12
CELLS = 6_000_000
"""Numbers of one array that is worked on at a time (48 MB)."""


GROUPS = 5
Range = tuple[float, float, float]
"""Value, low and high end."""


@dataclass(frozen=True)
class Estimate:
    """An expectation and its interval, float [customers]; the same (value, low, high) of the mean of all customers, and
    of the means of those who have been there about as long (:attr:`Outlook.groups`)."""

    value: numpy.ndarray
    low: numpy.ndarray
    high: numpy.ndarray
    mean: Range
    group_means: tuple[Range, ...]


@dataclass(frozen=True)
class Outlook:
    """Expectations of each customer: months as one within the horizon; months after which half of such customers have
    left (infinite: beyond the horizon); probability to leave within the label's window (None: it has none) and within
    12 months; lifetime value (money of the value column). ``groups`` numbers customers by fifths of their durations,
    int [customers]."""

    groups: numpy.ndarray
    months_left: Estimate
    median_months: Estimate
    leaves_within_window: Estimate | None
    leaves_within_12_months: Estimate
    lifetime_value: Estimate


@dataclass(frozen=True)
class Ahead:
    """How far to look: ``horizon`` months; the label's ``window`` in months (None: it has none); ``rule`` says for
    which months, margin and discount rate value is counted; the customer's own curve takes the place of `retention`."""

    horizon: int
    window: float | None
    rule: ValueRule

    @property
    def months(self) -> numpy.ndarray:
        """Months ahead at which curves are read, whole ones from 0; the window's last month comes last."""
        whole = numpy.arange(max(self.horizon, int(numpy.ceil(self.rule.months)), YEAR) + 1, dtype=float)
        return numpy.append(whole, YEAR if self.window is None else self.window)


def look_ahead(
    members: Sequence[Member],
    matrix: numpy.ndarray,
    months: numpy.ndarray,
    amounts: numpy.ndarray,
    ahead: Ahead,
    *,
    seed: int,
) -> Outlook:
    """The outlook of customers.

    Args:
        members: the curves and their weights.
        matrix: covariates, float [customers, coefficients].
        months: how long each has been a customer.
        amounts: each one's value column.
        ahead: how far.
        seed: of the draws.
    """
    times = ahead.months
    drawn = _drawn(members, seed)
    size = max(1, CELLS // (len(times) * (DRAWS + len(members) + 1)))
    parts, groups = [], fifths(months)
    for start in range(0, len(months), size):
        part = slice(start, start + size)
        still = _still(members, drawn, matrix[part], months[part, None] + numpy.append(0.0, times)[None, :])
        found = _quantities(still, amounts[part], ahead)
        parts.append({name: _Part.of(values, groups[part]) for name, values in found.items()})
    counts = numpy.bincount(groups, minlength=GROUPS)
    estimates = {name: _joined([part[name] for part in parts], counts) for name in parts[0]}
    within = estimates.pop("leaves_within_window")
    return Outlook(groups, leaves_within_window=None if ahead.window is None else within, **estimates)


def fifths(months: numpy.ndarray) -> numpy.ndarray:
    """Customers numbered 0 to 4 by how long they have been there, equal durations alike: int [customers]."""
    edges = numpy.quantile(months, numpy.arange(1, GROUPS) / GROUPS)
    return numpy.searchsorted(edges, months, side="right")


def _drawn(members: Sequence[Member], seed: int) -> list[numpy.ndarray]:
    """Parameters of each member, float [1 + draws, parameters], the fit first; together there are `DRAWS` draws."""
    ends = numpy.round(numpy.cumsum([member.weight for member in members]) * DRAWS).astype(int)
    counts = numpy.diff(ends, prepend=0)
    return [
        numpy.concatenate([member.fitted.parameters[None, :], member.fitted.draws(int(count), seed + index)])
        for index, (member, count) in enumerate(zip(members, counts, strict=True))
    ]


def _still(
    members: Sequence[Member], drawn: list[numpy.ndarray], matrix: numpy.ndarray, times: numpy.ndarray
) -> numpy.ndarray:
    """Share still there, float [customers, months ahead, 1 + draws]; first the members' weighted mean. `times` begins
    with the duration that each has reached."""
    mean, draws = 0.0, []
    for member, parameters in zip(members, drawn, strict=True):
        lived = cumulative_hazard(member.fitted.family, parameters, matrix, times)
        still = numpy.exp(lived[:, :1, :] - lived[:, 1:, :])
        mean = mean + member.weight * still[:, :, :1]
        draws.append(still[:, :, 1:])
    return numpy.concatenate([mean, *draws], axis=2)


def _quantities(still: numpy.ndarray, amounts: numpy.ndarray, ahead: Ahead) -> dict[str, numpy.ndarray]:
    """What an outlook holds, float [customers, 1 + draws] each."""
    within = still[:, : ahead.horizon + 1]
    worth = numpy.array(monthly_worth(ahead.rule))
    value = numpy.einsum("m,cmd->cd", worth, still[:, : len(worth)]) * numpy.maximum(amounts, 0.0)[:, None]
    return {
        "months_left": numpy.trapezoid(within, axis=1),
        "median_months": _median(within),
        "leaves_within_window": 1.0 - still[:, -1],
        "leaves_within_12_months": 1.0 - still[:, YEAR],
        "lifetime_value": value,
    }


def _median(still: numpy.ndarray) -> numpy.ndarray:
    """Months until half have left, straight between months; infinite beyond the last. Float [customers, draws]."""
    after = (still > 0.5).sum(axis=1)  # noqa: PLR2004 - half
    last = numpy.minimum(after, still.shape[1] - 1)
    here = numpy.take_along_axis(still, last[:, None, :], axis=1)[:, 0]
    before = numpy.take_along_axis(still, numpy.maximum(last - 1, 0)[:, None, :], axis=1)[:, 0]
    step = (before - 0.5) / numpy.maximum(before - here, 1e-12)
    return numpy.where(after < still.shape[1], last - 1 + step, numpy.inf)


_CUT = int((DRAWS + 1) * (1.0 - LEVEL) / 2)
"""Draws beyond either end: an end is the draw of this rank from below, or from above, so that another draw would lie
between the two as often as the level says, which the plain quantiles of so few fall short of."""
ENDS = ((_CUT - 0.5) / DRAWS, (DRAWS - _CUT + 0.5) / DRAWS)


@dataclass(frozen=True)
class _Part:
    """An expectation of some customers: `value`, `low` and `high` of each, and each group's `total` in each draw."""

    value: numpy.ndarray
    low: numpy.ndarray
    high: numpy.ndarray
    total: numpy.ndarray

    @classmethod
    def of(cls, values: numpy.ndarray, groups: numpy.ndarray) -> "_Part":
        """`values`: float [customers, 1 + draws]."""
        # An observed value, not one between two: an end may be infinite.
        low, high = numpy.quantile(values[:, 1:], ENDS, axis=1, method="inverted_cdf")
        total = numpy.stack([values[groups == group].sum(axis=0) for group in range(GROUPS)])
        return cls(values[:, 0], low, high, total)


def _joined(parts: list[_Part], counts: numpy.ndarray) -> Estimate:
    value, low, high = (numpy.concatenate([getattr(part, end) for part in parts]) for end in ("value", "low", "high"))
    totals = numpy.sum([part.total for part in parts], axis=0)
    means = totals / numpy.maximum(counts, 1)[:, None]
    return Estimate(value, low, high, _range(totals.sum(axis=0) / len(value)), tuple(map(_range, means)))


def _range(drawn: numpy.ndarray) -> Range:
    low, high = numpy.quantile(drawn[1:], ENDS, method="inverted_cdf")
    return float(drawn[0]), float(low), float(high)
