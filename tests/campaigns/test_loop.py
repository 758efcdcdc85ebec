"""From a plan to the next plan by the commands alone: what is written is read as it is, and alpha is spent once."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import openpyxl
import pandas
import pytest
import yaml

from churn_campaigns.campaign.detectable import Detectable, detectable_line
from churn_campaigns.experiment.assignment import in_holdout
from churn_campaigns.experiment.boundaries import spent
from churn_cli.main import main
from sample_package import Keys, PackageMaker, sample_rows, sample_schema

ACTIONS = [
    {"id": "call", "name": "A call", "cost": 10.0, "effect": 0.2, "capacity": 150},
    {"id": "mail", "name": "A message", "cost": 1.5, "effect": 0.05},
]
USECASE = {
    "name": "sample",
    "id": "customer",
    "label": {"column": "left", "positive": "yes", "negative": "no"},
    "value": {"column": "charges"},
    "actions": ACTIONS,
}
PLAN = ("--budget", "1e6", "--holdout", "0.3", "--salt", "spring", "--date", "2026-01-01", "--looks", "3")


class Company:
    """A folder with a use case, a model and customers; commands run in it."""

    def __init__(self, folder: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._model, self._capsys = folder, model, capsys
        (folder / "sample.yaml").write_text(yaml.safe_dump(USECASE))
        frame = pandas.DataFrame(sample_rows(900, 5), columns=list(sample_schema().names))
        frame.insert(0, "customer", [f"00{number}" for number in range(900)])
        frame.to_csv(folder / "customers.csv", index=False)

    def run(self, *words: str, code: int = 0) -> dict[str, Any]:
        more = ["--model", str(self._model)] if words[0] == "campaign" else []
        paths = [str(self.folder / word) if "." in word and not word[0].isdigit() else word for word in words]
        assert main([*paths, "--usecase", str(self.folder / "sample.yaml"), *more, "--json"]) == code
        captured = self._capsys.readouterr()
        if code:
            return {"said": captured.err.splitlines()[-1].replace(f"{self.folder}/", "")}
        found: dict[str, Any] = json.loads(captured.out.splitlines()[-1])
        return found | {"said": captured.err}

    def plan(self, name: str = "plan.csv") -> pandas.DataFrame:
        return pandas.read_csv(self.folder / name, keep_default_na=False, dtype=str)

    def outcomes(self, day: str, leaves: Callable[[pandas.DataFrame], Any], name: str = "outcomes.csv") -> None:
        """Everybody of the plan, seen on a day; who leaves did so on the day after the plan."""
        plan = self.plan()
        left = numpy.asarray(leaves(plan), dtype=bool)
        frame = pandas.DataFrame({"customer": plan["id"], "left": numpy.where(left, "yes", "no")})
        frame["outcome_on"] = numpy.where(left, "2026-01-02", day)
        frame.to_csv(self.folder / name, index=False)


@pytest.fixture(scope="module")
def model(make_package: PackageMaker) -> Path:
    return make_package()


@pytest.fixture
def company(
    tmp_path: Path, model: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Company:
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(keys.verify_path))
    return Company(tmp_path, model, capsys)


def by_chance(rate: float, treated_rate: float, seed: int = 0) -> Callable[[pandas.DataFrame], Any]:
    """Who leaves, by chance: control customers and those without a plan at one rate, treated ones at another."""

    def leaves(plan: pandas.DataFrame) -> Any:
        drawn = numpy.random.default_rng(seed).random(len(plan))
        return drawn < numpy.where(plan["arm"].isin(["call", "mail"]), treated_rate, rate)

    return leaves


def test_a_plan_is_for_a_person_who_calls(company: Company) -> None:
    result = company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    plan = company.plan()
    held = numpy.array([in_holdout("spring", customer, 0.3) for customer in plan["id"]])
    planned = plan["planned_action"] != "none"
    groups = numpy.select([plan["action"] != "none", plan["arm"] == "control"], [0, 1], 2)
    assert (numpy.diff(groups) >= 0).all()
    called = plan[groups == 0]
    assert (numpy.diff(called["expected_net"].astype(float)) <= 0.0).all()
    assert called["reasons"].str.contains("raises churn").mean() > 0.5
    assert set(called["action_name"]) <= {"A call", "A message"}
    assert (plan["arm"] == "control").tolist() == (held & planned).tolist()
    assert set(plan.loc[planned, "propensity"]) == {"0.7"}
    assert set(plan["usecase"]) == {"sample"}
    assert set(plan["planned_on"]) == {"2026-01-01"}
    assert (called["action"] == "call").sum() == 150
    smallest = result["smallest_effect"]
    assert 0.02 < smallest["absolute"] < 0.3
    assert result["said"].count("the smallest effect that this plan can show") == 1


def test_a_plan_after_which_more_left_is_said_to_be_one(company: Company) -> None:
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    company.outcomes("2026-05-01", by_chance(0.2, 0.5))
    read = company.run("experiment", "read", "plan.csv", "outcomes.csv")
    assert "those treated left MORE often than those held out" in read["said"]
    found = re.search(
        r"churn higher by ([\d.]+) percentage points, ([\d.]+) % .*interval ([\d.]+) to ([\d.]+)", read["said"]
    )
    assert found is not None, read["said"]
    points, _, low, high = map(float, found.groups())
    assert low < points < high
    assert points == pytest.approx(-100.0 * read["plan"]["absolute"], abs=0.01)


def test_the_result_of_a_plan_is_read_as_it_was_written_and_goes_into_the_next_one(company: Company) -> None:
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    company.outcomes("2026-05-01", by_chance(0.5, 0.2))
    read = company.run("experiment", "read", "plan.csv", "outcomes.csv", "--history", "history.csv")
    plan = company.plan()
    planned = plan[plan["planned_action"] != "none"]
    assert (read["planned"], read["known"], read["ignored"]) == (len(planned), len(planned), len(plan) - len(planned))
    assert read["plan"]["shown"]
    assert read["plan"]["interval"][0] < 0.3 < read["plan"]["interval"][1]
    assert (read["look"], read["final"], read["days"]) == (1, True, 90)
    assert read["money"]["net_interval"][0] < read["money"]["net"] < read["money"]["net_interval"][1]
    assert "in money" in read["said"]
    history = pandas.read_csv(company.folder / "history.csv", dtype=str)
    assert sorted(history["customer"]) == sorted(planned["id"])
    assert set(history["arm"]) == {"call", "mail", "control"}
    assert set(history["outcome_until"]) == {"2026-04-01"}
    following = company.run(
        "campaign",
        "customers.csv",
        "next.csv",
        "--budget",
        "1e6",
        "--history",
        "history.csv",
        "--leave-out",
        "plan.csv",
    )
    verdicts = {entry["id"]: entry["history"]["verdict"] for entry in following["actions"]}
    assert "proven" in verdicts.values()
    again = set(planned["id"]) & set(company.plan("next.csv").query("action != 'none'")["id"])
    assert not again
    assert all("in another plan" in entry["not_eligible"] for entry in following["actions"])


def test_where_nothing_happens_nothing_is_shown_and_who_was_not_planned_for_does_not_count(company: Company) -> None:
    """Before, customers without a plan, who are others, were compared with those treated."""
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)

    def leaves(plan: pandas.DataFrame) -> Any:
        drawn = numpy.random.default_rng(1).random(len(plan))
        return drawn < numpy.where(plan["planned_action"] == "none", 0.0, 0.4)

    company.outcomes("2026-05-01", leaves)
    assert not company.run("experiment", "read", "plan.csv", "outcomes.csv")["plan"]["shown"]


def test_alpha_is_spent_over_looks_and_not_anew(company: Company) -> None:
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    boundaries = []
    for month, rate in ((2, 0.1), (3, 0.2), (5, 0.3)):
        company.outcomes(f"2026-0{month}-01", by_chance(rate, rate), f"outcomes{month}.csv")
        found = company.run("experiment", "read", "plan.csv", f"outcomes{month}.csv")
        assert company.run("experiment", "read", "plan.csv", f"outcomes{month}.csv")["look"] == found["look"]
        boundaries.append(found["boundary"])
    assert found["look"] == 3
    assert boundaries[0] > boundaries[1] > boundaries[2] > 1.9599
    assert found["alpha_spent"] == pytest.approx(0.05)
    company.outcomes("2026-05-02", by_chance(0.3, 0.1, seed=9))
    said = company.run("experiment", "read", "plan.csv", "outcomes.csv", code=2)["said"]
    assert said == "churn: outcomes.csv: the outcome window ended on 2026-04-01 and was read: all of alpha is spent"
    said = company.run("campaign", "customers.csv", "plan.csv", *PLAN, code=2)["said"]
    assert "plan.csv.ledger.json: the plan that lies here was read as an experiment" in said


def test_a_spreadsheet_is_one_and_comes_back(company: Company) -> None:
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    company.run("campaign", "customers.csv", "plan.xlsx", *PLAN)
    sheet = openpyxl.load_workbook(company.folder / "plan.xlsx").active
    assert sheet is not None
    first = [cell.value for cell in sheet[2]]
    assert first[0] == company.plan()["id"][0]
    assert isinstance(first[4], float)
    company.outcomes("2026-05-01", by_chance(0.5, 0.2))
    as_text = company.run("experiment", "read", "plan.csv", "outcomes.csv")
    sheet.cell(row=1, column=sheet.max_column + 1, value="note")
    sheet.parent.save(company.folder / "plan.xlsx")
    assert company.run("experiment", "read", "plan.xlsx", "outcomes.csv")["plan"] == as_text["plan"]


def edited(company: Company, change: Callable[[pandas.DataFrame], pandas.DataFrame]) -> None:
    change(company.plan()).to_csv(company.folder / "plan.csv", index=False)


def first_row(**cells: str) -> Callable[[pandas.DataFrame], pandas.DataFrame]:
    return lambda plan: plan.assign(**{name: [cell, *plan[name][1:]] for name, cell in cells.items()})


BAD_PLANS: dict[str, tuple[Callable[[pandas.DataFrame], pandas.DataFrame], str]] = {
    "another arm": (first_row(arm="control"),
                    'plan.csv, column "row_check", row 2: is not as it was planned: the row was edited'),
    "another action": (first_row(action="mail"),
                       'plan.csv, column "action", row 2: "mail" is not what its arm "call" gets: the row was edited'),
    "another score": (first_row(churn_probability="0.123"),
                      'plan.csv, column "row_check", row 2: is not as it was planned: the row was edited'),
    "another salt": (first_row(salt_id="abc"), 'plan.csv, column "salt_id", row 2: "abc" is not the ledger\'s "'),
    "another day": (first_row(planned_on="2026-01-02"),
                    'plan.csv, column "planned_on", row 2: "2026-01-02" is not the ledger\'s "2026-01-01"'),
    "a row less": (lambda plan: plan[1:], "plan.csv: has 899 rows, 900 were planned: a row is missing or was added"),
    "in two arms": (lambda plan: pandas.concat([plan, plan[:1].assign(arm="control")]),
                    'plan.csv, column "id", row 902: the customer of row 2 is here again'),
}  # fmt: skip


READ_PLAN = ("experiment", "read", "plan.csv", "outcomes.csv")
HISTORY_READ = (*READ_PLAN, "--history")


@pytest.mark.parametrize("name", BAD_PLANS)
def test_a_plan_that_was_edited_is_one_line_that_names_the_record(name: str, company: Company) -> None:
    change, line = BAD_PLANS[name]
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    company.outcomes("2026-05-01", by_chance(0.5, 0.5))
    edited(company, change)
    said = company.run("experiment", "read", "plan.csv", "outcomes.csv", code=2)["said"]
    assert said.startswith(f"churn: {line}")


def test_what_may_be_edited_unnoticed_changes_no_result_and_no_history(company: Company) -> None:
    """Every column is either held to what was planned, or nothing that is read or learned hangs on it."""
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    company.outcomes("2026-05-01", by_chance(0.5, 0.5))
    plan = company.plan()
    as_planned = company.run(*HISTORY_READ, "as-planned.csv") | {"said": ""}
    for_people = ["action_name", "expected_net", "reasons", "not_contacted_because", "segment"]
    for_people += ["cost", "effect", "effect_source"]
    for name in plan.columns:
        first_row(**{name: "0.77"})(plan).to_csv(company.folder / "plan.csv", index=False)
        if name not in for_people:
            said = company.run(*READ_PLAN, code=2)["said"]
            assert said.startswith("churn: plan.csv, column ")
            assert "row 2: " in said
            continue
        read = company.run(*HISTORY_READ, f"{name}.csv") | {"said": ""}
        assert {**read, "history": ""} == {**as_planned, "history": ""}, name
        learned = (company.folder / f"{name}.csv").read_bytes()
        assert learned == (company.folder / "as-planned.csv").read_bytes(), name


def test_a_look_before_the_window_is_over_spends_no_more_than_its_time(company: Company) -> None:
    """Where twice as many leave as was expected, a first look at a third of the window had spent all of alpha."""
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    company.outcomes("2026-02-01", by_chance(0.9, 0.9))
    read = company.run("experiment", "read", "plan.csv", "outcomes.csv")
    assert (read["days"], read["final"]) == (31, False)
    assert 0.0 < read["alpha_spent"] <= spent(31 / 90, 0.05)
    company.outcomes("2026-05-01", by_chance(0.95, 0.95))
    assert company.run("experiment", "read", "plan.csv", "outcomes.csv")["alpha_spent"] == pytest.approx(0.05)


def test_a_look_of_too_little_says_so_and_names_no_interval_of_millions(company: Company) -> None:
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    company.outcomes("2026-01-02", by_chance(0.5, 0.5))
    plan, outcomes = company.plan(), pandas.read_csv(company.folder / "outcomes.csv", dtype=str)
    calls = plan["planned_action"] == "call"
    few = pandas.concat([plan[calls & (plan["arm"] == arm)].head(6) for arm in ("call", "control")])
    outcomes[outcomes["customer"].isin(few["id"])].to_csv(company.folder / "outcomes.csv", index=False)
    read = company.run("experiment", "read", "plan.csv", "outcomes.csv")
    low, high = read["plan"]["interval"]
    assert low < -1.0 < 1.0 < high
    told = read["said"]
    assert told.count("too few are known so far for this look to say how far that can be believed") >= 2
    assert "95 % interval" not in told


def test_who_has_left_by_the_files_own_label_is_counted_and_a_plan_that_shows_nothing_says_what_to_do(
    company: Company,
) -> None:
    frame = pandas.read_csv(company.folder / "customers.csv", dtype=str)
    frame["left"] = ["Yes" if row % 9 == 0 else "no" for row in range(len(frame))]
    frame.to_csv(company.folder / "labelled.csv", index=False)
    said = company.run("campaign", "labelled.csv", "labelled-plan.csv", *PLAN, "--budget", "60")["said"]
    line = 'labelled.csv, column "left": 100 of 900 customers have left already, as it says; a plan is for those'
    assert line in said
    advice = "; so it will probably show nothing: contact more customers, or hold more out"
    assert advice in said
    enough = Detectable(0.02, 0.1, 900.0, expected=0.03, power=0.8, treated=4_000, control=1_000)
    assert advice not in detectable_line(enough)
    assert advice in detectable_line(replace(enough, expected=0.01))


def test_a_plan_may_be_sorted_and_have_columns_of_ones_own(company: Company) -> None:
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    company.outcomes("2026-05-01", by_chance(0.5, 0.2))
    before = company.run("experiment", "read", "plan.csv", "outcomes.csv")["plan"]
    edited(company, lambda plan: plan.sort_values("id").assign(called_by="Kim"))
    after = company.run("experiment", "read", "plan.csv", "outcomes.csv")["plan"]
    assert after["interval"] == pytest.approx(before["interval"])
    assert (after["treated"], after["control"]) == (before["treated"], before["control"])


def test_what_is_missing_or_too_early_is_one_line(company: Company) -> None:
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    company.outcomes("2025-12-31", by_chance(0.0, 0.0))
    read = ("experiment", "read", "plan.csv", "outcomes.csv")
    said = company.run(*read, code=2)["said"]
    assert said == 'churn: outcomes.csv, column "outcome_on", row 2: lies before the plan of 2026-01-01'
    company.outcomes("2026-05-01", by_chance(0.5, 0.5))
    frame = pandas.read_csv(company.folder / "outcomes.csv", dtype=str)
    frame.loc[3, "customer"] = "stranger"
    frame.to_csv(company.folder / "outcomes.csv", index=False)
    said = company.run(*read, code=2)["said"]
    assert said.startswith('churn: outcomes.csv, column "customer", row 5: the customer is not in the plan')
    assert company.run(*read, "--ignore-unassigned")["unassigned"] == 1
    assert "--look: is for assignments" in company.run(*read, "--looks", "3", "--look", "1", code=2)["said"]
    (company.folder / "plan.csv.ledger.json").unlink()
    said = company.run(*read, code=2)["said"]
    assert said.startswith("churn: plan.csv.ledger.json: no such file: the ledger")


def test_a_plan_that_a_spreadsheet_of_another_country_has_saved_is_the_same_plan(company: Company) -> None:
    company.run("campaign", "customers.csv", "plan.csv", *PLAN)
    company.outcomes("2026-05-01", by_chance(0.5, 0.2))
    expected = company.run("experiment", "read", "plan.csv", "outcomes.csv")
    plan = company.plan().replace(r"^(\d*)\.(\d+)$", r"\1,\2", regex=True)
    plan.to_csv(company.folder / "plan.csv", index=False, sep=";", encoding="utf-8-sig")
    read = company.run("experiment", "read", "plan.csv", "outcomes.csv")
    assert {**read, "said": ""} == {**expected, "said": ""}
