"""The two rules of the gate that spend error: a challenger must know more than the base rate, and earn more than the
champion.

It must not know which contest it is beyond its terms, nor the rules about harm.
"""

import numpy

from churn_model.usecase import ProfitRule
from churn_training.comparison.profit import empc_of, empc_worths, tally
from churn_training.comparison.significance import Lead, lead_of
from churn_training.comparison.verdict import Finding, JudgedModel, Terms

TRIVIAL = 0.025
"""Largest probability at which a lead over the base rate is not called chance: one side of a 95 % interval."""
SMALLEST = 1e-9
"""Probability below which no figure is told."""


def profit_lead(
    churned: numpy.ndarray,
    rule: ProfitRule,
    champion: JudgedModel,
    challenger: JudgedModel,
    customers: numpy.ndarray | None = None,
) -> Lead:
    """By how much the challenger's EMPC is higher."""
    new, old = (empc_worths(churned, one.probabilities, rule) for one in (challenger, champion))
    return lead_of(new - old, customers)


def base_rate_finding(
    churned: numpy.ndarray,
    probabilities: numpy.ndarray,
    base_rate: float,
    terms: Terms,
    customers: numpy.ndarray | None = None,
) -> Finding:
    """Whether a model knows more than how many customers leave: its squared error (Brier score) is below that of giving
    everybody the churn rate of those that it learnt from, by a one-sided interval.

    Args:
        churned: 0 or 1 a customer.
        probabilities: of churn.
        base_rate: the churn rate of the customers that the model was fitted on.
        terms: of this contest.
        customers: as of `judge`.
    """
    lead = lead_of((base_rate - churned) ** 2 - (probabilities - churned) ** 2, customers)
    level = min(terms.level, TRIVIAL)
    known = lead.chance() <= level
    said = "It knows more" if known else "It is not shown to know more"
    return Finding(
        "base rate",
        passed=known,
        sentence=f"{said} than how many customers leave: the squared error of its probabilities is {-lead.mean:+.4f} "
        f"beside that of the churn rate alone, {base_rate:.1%}, on {lead.customers:,} customers (by chance with a "
        f"probability of {_small(lead.chance())}, at most {_small(level)} is allowed).",
    )


def profit_finding(
    churned: numpy.ndarray, rule: ProfitRule, champion: JudgedModel, lead: Lead, terms: Terms
) -> Finding:
    """Whether the challenger's lead in profit is more than chance, or, where the champion may be refreshed, whether its
    lead over the champion less the margin is.

    Args:
        churned: 0 or 1 a customer.
        rule: the economics of the campaign.
        champion: what is served today.
        lead: of the challenger, see `profit_lead`.
        terms: of this contest.
    """
    old = empc_of(tally(churned, champion.probabilities), rule).profit
    lower, upper = lead.interval()
    allowed = f"at most {_small(terms.level)} is allowed in contest {terms.contest} on this holdout"
    known = (
        f"A campaign with the new model is expected to earn {old + lead.mean:.2f} per customer instead of {old:.2f} "
        f"(in the currency of the use case), {lead.mean:+.2f} with a 95 % interval from {lower:+.2f} to {upper:+.2f}. "
    )
    chance = lead.chance()
    if chance <= terms.level or terms.refresh is None:
        told = f"A model that earns no more would lead by as much with a probability of {_small(chance)}; {allowed}."
        return Finding("profit", chance <= terms.level, known + told)
    margin = terms.refresh * old
    chance = lead.chance(margin)
    told = (
        "The champion is old enough to give way to a model of newer data that earns less by no more than "
        f"{margin:.2f}, {terms.refresh:.0%}: one that earns even less would look as good with a probability of "
        f"{_small(chance)}; {allowed}."
    )
    return Finding("profit", chance <= terms.level, known + told)


def _small(chance: float) -> str:
    """A probability that may be very small."""
    return f"{chance * 100:.3g} %" if chance >= SMALLEST else f"less than {SMALLEST * 100:g} %"
