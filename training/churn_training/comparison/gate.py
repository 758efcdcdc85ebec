"""Whether a new model may take the champion's place: it must know more, earn more and do no harm.

Every rule is a finding with one sentence for managers, passed or not. It judges answers to the same customers; it must
not know models, packages or the registry.
"""

from collections.abc import Callable, Mapping

import numpy

from churn_model.usecase import ProfitRule
from churn_training.comparison.bootstrap import REPEATS, probability_better, probability_positive
from churn_training.comparison.evaluation import Measure, measure
from churn_training.comparison.fairness import SMALLEST_GROUP, group_members
from churn_training.comparison.lead_rules import gain_findings, leads_of
from churn_training.comparison.profit import tally
from churn_training.comparison.verdict import FIRST, Finding, JudgedModel, Terms, Verdict

SURE = 0.95
# A quarter slower is what a caller may notice; below a millisecond nobody does.
SLOWER = 1.25
FAST_ENOUGH = 1.0
# Samples for each group compared: the strictest level, 0.05 divided by the groups, is then counted in tens of samples.
REPEATS_A_GROUP = 200


def judge(
    churned: numpy.ndarray,
    groups: Mapping[str, numpy.ndarray],
    rule: ProfitRule,
    champion: JudgedModel,
    challenger: JudgedModel,
    seed: int,
    *,
    customers: numpy.ndarray | None = None,
    terms: Terms = FIRST,
) -> Verdict:
    """Hold a challenger against the champion, by six rules.

    `log_loss`: it is lower, and the probability of such a lead by chance is within the contest's part of the error
    (`significance.level_of`). `profit`: its EMPC is higher, by chance with at most 5 %. Where the champion may be
    refreshed, both are answered by a lead in profit over the champion less the margin, within the contest's part of the
    error. `brier` and `ece`: worse in less than 95 % of paired bootstrap samples (Efron and Tibshirani 1993) of these
    customers; `latency`: at most a quarter slower, or at most a millisecond; `groups`: its Brier score is in no group
    worse in as many samples, corrected for the number of groups by Holm's method (1979).

    Args:
        churned: 0 or 1 a customer.
        groups: by name of the grouping the value of every customer as text; groups below 50 customers are not judged.
        rule: the economics of the campaign.
        champion: what is served today.
        challenger: what may replace it.
        seed: the same seed draws the same customers.
        customers: a number a row, the same for rows of one customer, who are drawn with all of them; None: each row is
            a customer of its own.
        terms: of this contest.
    """

    def sure(first: JudgedModel, second: JudgedModel, by: Measure) -> float:
        return probability_better(churned, first.probabilities, second.probabilities, by, seed, customers=customers)

    leads = leads_of(churned, rule, champion, challenger, customers)
    findings = (
        *gain_findings(churned, rule, champion, leads, terms),
        _calibration(churned, champion, challenger, measure("brier", rule), sure),
        _calibration(churned, champion, challenger, measure("ece", rule), sure),
        _latency(champion.milliseconds, challenger.milliseconds),
        _groups(churned, groups, champion, challenger, seed, customers),
    )
    passed = all(finding.passed for finding in findings)
    return Verdict(passed, findings, leads.knowledge.chance(), better=leads.knows(terms) and leads.earns)


Sure = Callable[[JudgedModel, JudgedModel, Measure], float]
"""The share of bootstrap samples in which the first model is better than the second by a measure."""


_IN_WORDS = {"brier": "the squared error of the probabilities (Brier score)", "ece": "the calibration error"}


def _calibration(
    churned: numpy.ndarray, champion: JudgedModel, challenger: JudgedModel, by: Measure, sure: Sure
) -> Finding:
    worse = sure(champion, challenger, by)
    old, new = (by.of(tally(churned, one.probabilities)) for one in (champion, challenger))
    passed = worse < SURE
    judgement = "less than" if passed else "at least"
    return Finding(
        by.name,
        passed,
        f"With the new model {_IN_WORDS[by.name]} is {new:.4f} instead of {old:.4f}. It is worse in {_percent(worse)} "
        f"of {REPEATS:,} bootstrap samples of these customers, {judgement} the {_percent(SURE, 0)} at which a model is "
        "turned down.",
    )


def _latency(old: float, new: float) -> Finding:
    limit = max(SLOWER * old, FAST_ENOUGH)
    passed = bool(new <= limit)
    judgement = "within" if passed else "above"
    return Finding(
        "latency",
        passed,
        f"The new model answers in {new:.2f} ms instead of {old:.2f} ms, {judgement} the limit of {limit:.2f} ms.",
    )


def _groups(
    churned: numpy.ndarray,
    groups: Mapping[str, numpy.ndarray],
    champion: JudgedModel,
    challenger: JudgedModel,
    seed: int,
    customers: numpy.ndarray | None,
) -> Finding:
    everyone = list(group_members(groups))
    judged = [group for group in everyone if group[2].sum() >= SMALLEST_GROUP]
    lost = (challenger.probabilities - churned) ** 2 - (champion.probabilities - churned) ** 2
    repeats = max(REPEATS, REPEATS_A_GROUP * len(judged))
    chances = [
        1.0 - probability_positive(lost[members], seed, repeats, customers=_of(customers, members))
        for _, _, members in judged
    ]
    worse = [f"{judged[number][0]} = {judged[number][1]}" for number in _rejected(chances)]
    return Finding("groups", not worse, _groups_in_words(worse, len(judged), len(everyone) - len(judged)))


def _of(customers: numpy.ndarray | None, members: numpy.ndarray) -> numpy.ndarray | None:
    return None if customers is None else customers[members]


def _rejected(chances: list[float]) -> list[int]:
    """The numbers of the groups that got worse, in their order: Holm's step-down method on the chances that each did
    not."""
    found: list[int] = []
    for step, number in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        # Chances are counted in samples and compared as such: 1 - 0.95 is a little above 0.05 in floating point.
        if chances[number] * (len(chances) - step) > 1.0 - SURE + 1e-9:
            break
        found.append(number)
    return sorted(found)


def _groups_in_words(worse: list[str], judged: int, small: int) -> str:
    too_small = f" {small} with fewer than {SMALLEST_GROUP} customers could not be judged." if small else ""
    if worse:
        return f"The new model's probabilities are worse for: {', '.join(worse)} ({judged} groups compared).{too_small}"
    if judged:
        return f"The new model's probabilities are demonstrably worse in none of {judged} groups.{too_small}"
    return f"No group of customers was compared.{too_small}"


def _percent(share: float, places: int = 1) -> str:
    return f"{share * 100:.{places}f} %"
