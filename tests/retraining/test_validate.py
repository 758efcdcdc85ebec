"""`churn validate`: a file that is no export of the same customers is refused before anybody trains on it, each fault
with its column and row; months that have gone by are no fault."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from churn_cli.main import main
from churn_data.sources import read_customers
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.usecase import UseCase
from churn_training.comparison.champion_contest import fetch_champion
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.pipeline import TrainingOutcome
from churn_training.validation.validating import validate

Table = pandas.DataFrame


@pytest.fixture(scope="session", autouse=True)
def mlflow_comes_first(mlflow_is_loaded: None) -> None:
    """MLflow's warnings of its own modules are over before a test begins."""


@pytest.fixture
def champion(trained: tuple[Home, TrainingOutcome], monkeypatch: pytest.MonkeyPatch) -> Home:
    """A champion of the real customers, read by nobody but these commands."""
    for name in ("CHURN_TRACKING_URI", "CHURN_VERIFY_KEY", "CHURN_JOB_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHURN_HOME", str(trained[0].path))
    return trained[0]


@pytest.fixture
def table(telco_path: Path) -> Table:
    return pandas.read_csv(telco_path, dtype=str, keep_default_na=False)


@pytest.fixture
def validated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any], str]]:
    def run(customers: Table, *words: str) -> tuple[int, dict[str, Any], str]:
        path = tmp_path / "customers.csv"
        customers.to_csv(path, index=False)
        capsys.readouterr()
        code = main(["validate", "--data", str(path), "--json", *words])
        captured = capsys.readouterr()
        lines = captured.out.splitlines()
        return code, json.loads(lines[-1]) if lines else {}, captured.err.replace(str(path), "customers.csv")

    return run


def by_column(found: dict[str, Any]) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(each["check"], each["column"]): each for each in found["faults"]}


def dearer(table: Table, times: float) -> "pandas.Series[str]":
    return (table["MonthlyCharges"].astype(float) * times).round(2).astype(str)


@pytest.mark.usefixtures("champion")
def test_months_later_the_same_company_passes(table: Table, validated: Callable[..., Any]) -> None:
    generator = numpy.random.default_rng(3)
    stayed = table[(table["Churn"] == "No") | (generator.random(len(table)) < 0.7)].copy()
    stayed["tenure"] = (stayed["tenure"].astype(int) + 3).astype(str)
    stayed["MonthlyCharges"] = dearer(stayed, 1.1)
    changed = generator.random(len(stayed)) < 0.2
    stayed.loc[changed, "PaymentMethod"] = "Instant transfer"  # what nobody had
    code, found, said = validated(stayed)
    assert (code, found["passed"], found["faults"], found["against"]) == (0, True, [], "1"), said
    assert (found["rows"], found["customers"]) == (len(stayed), len(stayed))


@pytest.mark.usefixtures("champion")
def test_columns_that_changed_are_all_named_with_their_rows(table: Table, validated: Callable[..., Any]) -> None:
    table["MonthlyCharges"] = dearer(table, 100.0)
    table.loc[5:, "InternetService"] = table["InternetService"].str[::-1]
    table.loc[table.index % 2 == 1, "PaymentMethod"] = ""
    table["Contract"] = table["Contract"].replace("Two year", "One year")
    code, found, said = validated(table)
    assert code == 2
    faults = by_column(found)
    lines = [line for line in said.splitlines() if line.startswith("churn: ")]
    assert len(lines) == len(faults) >= 4, said
    assert {column: faults[check, column]["row"] for check, column in faults if check == "ranges"} == {
        "MonthlyCharges": 2, "InternetService": 7, "PaymentMethod": 3, "Contract": None,
    }  # fmt: skip
    problems = {column: faults[check, column]["problem"] for check, column in faults}
    assert "100% of the numbers are" in problems["MonthlyCharges"]
    assert 'such as "citpo rebiF"; expected was something like "Fiber optic", "DSL"' in problems["InternetService"]
    assert problems["PaymentMethod"].startswith("50% of the cells are missing, of those that version 1 learnt from 0%")
    assert problems["Contract"].startswith('nobody has "Two year"')
    assert 'customers.csv, column "MonthlyCharges", row 2: 100% of the numbers' in said
    assert "--accept" in lines[-1]


