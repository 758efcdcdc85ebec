"""Leaves money out of what the gate says where nobody said what customers are worth.

The gate compares campaigns by the default economics then, which tell who is ahead; the amounts mean nothing to anybody.
It must not decide anything.
"""

from dataclasses import replace

from churn_model.usecase import UseCase
from churn_training.comparison.champion_contest import ChampionDecision

PROFIT = "profit"
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
