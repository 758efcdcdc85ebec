"""What a model is worth in money: the profit of a retention campaign, per customer of the base.

Two measures after Verbraken, Verbeke and Baesens (2013, "A Novel Profit Maximizing Metric for Measuring Classification
Performance of Customer Churn Prediction Models"). The *maximum profit* fixes the probability that a would-be churner
accepts the offer at the mean of its beta distribution and picks the one best threshold. The *expected maximum profit*
(EMPC) lets the company pick the best threshold for each acceptance probability and averages over that distribution.
All money is in the currency of the use case. Pure arithmetic on scores and labels; it must not know models.
"""

from dataclasses import dataclass

import numpy
from scipy.optimize import isotonic_regression
from scipy.special import betaincc, betaln, xlog1py, xlogy

from churn_model.money import net
from churn_model.usecase import ProfitRule


@dataclass(frozen=True)
class Tally:
    """How many customers left and stayed at each distinct score.

    Three float arrays [distinct scores]: the scores in falling order, leavers and stayers. Nobody is without a score
    and no score without a customer. Every measure of a model is a function of its tally, so that the order of
    customers, and with it the order among equal scores, can never matter.
    """

    scores: numpy.ndarray
    leavers: numpy.ndarray
    stayers: numpy.ndarray

    @property
    def customers(self) -> numpy.ndarray:
        """How many customers have each score."""
        return numpy.asarray(self.leavers + self.stayers)


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

    def at(self, share: float) -> float:
        """Profit per customer when this share of customers is contacted: on the straight line between two points,
        since customers of equal score at the edge are contacted in proportion. Negative when the campaign costs more
        than it brings: a fixed budget is spent whether it pays or not. Exact for any acceptance distribution of the
        same mean."""
        return float(numpy.interp(share, self.contacted, self.profit))


@dataclass(frozen=True)
class Empc:
    """Expected maximum profit per customer of the base, and the share of customers a company can expect to contact
    for it."""

    profit: float
    contacted: float


def tally(churned: numpy.ndarray, scores: numpy.ndarray) -> Tally:
    """Count leavers and stayers by score.

    Args:
        churned: 0 or 1 a customer.
        scores: higher means more likely to leave.

    Raises:
        ValueError: there are no customers, or not as many scores.
    """
    if len(churned) == 0 or len(churned) != len(scores):
        raise ValueError(f"{len(churned)} labels and {len(scores)} scores: there must be as many, and at least one")
    distinct, place = numpy.unique(scores, return_inverse=True)
    customers = numpy.bincount(place).astype(float)
    leavers = numpy.bincount(place, weights=churned)
    return Tally(distinct[::-1], leavers[::-1], (customers - leavers)[::-1])


def profit_curve(churned: numpy.ndarray, scores: numpy.ndarray, rule: ProfitRule) -> ProfitCurve:
    """Profit of contacting everyone from each distinct score on.

    Args:
        churned: 0 or 1 a customer.
        scores: higher means more likely to leave; customers of equal score are contacted together.
        rule: value of a customer, cost of offer and contact, acceptance distribution.
    """
    return curve_of(tally(churned, scores), rule)


def curve_of(counted: Tally, rule: ProfitRule) -> ProfitCurve:
    """The profit curve of a tally."""
    gain, loss = unit_profits(rule)
    size = counted.customers.sum()
    total = numpy.cumsum(gain * counted.leavers + loss * counted.stayers)
    return ProfitCurve(
        numpy.concatenate(([0.0], numpy.cumsum(counted.customers) / size)),
        numpy.concatenate(([0.0], total / size)),
        numpy.concatenate(([numpy.inf], counted.scores)),
    )


def unit_profits(rule: ProfitRule) -> tuple[float, float]:
    """Expected profit of contacting one customer who would leave, and one who would stay anyway (negative)."""
    value, costs = rule.customer_value, (rule.contact_cost, rule.offer_cost)
    return net(_mean_acceptance(rule), 1.0, value, *costs), net(0.0, 0.0, value, *costs)


def empc(churned: numpy.ndarray, scores: numpy.ndarray, rule: ProfitRule) -> Empc:
    """Expected maximum profit of a retention campaign (Verbraken et al. 2013, equations 7 to 12), without error of
    integration.

    Contacting everyone from threshold t on brings, per customer of the base, (gamma (V - d) - f) π₀F₀(t) -
    (d + f) π₁F₁(t): gamma the probability that a would-be churner accepts, V customer value, d cost of the offer, f of
    the contact, π₀F₀ the share of customers who would leave and are contacted, π₁F₁ the same of those who would stay.
    EMPC is the mean over gamma of the maximum over t.

    Args:
        churned: 0 or 1 a customer; one class alone is fine.
        scores: higher means more likely to leave; customers of equal score are contacted together.
        rule: value, costs and the beta distribution of gamma. An offer as dear as the customer never pays: profit 0.
    """
    return empc_of(tally(churned, scores), rule)


