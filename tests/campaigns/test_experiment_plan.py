"""Plans ask for the customers that the literature asks for, and each question is the inverse of the other."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_campaigns.experiment.power import ExperimentPlan, Goal, make_plan
from churn_campaigns.experiment.wording import plan_text
from churn_cli.main import main
from churn_data.errors import DataError


def sizes(plan: ExperimentPlan) -> tuple[int, int]:
    assert plan.size is not None
    return plan.size.control, plan.size.treatment


@pytest.mark.parametrize(
    ("churn", "customers"), [(0.02, 50_271), (0.05, 19_530), (0.10, 9_283), (0.20, 4_159), (0.265, 2_902)]
)
def test_customers_for_twelve_percent(churn: float, customers: int) -> None:
    assert sizes(make_plan(Goal(churn), 0.12)) == (customers, customers)


@given(
    churn=st.floats(0.01, 0.6), reduction=st.floats(0.05, 0.6), power=st.floats(0.6, 0.95), control=st.floats(0.1, 0.9)
)
def test_what_is_needed_for_a_reduction_shows_that_reduction(
    churn: float, reduction: float, power: float, control: float
) -> None:
    goal = Goal(churn, power, control_share=control)
    needed = make_plan(goal, reduction).size
    assert needed is not None
    plan = make_plan(goal, reduction, needed.total)
    assert plan.detectable == pytest.approx(reduction, rel=0.05)
    assert plan.power_of_customers == pytest.approx(power, abs=0.02)
    assert needed.control / needed.total == pytest.approx(control, abs=0.02)


def test_looks_take_a_few_more_customers() -> None:
    plan = make_plan(Goal(0.265, looks=4), 0.12, 6000)
    assert [round(look.score, 3) for look in plan.looks] == [4.333, 2.963, 2.359, 2.014]
    assert sizes(plan) == (2959, 2959)
    assert plan.power_of_customers is not None
    assert 0.8 < plan.power_of_customers < 0.81


def test_so_few_that_nothing_can_be_shown() -> None:
    plan = make_plan(Goal(0.05), customers=50)
    assert plan.detectable is None
    assert "50 customers in all are too few to show any reduction" in plan_text(plan)


@pytest.mark.parametrize(
    ("goal", "reduction", "customers", "line"),
    [
        (Goal(0.2), None, None, "--reduction: is missing, a reduction or --customers was expected"),
        (Goal(1.2), 0.1, None, "--base-rate: 1.2 is not a number above 0 and below 1"),
        (Goal(0.2), 1.0, None, "--reduction: 1 is not a number above 0 and below 1"),
        (Goal(0.2), None, 1, "--customers: 1 are too few, at least one an arm was expected"),
        (Goal(0.2, power=0.04), 0.1, None, "--power: 0.04 is not above --alpha 0.05, which chance alone gives"),
        (Goal(0.2, looks=21), 0.1, None, "--looks: 21 looks, 1 to 20 were expected"),
    ],
)
def test_impossible_plans_are_one_line(goal: Goal, reduction: float | None, customers: int | None, line: str) -> None:
    with pytest.raises(DataError) as caught:
        make_plan(goal, reduction, customers)
    assert str(caught.value) == line


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["experiment", "plan", "--base-rate", "0.265", "--reduction", "0.12", "--looks", "2"]
    assert main(arguments) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "two-sided test at 5 %, power 80 %, churn of the control arm 26.5 % (assumed)",
        "to show a relative reduction of 12 %: 2,913 customers in control and 2,913 in treatment, 5,826 in all",
        "2 looks (O'Brien–Fleming-type spending) take 1.004 times the customers of one:",
        "  look 1, with 50 % of the outcomes: |z| at least 2.963 (p at most 0.003)",
        "  look 2, with 100 % of the outcomes: |z| at least 1.969 (p at most 0.049)",
    ]
    assert main([*arguments, "--customers", "4000", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["size"] == {"reduction": 0.12, "control": 2913, "treatment": 2913, "total": 5826}
    assert document["detectable"] == pytest.approx(0.1441, abs=1e-3)
    assert main(["experiment", "plan", "--base-rate", "0.265"]) == 2
    assert capsys.readouterr().err == "churn: --reduction: is missing, a reduction or --customers was expected\n"
