"""What a model is worth in money: the maximum profit of a retention campaign, per customer of the base.

After Verbraken, Verbeke and Baesens (2013), with one simplification said openly: the probability that a would-be
churner accepts the offer is fixed at the mean of its beta distribution, where the full measure (EMPC) integrates over
it. Pure arithmetic on scores and labels; it must not know models.
"""

from dataclasses import dataclass

import numpy

from churn_model.usecase import ProfitRule


@dataclass(frozen=True)
class BestProfit:
    """The best campaign: its profit per customer of the base (currency of the use case), the share of customers it
    contacts, and the score from which on a customer is contacted (infinite: nobody is)."""

    profit: float
    contacted: float
    threshold: float


@dataclass(frozen=True)
class ProfitCurve:
    """Profit per customer of the base by share contacted, highest scores first; both start at zero."""

    contacted: numpy.ndarray
    profit: numpy.ndarray
    thresholds: numpy.ndarray

    @property
    def best(self) -> BestProfit:
        """The point of highest profit; of equals the one that contacts fewest."""
        index = int(numpy.argmax(self.profit))
        return BestProfit(float(self.profit[index]), float(self.contacted[index]), float(self.thresholds[index]))


def profit_curve(churned: numpy.ndarray, scores: numpy.ndarray, rule: ProfitRule) -> ProfitCurve:
    """Profit of contacting everyone from each distinct score on.

    Args:
        churned: 0 or 1 a customer.
        scores: higher means more likely to leave; customers of equal score are contacted together.
        rule: value of a customer, cost of offer and contact, acceptance distribution.
    """
    order = numpy.argsort(-scores, kind="stable")
    ordered = scores[order]
    last_of_ties = numpy.append(ordered[1:] != ordered[:-1], True)
    leavers = numpy.cumsum(churned[order])[last_of_ties]
    contacted = (numpy.flatnonzero(last_of_ties) + 1).astype(float)
    gain, loss = unit_profits(rule)
    total = gain * leavers + loss * (contacted - leavers)
    size = len(scores)
    return ProfitCurve(
        numpy.concatenate(([0.0], contacted / size)),
        numpy.concatenate(([0.0], total / size)),
        numpy.concatenate(([numpy.inf], ordered[last_of_ties])),
    )


def maximum_profit(churned: numpy.ndarray, scores: numpy.ndarray, rule: ProfitRule) -> float:
    """Profit per customer at the best threshold; 0 when contacting nobody is best."""
    return profit_curve(churned, scores, rule).best.profit


def unit_profits(rule: ProfitRule) -> tuple[float, float]:
    """Expected profit of contacting one customer who would leave, and one who would stay anyway (negative)."""
    acceptance = rule.acceptance_alpha / (rule.acceptance_alpha + rule.acceptance_beta)
    gain = acceptance * (rule.customer_value - rule.offer_cost) - rule.contact_cost
    return gain, -(rule.offer_cost + rule.contact_cost)
