"""Sentences of the report: what a model brings, how sure its lead is, what is assumed, and numbers as people read them.

It must not know HTML, files or how anything was measured.
"""

import math
from collections.abc import Sequence

from churn_model.usecase import ProfitRule
from churn_training.comparison.standings import Standing

UNKNOWN = "–"
CROWD = 10_000
"""Profit is told for so many customers, since a few cents each say little."""
SURE = 0.95


def headline(winner: Standing, rule: ProfitRule, reached: float | None, *, money: bool) -> str:
    """What the winner brings: money, or where nobody said what customers are worth whom it finds; `reached` is the
    share of leavers whom a campaign of the rule's budget reaches."""
    found = "" if reached is None else f"{share(reached)} of those who leave are among the {share(rule.budget_share)} "
    found += "of customers whom it holds most probable to leave." if found else ""
    if not money:
        return found or "How well it finds those who leave is shown below."
    profit, contacted = winner.metrics["empc"], winner.metrics["empc_contacted"]
    if profit <= 0.0:
        return "Under the assumptions below no campaign pays: an offer costs more than it is expected to bring."
    sure = f" (95 % interval {interval(winner.intervals['empc'], 2)})" if "empc" in winner.intervals else ""
    return (
        f"A retention campaign that contacts the right customers is expected to earn {amount(profit)} per customer of "
        f"the base{sure}, about {profit * CROWD:,.0f} for every {CROWD:,} customers, by contacting {share(contacted)} "
        f"of them. With a budget for {share(rule.budget_share)} of the customers it earns "
        f"{amount(winner.metrics['budget_profit'])} per customer. {found}"
    ).strip()


def against_the_next(winner: Standing, candidates: Sequence[Standing]) -> str:
    """The winner beside the other that earns most, in words that claim no more than resampling shows."""
    others = [row for row in candidates if row is not winner]
    if not others:
        return ""
    rival = max(others, key=lambda row: row.metrics["empc"])
    ahead = (winner.metrics["empc"] - rival.metrics["empc"]) * CROWD
    more = "more" if ahead >= 0 else "less"
    compared = f"{abs(ahead):,.0f} {more} for every {CROWD:,} customers than the best of the others, {rival.title}"
    if rival.winner_better is None:
        return f"That is {compared}."
    samples = f"it earns more in {share(rival.winner_better)} of bootstrap samples"
    if rival.winner_better >= SURE:
        return f"That is {compared}, and shown: {samples}."
    if rival.winner_better > 1.0 - SURE:
        return f"That is {compared}; which of the two earns more is not shown, {samples}. {_chosen(winner, rival)}"
    return (
        f"That is {compared}, which does earn more on these customers ({samples}), though by less than folds differ "
        f"from each other. {_chosen(winner, rival)}"
    )


def _chosen(winner: Standing, rival: Standing) -> str:
    ours, theirs = winner.metrics["log_loss"], rival.metrics["log_loss"]
    compared = "" if ours > theirs else f" (log loss {decimals(ours)} against {decimals(theirs)})"
    return f"It was chosen for its probabilities{compared}."


def economics(rule: ProfitRule) -> tuple[str, ...]:
    """The assumptions of the profit rule, a sentence each."""
    alpha, beta = rule.acceptance_alpha, rule.acceptance_beta
    spread = f"how uncertain that is, is described by a beta distribution with parameters {alpha:g} and {beta:g}"
    accepted = share(alpha / (alpha + beta))
    return (
        f"A customer who is kept is worth {amount(rule.customer_value)} (assumed).",
        f"An offer costs {amount(rule.offer_cost)} (assumed); customers who would have stayed anyway take it too.",
        f"Contacting a customer costs {amount(rule.contact_cost)} (assumed).",
        f"Of the customers who would leave, {accepted} accept the offer and stay (assumed; {spread}).",
        f"A campaign of fixed budget reaches {share(rule.budget_share)} of the customers (assumed).",
    )


def without_money(rule: ProfitRule) -> tuple[str, ...]:
    """What is assumed where nobody said what customers are worth."""
    worth = f"{rule.customer_value / rule.offer_cost:g} times what an offer costs" if rule.offer_cost else "much"
    return (
        "The use case does not say what customers are worth (`value`), so nothing is told in money.",
        f"Where two models find leavers about equally well, they are compared as if keeping one were worth {worth}.",
        f"A campaign reaches {share(rule.budget_share)} of the customers (assumed).",
    )


def amount(value: float | None) -> str:
    """An amount of money, a dash where it is not known."""
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:,.2f}"


def share(value: float | None) -> str:
    """A share in percent."""
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:.1%}".replace("%", " %")


def decimals(value: float | None, places: int = 4) -> str:
    """A number with so many decimals."""
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:.{places}f}"


def interval(ends: tuple[float, float] | None, places: int = 4) -> str:
    """Both ends with so many decimals."""
    if ends is None or not all(map(math.isfinite, ends)):
        return UNKNOWN
    return f"{ends[0]:,.{places}f} to {ends[1]:,.{places}f}"
