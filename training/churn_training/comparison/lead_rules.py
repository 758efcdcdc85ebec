"""The rules of the gate about gain: a challenger must know more than the base rate, know more than the champion, and
earn more.

Knowledge is what the error of all contests is spent on, for log loss uses every customer: profit hinges on the few at
the edge of a campaign and tells as much only by half as many customers again. Profit is asked for beside it, at a
level of its own. It must not know which contest it is beyond its terms, nor the rules about harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from churn_model.profit import empc_of, empc_worths, tally
from churn_model.usecase import ProfitRule
from churn_training.comparison.significance import Lead, lead_of
from churn_training.comparison.verdict import Finding, JudgedModel, Terms

TRIVIAL = 0.025
"""Largest probability at which a lead over the base rate is not called chance, the first time: one side of a 95 %
interval."""
EARNS = 0.05
"""Largest probability at which the lead in profit of a model that knows more is not called chance."""
CERTAIN = 0.001
"""Probabilities of churn nearer to 0 or 1 count as this far from it: a few thousand customers tell no finer certainty
apart, and a single surprise must not outweigh them all, nor its absence."""
SMALLEST = 1e-9
"""Probability below which no figure is told."""


@dataclass(frozen=True)
class Leads:
    """By how much a challenger is ahead of the champion, in knowledge (log loss) and in profit (EMPC)."""

    knowledge: Lead
    profit: Lead

    def knows(self, terms: Terms) -> bool:
        """Whether it knows more, by more than the chance that these terms allow."""
        return self.knowledge.chance() <= terms.level

    @property
    def earns(self) -> bool:
        """Whether it earns more, by more than chance."""
        return self.profit.chance() <= EARNS


def leads_of(
    churned: numpy.ndarray,
    rule: ProfitRule,
    champion: JudgedModel,
    challenger: JudgedModel,
    customers: numpy.ndarray | None = None,
) -> Leads:
    """Both leads of a challenger; arguments as of `gate.judge`.

    That in knowledge is by how much its log loss is lower, certainty beyond `CERTAIN` aside, customer by customer
    (Vuong 1989, "Likelihood ratio tests for model selection and non-nested hypotheses", section 5); that in profit by
    how much its EMPC is higher.
    """
    earned, earns = (empc_worths(churned, one.probabilities, rule) for one in (champion, challenger))
    return Leads(knowledge_lead(churned, champion, challenger, customers), lead_of(earns - earned, customers))


def spared_lead(
    churned: numpy.ndarray,
    champion: JudgedModel,
    challenger: JudgedModel,
    terms: Terms,
    customers: numpy.ndarray | None = None,
) -> Lead | None:
    """By how much a challenger earns more than the champion less the margin, at the economics by which the champion was
    compared: those of today could make all models earn the same. None where nothing was agreed; arguments as of
    `gate.judge`."""
    if terms.refresh is None or terms.agreed is None:
        return None
    earned, earns = (empc_worths(churned, one.probabilities, terms.agreed) for one in (champion, challenger))
    return lead_of(earns - (1.0 - terms.refresh) * earned, customers)


def knowledge_lead(
    churned: numpy.ndarray, champion: JudgedModel, challenger: JudgedModel, customers: numpy.ndarray | None = None
) -> Lead:
    """The first of the leads, which is the quicker one to find."""
    new, old = (_losses(churned, one.probabilities) for one in (challenger, champion))
    return lead_of(old - new, customers)


def _losses(churned: numpy.ndarray, probabilities: numpy.ndarray) -> numpy.ndarray:
    likely = numpy.clip(probabilities, CERTAIN, 1.0 - CERTAIN)
    return numpy.asarray(-numpy.log(numpy.where(churned == 1, likely, 1.0 - likely)))


def trivial_level(terms: Terms, *, first: bool) -> float:
    """The probability at which a lead over the base rate is not called chance.

    Where there is no champion yet nothing else stands in the way, so the k-th try has `TRIVIAL` / k², which adds up to
    4.1 % over all of them (Euler's sum); where there is one, what its contest allows.
    """
    return TRIVIAL / terms.contest**2 if first else min(terms.level, TRIVIAL)


def base_rate_finding(
    churned: numpy.ndarray,
    probabilities: numpy.ndarray,
    base_rate: float,
    level: float,
    customers: numpy.ndarray | None = None,
) -> Finding:
    """Whether a model knows more than how many customers leave: its squared error (Brier score) is below that of giving
    everybody the churn rate of those that it learnt from, by a one-sided interval.

    Args:
        churned: 0 or 1 a customer.
        probabilities: of churn.
        base_rate: the churn rate of the customers that the model was fitted on.
        level: the largest probability at which its lead is not called chance.
        customers: as of `judge`.
    """
    lead = lead_of((base_rate - churned) ** 2 - (probabilities - churned) ** 2, customers)
    known = lead.chance() <= level
    said = "It knows more" if known else "It is not shown to know more"
    return Finding(
        "base rate",
        passed=known,
        sentence=f"{said} than how many customers leave: the squared error of its probabilities is "
        f"{_beside(-lead.mean)} that of the churn rate alone, {base_rate:.1%}, on {lead.customers:,} customers "
        f"(by chance with a probability of {_small(lead.chance())}, at most {_small(level)} is allowed).",
    )


def gain_findings(
    churned: numpy.ndarray,
    rule: ProfitRule,
    champion: JudgedModel,
    leads: Leads,
    terms: Terms,
    spared: Lead | None = None,
) -> tuple[Finding, Finding]:
    """Whether the challenger knows more and earns more than the champion, both more than by chance; or, where the
    champion may be refreshed, whether it earns less by no more than the margin, which answers for both.

    Args:
        churned: 0 or 1 a customer.
        rule: the economics of the campaign.
        champion: what is served today.
        leads: of the challenger.
        terms: of this contest.
        spared: what `spared_lead` says.
    """
    old = empc_of(tally(churned, champion.probabilities), rule).profit
    margin = None if terms.refresh is None else terms.refresh * old
    chances = [leads.profit.chance(margin or 0.0), 0.0 if spared is None else spared.chance()]
    refreshed = margin is not None and max(chances) <= terms.level
    knows = leads.knows(terms)
    if margin is None or (knows and leads.earns):
        why = (
            f"A model that earns no more would lead by as much with a probability of {_small(leads.profit.chance())}; "
            f"at most {_small(EARNS)} is allowed."
        )
    else:
        why = _refresh_in_words(chances, margin, terms)
    return (
        Finding("log_loss", knows or refreshed, _knowledge_in_words(leads.knowledge, terms)),
        Finding("profit", leads.earns or refreshed, f"{_profit_in_words(old, leads.profit)} {why}"),
    )


def _profit_in_words(old: float, lead: Lead) -> str:
    lower, upper = lead.interval()
    return (
        f"A campaign with the new model is expected to earn {old + lead.mean:.2f} per customer instead of {old:.2f} "
        f"(in the currency of the use case), {lead.mean:+.2f} with a 95 % interval from {lower:+.2f} to {upper:+.2f}."
    )


def _beside(difference: float) -> str:
    """An error compared with another: `lower by 0.0123 than`."""
    size = f"{abs(difference):.4f}"
    return "the same as" if not float(size) else f"{'lower' if difference < 0 else 'higher'} by {size} than"


def _knowledge_in_words(lead: Lead, terms: Terms) -> str:
    return (
        f"The log loss of the new model's probabilities is {_beside(-lead.mean)} the champion's. One that "
        f"knows no more would be ahead by as much with a probability of {_small(lead.chance())}; at most "
        f"{_small(terms.level)} is allowed in the champion's contest {terms.contest}."
    )


def _refresh_in_words(chances: Sequence[float], margin: float, terms: Terms) -> str:
    """`chances`: at the economics of today, and at those by which the champion was compared."""
    now, then = chances
    return (
        "The champion is old enough to give way to a model of newer data that earns less by no more than "
        f"{margin:.2f}, {terms.refresh:.0%}: one that earns even less would look as good with a probability of "
        f"{_small(max(chances))}{', at the economics that the champion was trained by' if then > now else ''}; at most "
        f"{_small(terms.level)} is allowed in the champion's contest {terms.contest}."
    )


def _small(chance: float) -> str:
    """A probability that may be very small."""
    return f"{chance * 100:.3g} %" if chance >= SMALLEST else f"less than {SMALLEST * 100:g} %"
