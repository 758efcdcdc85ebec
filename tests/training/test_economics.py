"""What a use case leaves open about money follows from its customers; where it contradicts itself, training says so."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from churn_data.dataset import Dataset
from churn_data.simulate import write_simulated
from churn_data.sources import read_customers
from churn_model.rules import ProfitStatement
from churn_model.usecase import ActionRule, Label, ValueRule, load_usecase, shipped_usecases
from churn_training.comparison.economics import with_economics


def changed(telco: Dataset, **parts: object) -> Dataset:
    return replace(telco, usecase=msgspec.structs.replace(telco.usecase, **parts))


def test_the_value_of_a_customer_is_the_mean_of_what_keeping_each_is_worth(telco: Dataset) -> None:
    settled, warnings = with_economics(telco)
    assert warnings == ()
    mean = telco.frame["MonthlyCharges"].mean() * settled.usecase.kept_factor
    assert settled.usecase.profit.customer_value == pytest.approx(mean)
    assert settled.usecase.profit.customer_value == pytest.approx(238, abs=2)
    again, _ = with_economics(settled)
    assert again.usecase == settled.usecase


def test_without_a_retention_those_who_are_kept_leave_as_all_do(telco: Dataset) -> None:
    settled, _ = with_economics(changed(telco, value=ValueRule("MonthlyCharges", margin=0.4)))
    assert settled.usecase.required_value().retention == pytest.approx((1 - telco.churn_rate,))
    label = Label("Churn", "Yes", "No", window=3)
    settled, _ = with_economics(changed(telco, value=ValueRule("MonthlyCharges", margin=0.4), label=label))
    assert settled.usecase.required_value().retention[0] ** 3 == pytest.approx(1 - telco.churn_rate)


def test_contradictions_are_named(telco: Dataset) -> None:
    label = Label("Churn", "Yes", "No")
    actions = (
        ActionRule("gold", "A gold bar", cost=900, effect=0.1),
        ActionRule("lounge", "A lounge", cost=5, effect=0.1, minimum_value=5000),
        ActionRule("mail", "A message", cost=1, effect=0.05),
    )
    parts = {"label": label, "actions": actions, "value": ValueRule("MonthlyCharges")}
    profit = ProfitStatement(customer_value=200)
    _, warnings = with_economics(changed(telco, stated_profit=profit, **parts))
    found = [line.removeprefix("use case telecom: ") for line in warnings]
    assert [line.split(":")[0] for line in found] == [
        "`value.margin` is 1",
        "no `label.window` with `time`",
        "`profit.customer_value` is 200, by `value` keeping a customer is worth 777.14 on average",
        (
            "`profit` expects 30% of would-be leavers to accept, the best of `actions` keeps 10%; "
            "`profit.action` names the one that models are compared by"
        ),
        "action gold does not even pay for a sure leaver of the highest value, 1425.00",
        "action lounge asks for a value of 5000, keeping the best customer is worth 1425.00",
    ]


@pytest.mark.parametrize("name", shipped_usecases())
def test_what_ships_does_not_contradict_itself(name: str, tmp_path: Path) -> None:
    usecase = load_usecase(name)
    file = write_simulated(usecase, 3000, 1, tmp_path / "simulated.csv")
    _, warnings = with_economics(read_customers(file, usecase))
    assert warnings == ()