def test_columns_that_are_gone_or_of_another_kind_where_nobody_lists_them(
    champion: Home, table: Table, telecom: UseCase, tmp_path: Path
) -> None:
    table = table.rename(columns={"tenure": "Tenure_"})
    table["SeniorCitizen"] = table["SeniorCitizen"].map({"0": "young", "1": "old"})
    table["Partner"] = "Yes"
    table.to_csv(tmp_path / "customers.csv", index=False)
    inferring = UseCase(telecom.name, telecom.label, telecom.id)
    dataset = read_customers(tmp_path / "customers.csv", inferring)
    best = fetch_champion(MlflowRegistry(connect(champion.tracking_uri)), telecom.model_name, trusted_keys(champion))
    found = {fault.column: fault for fault in validate(dataset, best).faults if fault.check == "schema"}
    assert {column: fault.row for column, fault in found.items()} == {"tenure": 1, "SeniorCitizen": 2, "Partner": None}
    assert 'did you mean "Tenure_"?' in found["tenure"].problem
    assert found["SeniorCitizen"].problem == 'holds words such as "young", version 1 learnt from numbers'
    assert found["Partner"].problem.startswith("version 1 learnt from it, now it is left out: ")


@pytest.mark.usefixtures("champion")
def test_what_somebody_has_looked_at_passes_and_is_still_said(table: Table, validated: Callable[..., Any]) -> None:
    table["MonthlyCharges"] = dearer(table, 100.0)
    code, found, said = validated(table, "--accept", "MonthlyCharges", "--accept", "contest")
    assert (code, found["faults"]) == (0, []), said
    assert [each["column"] for each in found["accepted"] if each["check"] == "ranges"] == ["MonthlyCharges"]
    assert "(accepted)" in said
    code, _, said = validated(table, "--accept", "MonthlyCharge")
    assert (code, said.splitlines()[-1].startswith('churn: --accept: "MonthlyCharge" is neither a column')) == (2, True)


@pytest.mark.usefixtures("champion")
def test_a_part_of_the_file_or_another_question_is_refused(table: Table, validated: Callable[..., Any]) -> None:
    part = table.head(3000).copy()
    part["Churn"] = part["Churn"].map({"Yes": "No", "No": "Yes"})
    code, found, said = validated(part)
    faults = by_column(found)
    assert code == 2, said
    assert faults["volume", None]["problem"].startswith("3,000 rows, version 1 was made of about 7,0")
    assert "of the customers left" in faults["ranges", "Churn"]["problem"]
    thrice = pandas.concat([table] * 3, ignore_index=True)
    _, found, _ = validated(thrice)
    assert "a customer has 3.0 rows, 1.0 in what" in by_column(found)["volume", "customerID"]["problem"]


@pytest.mark.usefixtures("champion")
def test_what_is_filled_in_after_customers_left_is_a_leak(table: Table, validated: Callable[..., Any]) -> None:
    left = table["Churn"] == "Yes"
    some = numpy.random.default_rng(1).random(len(table)) < 0.8
    table.loc[left & some, "TotalCharges"] = "20.15"  # what a closed account is billed
    table["OnlineBackup"] = numpy.where(left, "closed", table["OnlineBackup"])
    code, found, said = validated(table)
    faults = by_column(found)
    assert code == 2, said
    assert "Kolmogorov and Smirnov" in faults["leakage", "TotalCharges"]["problem"]
    listed = "kept because the use case lists it, though it alone tells who left"
    assert faults["leakage", "OnlineBackup"]["problem"].startswith(listed)


def test_without_a_champion_a_file_stands_alone(home: Home, table: Table, validated: Callable[..., Any]) -> None:
    del home
    code, found, said = validated(table)
    alone = "there is no champion yet: the file is held against nothing"
    assert (code, found["against"], found["remark"]) == (0, None, alone), said
    table.loc[8, "Churn"] = "perhaps"
    code, found, said = validated(table)
    assert (code, found) == (2, {})
    assert said.splitlines()[-1].startswith('churn: customers.csv, column "Churn", row 10: "perhaps" is not a label')
