"""Where nobody said what customers are worth, the gate's words hold no amount of money."""

import msgspec
import numpy
import pytest

from churn_model.rules import ProfitStatement, ValueRule
from churn_model.usecase import Label, UseCase
from churn_training.comparison.champion_contest import ChampionDecision
from churn_training.comparison.gate import judge
from churn_training.comparison.money_words import told_for
from churn_training.comparison.verdict import JudgedModel

USECASE = UseCase("u", Label("left", "1"))
CHURNED = numpy.repeat([0, 1], 40)
GOOD, BAD = CHURNED * 0.8 + 0.1, numpy.linspace(0.6, 0.4, 80)


def decided(*, passed: bool) -> ChampionDecision:
    new, old = (GOOD, BAD) if passed else (BAD, GOOD)
    verdict = judge(CHURNED, {}, USECASE.profit, JudgedModel(old, 0.1), JudgedModel(new, 0.1), 0)
    (sentence,) = [finding.sentence for finding in verdict.findings if finding.rule_name == "profit"]
    return ChampionDecision(promoted=passed, reason=f"version 1 stays: {sentence}", verdict=verdict)


@pytest.mark.parametrize("passed", [True, False], ids=["better", "not better"])
def test_without_a_value_the_gate_tells_no_amount(*, passed: bool) -> None:
    decision = decided(passed=passed)
    assert "earn" in decision.reason
    told = told_for(USECASE, decision)
    assert told.verdict is not None
    assert decision.verdict is not None
    assert told.reason == f"version 1 stays: {told.verdict.findings[1].sentence}"
    assert ("is shown to serve better" if passed else "is not shown to serve better") in told.reason
    assert not [finding for finding in told.verdict.findings if "earn" in finding.sentence]
    assert [finding.passed for finding in told.verdict.findings] == [each.passed for each in decision.verdict.findings]


@pytest.mark.parametrize(
    "changes",
    [{"value": ValueRule("fee")}, {"stated_profit": ProfitStatement(customer_value=100.0)}],
    ids=["value", "customer_value"],
)
def test_with_a_value_it_tells_what_it_told(changes: dict[str, object]) -> None:
    decision = decided(passed=False)
    assert told_for(msgspec.structs.replace(USECASE, **changes), decision) is decision