def empc_of(counted: Tally, rule: ProfitRule) -> Empc:
    """The expected maximum profit of a tally.

    The maximum is reached on the ROC convex hull (Fawcett and Niculescu-Mizil 2007: its edges are the blocks of an
    isotonic regression of churn on score). Along the hull the churn rate falls, so that a block is contacted exactly
    when gamma is above the block's own break-even, and EMPC is a sum over blocks of the mean of gain × gamma - cost
    above it: an incomplete beta function each.
    """
    leavers, stayers = _hull(counted)
    gain, cost = _stakes(leavers, stayers, rule)
    pays, accepted = _acceptance(gain, cost, rule)
    size = counted.customers.sum()
    return Empc(float((gain @ accepted - cost @ pays) / size), float((leavers + stayers) @ pays / size))


def empc_worths(churned: numpy.ndarray, scores: numpy.ndarray, rule: ProfitRule) -> numpy.ndarray:
    """What each customer adds to the expected maximum profit, whose mean is :func:`empc`.

    The threshold is the best one for every acceptance, so that moving it changes nothing to first order (the envelope
    theorem): the mean of these numbers has the standard error of EMPC, and the difference of two models' numbers that
    of their difference, customer by customer, without resampling.

    Args:
        churned: 0 or 1 a customer.
        scores: higher means more likely to leave.
        rule: as of `empc`.
    """
    counted = tally(churned, scores)
    leaver, stayer = worths_of(counted, rule)
    place = numpy.searchsorted(-counted.scores, -numpy.asarray(scores))
    return numpy.where(numpy.asarray(churned) != 0, leaver[place], stayer[place])


def worths_of(counted: Tally, rule: ProfitRule) -> tuple[numpy.ndarray, numpy.ndarray]:
    """What a leaver and what a stayer of each distinct score adds, as of :func:`empc_worths`: float [distinct scores]
    each."""
    starts = _blocks(counted)
    leavers, stayers = _hull(counted)
    pays, accepted = _acceptance(*_stakes(leavers, stayers, rule), rule)
    block = numpy.searchsorted(starts, numpy.arange(len(counted.scores)), side="right") - 1
    offer, contact = rule.offer_cost, rule.contact_cost
    leaver = (rule.customer_value - offer) * accepted - contact * pays
    stayer = -(offer + contact) * pays
    return leaver[block], stayer[block]


def _hull(counted: Tally) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Leavers and stayers along each edge of the ROC convex hull, from the highest scores on."""
    starts = _blocks(counted)
    return numpy.add.reduceat(counted.leavers, starts), numpy.add.reduceat(counted.stayers, starts)


def _blocks(counted: Tally) -> numpy.ndarray:
    """At which score each edge of the hull begins."""
    customers = counted.customers
    blocks = isotonic_regression(counted.leavers / customers, weights=customers, increasing=False).blocks
    return numpy.asarray(blocks[:-1])


def _stakes(leavers: numpy.ndarray, stayers: numpy.ndarray, rule: ProfitRule) -> tuple[numpy.ndarray, numpy.ndarray]:
    """What contacting so many brings where all would-be leavers accept, and what it costs in any case."""
    gain = (rule.customer_value - rule.offer_cost) * leavers
    cost = rule.contact_cost * leavers + (rule.offer_cost + rule.contact_cost) * stayers
    return gain, cost


def _acceptance(gain: numpy.ndarray, cost: numpy.ndarray, rule: ProfitRule) -> tuple[numpy.ndarray, numpy.ndarray]:
    """For each edge of the hull how probable it is that contacting it pays, and the mean acceptance where it does: the
    mean of a beta distribution times the tail of the one whose alpha is higher by 1, which follows from its own tail
    (DLMF 8.17.20) as a sum of what is not negative. An incomplete beta function is most of what EMPC takes.
    """
    # A break-even of 1 says that contacting never pays; it is also safe where there is nothing to gain.
    break_even = numpy.divide(cost, gain, out=numpy.ones_like(gain), where=cost < gain)
    alpha, beta = rule.acceptance_alpha, rule.acceptance_beta
    pays = betaincc(alpha, beta, break_even)
    above = numpy.exp(xlogy(alpha, break_even) + xlog1py(beta, -break_even) - betaln(alpha, beta)) / alpha
    return pays, _mean_acceptance(rule) * (pays + above)


def _mean_acceptance(rule: ProfitRule) -> float:
    return rule.acceptance_alpha / (rule.acceptance_alpha + rule.acceptance_beta)
