"""What keeping a customer is worth and what an action costs: the one rule by which models are chosen, decisions made,
campaigns planned and lifetimes valued.

A customer who would leave within the label's window takes along the margin of the months after leaving, and no month
before it. An offer costs what it costs when it is accepted, by those whom it keeps and by those who would have stayed
anyway; reaching somebody costs in any case (Verbraken, Verbeke and Baesens 2013, equation 5). Plain arithmetic that
works on numbers and on arrays alike; it must not know customers, models or files.
"""

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import numpy

    Amount = TypeVar("Amount", float, numpy.ndarray)
else:
    Amount = TypeVar("Amount")

YEAR = 12.0


class Horizon(Protocol):
    """What is said of a customer's value (:class:`~churn_model.rules.ValueRule`)."""

    @property
    def months(self) -> float:
        """Months that are counted."""

    @property
    def margin(self) -> float:
        """Share of the column that is left."""

    @property
    def discount_rate(self) -> float:
        """A year."""

    @property
    def retention(self) -> tuple[float, ...]:
        """Share still there after 1, 2, … months."""


def net(kept: Amount, leaves: Amount, value: Amount, contact: float, offer: float) -> Amount:
    """What giving an action to a customer is expected to bring, in money.

    Args:
        kept: by how much the action lowers the probability to leave, 0 to 1.
        leaves: the probability to leave without it; everybody else stays and accepts the offer too.
        value: what keeping the customer is worth.
        contact: cost of reaching the customer, whatever comes of it.
        offer: cost of the offer, once it is accepted.
    """
    brought: Amount = kept * value - contact - offer * (kept + 1.0 - leaves)
    return brought


def monthly_worth(rule: Horizon) -> tuple[float, ...]:
    """What a unit of the value column brings in each month ahead if the customer is there in it: margin, discounted to
    today; the last month may be a part of one."""
    months = range(int(-(-rule.months // 1)))
    return tuple(
        rule.margin * min(rule.months - month, 1.0) / (1.0 + rule.discount_rate) ** (month / YEAR) for month in months
    )


def retained(rule: Horizon, month: int) -> float:
    """Share of customers, kept today, who are still there after so many months."""
    known = (1.0, *rule.retention)
    if month < len(known):
        return known[month]
    ratio = known[-1] / known[-2] if len(known) > 1 and known[-2] > 0 else 1.0
    return float(known[-1] * ratio ** (month - len(known) + 1))


def value_factor(rule: Horizon) -> float:
    """What the value column is multiplied with for all that is ahead of a customer: Σ worth × retention, month 0 the
    first (Gupta et al. 2006, "Modeling Customer Lifetime Value", equation 1)."""
    return sum(worth * retained(rule, month) for month, worth in enumerate(monthly_worth(rule)))


def kept_factor(rule: Horizon, window: float | None) -> float:
    """What the value column is multiplied with for what keeping a customer is worth who would leave within `window`
    months: of the months ahead those that would be lost.

    Who leaves within the window does so in any part of it with the same chance, so that of month m the share m / window
    is lost, and all from the window's end on. Without a window (None) a would-be leaver counts as gone today. So a
    probability over the window and money over the months ahead stand on one base of time.
    """
    if window is None:
        return value_factor(rule)
    return sum(
        worth * retained(rule, month) * min(month / window, 1.0) for month, worth in enumerate(monthly_worth(rule))
    )
