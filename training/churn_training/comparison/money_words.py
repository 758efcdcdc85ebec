"""Leaves money out of what a training says and shows where nobody said what customers are worth.

The gate compares campaigns by the default economics then, which tell who is ahead; the amounts mean nothing to anybody.
It must not decide anything.
"""

from collections.abc import Mapping
from dataclasses import replace

from churn_model.usecase import UseCase
from churn_training.comparison.champion_contest import ChampionDecision

PROFIT = "profit"
_OF_MONEY = frozenset({PROFIT, "empc", "contacted"})
"""Words in the names of figures that follow from what customers are worth; how many are contacted is one of them."""
_BETTER = {
    True: "A campaign with the new model is shown to serve better than one with the model in use.",
    False: "A campaign with the new model is not shown to serve better than one with the model in use.",
}


def told_for(usecase: UseCase, decision: ChampionDecision) -> ChampionDecision:
    """The same decision in words that fit the use case."""
    verdict = decision.verdict
    if usecase.tells_money or verdict is None:
        return decision
    reason, findings = decision.reason, []
    for finding in verdict.findings:
        sentence = _BETTER[finding.passed] if finding.rule_name == PROFIT else finding.sentence
        reason = reason.replace(finding.sentence, sentence)
        findings.append(replace(finding, sentence=sentence))
    return replace(decision, reason=reason, verdict=replace(verdict, findings=tuple(findings)))


def figures_for(usecase: UseCase, figures: Mapping[str, float]) -> dict[str, float]:
    """Measures by name, such as those of an evaluation, without those that need to know what customers are worth."""
    return {
        name: value
        for name, value in figures.items()
        if usecase.tells_money or not _OF_MONEY.intersection(name.split("_"))
    }
