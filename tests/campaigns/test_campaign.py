"""`churn campaign`: whom the rules allow, what fits the budget, what the file and the summary say, what is refused."""

import json
import re
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import yaml

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.eligibility import offers
from churn_campaigns.experiment.assignment import in_holdout
from churn_cli.main import main
from churn_data.customer_ids import NEEDED
from churn_data.dataset import Dataset
from churn_model import ActionTable, Package, open_package
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_training.packaging.exporting import export_champion
from churn_training.packaging.home import Home
from churn_training.pipeline import TrainingOutcome
from sample_package import Keys, PackageMaker, sample_rows, sample_schema

SCHEMA = sample_schema()
ACTIONS: list[dict[str, Any]] = [
    {"id": "call", "name": "A call", "cost": 10.0, "effect": 0.2, "capacity": 25, "consent": "agreed", "rest_days": 30},
    {"id": "discount", "name": "A discount", "cost": 40.0, "effect": 0.35, "segments": [1, 2], "minimum_value": 700},
    {"id": "mail", "name": "A message", "cost": 1.5, "effect": 0.02, "yearly_limit": 3, "risk": ["low", "medium"]},
    {"id": "gift", "name": "A gift", "cost": 15.0, "effect": 0.21, "source": "measured", "evidence": "spring, 2 arms"},
]
USECASE = {
    "name": "sample",
    "id": "customer",
    "label": {"column": "left", "positive": "yes", "negative": "no"},
    "value": {"column": "charges"},
    "contacts": {"days_since_column": "days_since", "last_year_column": "contacts"},
    "actions": ACTIONS,
}


@pytest.fixture(scope="module")
def folder(make_package: PackageMaker) -> Path:
    return make_package()


@pytest.fixture(scope="module")
def package(folder: Path, keys: Keys) -> Package:
    return open_package(folder, keys.trusted)


@pytest.fixture(autouse=True)
def trusting_home(tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(keys.verify_path))


def customers(count: int, seed: int) -> pandas.DataFrame:
    """Customers who do not exist, with the columns that actions' rules look at."""
    generator = numpy.random.default_rng(seed)
    frame = pandas.DataFrame(sample_rows(count, seed), columns=list(SCHEMA.names))
    frame.insert(0, "customer", [f"c{number}" for number in range(count)])
    frame["agreed"] = generator.choice(["yes", "No", ""], count)
    frame["days_since"] = [None if dealt < 0.3 else round(400 * dealt) for dealt in generator.random(count) ** 2]
    frame["contacts"] = generator.integers(0, 6, count)
    return frame


class Desk:
    """A folder with a use case and customers, and the command run in it."""

    def __init__(self, folder: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self.model, self._capsys = folder, model, capsys
        self.input, self.output, self.usecase = folder / "in.csv", folder / "out.csv", folder / "sample.yaml"
        self.write_usecase()

    def write_usecase(self, **changes: Any) -> None:
        self.usecase.write_text(yaml.safe_dump(USECASE | changes))

    def run(self, *options: str, budget: str = "400") -> dict[str, Any]:
        where = [str(self.input), str(self.output), "--usecase", str(self.usecase), "--model", str(self.model)]
        assert main(["campaign", *where, "--budget", budget, "--json", *options]) == 0
        result: dict[str, Any] = json.loads(self._capsys.readouterr().out.splitlines()[-1])
        return result

    def refused(self, *options: str, budget: str = "400") -> str:
        """The one line of a command that ends with exit code 2 and leaves no output."""
        where = [str(self.input), str(self.output), "--usecase", str(self.usecase), "--model", str(self.model)]
        assert main(["campaign", *where, "--budget", budget, *options]) == 2
        assert not self.output.exists()
        return self._capsys.readouterr().err.splitlines()[-1].replace(f"{self._folder}/", "")

    def answers(self) -> pandas.DataFrame:
        """The plan in the order of the customers' file."""
        given = pandas.read_parquet if self.input.suffix == ".parquet" else pandas.read_csv
        return self.listed().set_index("id").loc[given(self.input)["customer"]].reset_index(names="id")

    def listed(self) -> pandas.DataFrame:
        """The plan as it is."""
        if self.output.suffix == ".parquet":
            return pandas.read_parquet(self.output)
        frame = pandas.read_csv(self.output, float_precision="round_trip", keep_default_na=False)
        return frame.assign(propensity=pandas.to_numeric(frame["propensity"]))


@pytest.fixture
def desk(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    made = Desk(tmp_path, folder, capsys)
    customers(600, 7).to_csv(made.input, index=False)
    return made


def allowed(given: pandas.DataFrame, answers: pandas.DataFrame, table: ActionTable) -> pandas.DataFrame:
    """Which action the rules of the use case allow for whom, worked out rule by rule."""
    risk = answers["churn_probability"].map(table.risk)
    return pandas.DataFrame({
        "call": (given["agreed"] == "yes") & ~(given["days_since"] < 30),
        "discount": answers["segment"].isin([1, 2]) & (answers["value"] >= 700),
        "mail": risk.isin(["low", "medium"]) & (given["contacts"] < 3),
        "gift": pandas.Series(data=True, index=given.index),
    })  # fmt: skip


def test_who_wants_no_contact_gets_none_whatever_the_consents(desk: Desk) -> None:
    given = pandas.read_csv(desk.input)
    wishes = ["YES" if row % 3 == 0 else "" for row in range(len(given))]
    given.assign(no_contact=wishes).to_csv(desk.input, index=False)
    desk.run(budget="2500")
    before = desk.answers().set_index("id")["action"]
    desk.write_usecase(contacts=USECASE["contacts"] | {"do_not_contact_column": "no_contact"})  # type: ignore[operator]
    result = desk.run(budget="2500")
    answers = desk.answers()
    spared = answers["not_contacted_because"] == "wants no contact"
    assert spared.tolist() == [row % 3 == 0 for row in range(len(given))]
    assert (before[answers[spared]["id"]] != "none").any()
    assert set(answers[spared]["planned_action"]) == {"none"}
    assert result["not_contacted"]["wants no contact"] == int(spared.sum())
    desk.output.unlink()
    given.to_csv(desk.input, index=False)
    line = "row 1: no such column in the header, `contacts.do_not_contact_column` needs it"
    assert desk.refused(budget="2500") == f'churn: in.csv, column "no_contact", {line}'


def test_everybody_gets_what_rules_and_budget_allow(desk: Desk, package: Package) -> None:
    result = desk.run(budget="2500")
    given, answers = pandas.read_csv(desk.input), desk.answers()
    assert answers["id"].tolist() == given["customer"].tolist()
    may = allowed(given, answers, package.description.actions)
    rules = {action["id"]: action for action in ACTIONS}
    chosen = answers[answers["action"] != "none"]
    assert set(chosen["action"]) == set(rules)
    for position in chosen.index:
        line = answers.loc[position]
        action = rules[line["action"]]
        assert may.loc[position, line["action"]]
        assert line["effect"] == pytest.approx(action["effect"] * line["churn_probability"], abs=1e-6)
        assert line["expected_net"] == pytest.approx(line["effect"] * line["value"] - action["cost"], abs=0.02)
        assert line["expected_net"] >= 0
        assert (line["cost"], line["effect_source"]) == (action["cost"], action.get("source", "assumed"))
        assert line["arm"] == line["planned_action"] == line["action"]
    nothing = answers[answers["action"] == "none"]
    assert (nothing[["expected_net", "cost", "effect"]] == 0).all(axis=None)
    assert set(nothing["effect_source"]) == {""}
    assert 2400 < chosen["cost"].sum() <= 2500
    assert (chosen["action"] == "call").sum() <= 25
    assert result["contacted"] == len(chosen)


def test_the_summary_adds_up_with_the_file(desk: Desk, package: Package) -> None:
    result = desk.run("--capacity", "call=5")
    given, answers = pandas.read_csv(desk.input), desk.answers()
    may = allowed(given, answers, package.description.actions)
    for entry in result["actions"]:
        mine = answers[answers["action"] == entry["id"]]
        assert (entry["customers"], entry["cost"]) == (len(mine), pytest.approx(mine["cost"].sum()))
        assert entry["expected_net"] == pytest.approx(mine["expected_net"].sum(), abs=0.01 * len(mine) + 0.01)
        barred = dict(entry["not_eligible"])
        assert entry["eligible"] + sum(barred.values()) == 600
        barred.pop("does not pay", None)
        assert sum(barred.values()) == (~may[entry["id"]]).sum()
    entries = {entry["id"]: entry for entry in result["actions"]}
    assert entries["call"]["customers"] <= 5
    assert entries["gift"]["evidence"] == "spring, 2 arms"
    assert result["budget_left"] == pytest.approx(400 - answers["cost"].sum(), abs=0.01)
    assumed = answers.loc[answers["effect_source"] == "assumed", "expected_net"].sum()
    assert result["expected_net_assumed"] == pytest.approx(assumed, abs=5)
    assert 0 < result["share_assumed"] < 1
    planned = result["planned"]
    assert (
        planned["expected_net"]
        == result["expected_net"]
        <= planned["bound"]
        <= result["without_limits"]["expected_net"]
    )
    assert planned["gap"] <= 1e-3
    assert result["holdout"] is None


def test_without_limits_is_the_best_for_each(desk: Desk) -> None:
    roomy = desk.run("--capacity", "call=600", budget="1e9")
    assert roomy["expected_net"] == roomy["without_limits"]["expected_net"]
    assert roomy["planned"]["gap"] == 0
    tight = desk.run("--capacity", "call=600")
    assert tight["without_limits"] == roomy["without_limits"]


def test_a_plan_that_was_there_before_is_said_to_be_replaced(desk: Desk) -> None:
    assert desk.run()["replaced"] is False
    assert desk.run()["replaced"] is True


def test_csv_and_parquet_say_the_same_and_progress_stays_off_stdout(desk: Desk) -> None:
    desk.run()
    as_csv = desk.answers()
    given = pandas.read_csv(desk.input)
    desk.input, desk.output = desk.input.with_suffix(".parquet"), desk.output.with_suffix(".parquet")
    given.to_parquet(desk.input)
    desk.run()
    pandas.testing.assert_frame_equal(desk.answers(), as_csv)


def test_a_holdout_is_randomised_among_who_would_get_something(desk: Desk) -> None:
    desk.run(budget="1e6")
    without = desk.answers()
    result = desk.run("--holdout", "0.3", "--salt", "spring", budget="1e6")
    answers = desk.answers()
    others = ~without["action"].eq("call") & ~answers["planned_action"].eq("call")
    assert (answers["planned_action"] == without["action"])[others].all()
    held = numpy.array([in_holdout("spring", customer, 0.3) for customer in answers["id"]])
    planned = (answers["planned_action"] != "none").to_numpy()
    assert (answers["arm"] == "control").to_numpy().tolist() == (held & planned).tolist()
    assert set(answers.loc[held, "action"]) == {"none"}
    assert (answers.loc[~held, "action"] == answers.loc[~held, "planned_action"]).all()
    holdout = result["holdout"]
    assert (holdout["customers"], holdout["control"]) == (held.sum(), (held & planned).sum())
    cost = answers["planned_action"].map({action["id"]: action["cost"] for action in ACTIONS} | {"none": 0.0})
    assert holdout["not_spent"] == pytest.approx(cost[held].sum())
    assert "spring" not in json.dumps(holdout)


@pytest.mark.parametrize("seed", ["a", "b", "c"], ids=["salt a", "salt b", "salt c"])
def test_budget_and_capacity_are_filled_by_who_is_treated_not_by_who_is_held_out(desk: Desk, seed: str) -> None:
    customers(3_000, 9).to_csv(desk.input, index=False)
    desk.run("--holdout", "0.2", "--salt", seed, "--capacity", "call=100", budget="1e6")
    assert (desk.answers()["arm"] == "call").sum() == 100
    result = desk.run("--holdout", "0.2", "--salt", seed, budget="3000")
    answers = desk.answers()
    # What is left would not pay for two of the dearest.
    assert 3000 - 80 <= answers["cost"].sum() <= 3000
    assert (answers["arm"] == "call").sum() <= 25
    assert result["budget_left"] == pytest.approx(3000 - answers["cost"].sum())
    control = answers["arm"] == "control"
    planned = answers["planned_action"] != "none"
    assert 0.14 < control[planned].mean() < 0.26


def past(count: int, seed: int) -> pandas.DataFrame:
    """A simulated randomised campaign: a call keeps customers with a monthly contract and drives the others away."""
    generator = numpy.random.default_rng(seed)
    frame = customers(count, seed).drop(columns=["agreed", "days_since", "contacts"])
    frame["arm"] = generator.choice(["call", "control"], count)
    monthly = (frame["Contract"] == "Month-to-month").to_numpy()
    chance = 0.45 + (frame["arm"] == "call") * numpy.where(monthly, -0.35, 0.3)
    frame["left"] = numpy.where(generator.random(count) < chance, "yes", "no")
    return frame


def test_history_replaces_the_assumed_effect_and_spares_who_is_driven_away(desk: Desk, tmp_path: Path) -> None:
    past(3_000, 11).to_csv(tmp_path / "past.csv", index=False)
    desk.write_usecase(actions=[{"id": "call", "name": "A call", "cost": 10.0, "effect": 0.2}, ACTIONS[3]])
    before = desk.run(budget="1e6")
    result = desk.run("--history", str(tmp_path / "past.csv"), budget="1e6")
    given, answers = pandas.read_csv(desk.input), desk.answers()
    called = answers["action"] == "call"
    monthly = given["Contract"] == "Month-to-month"
    assert called[monthly].mean() > 0.9
    assert not called[given["Contract"].isin(["One year", "Two year"])].any()
    assert set(answers.loc[called, "effect_source"]) == {"measured (history)"}
    assert answers.loc[called, "effect"].mean() == pytest.approx(0.35, abs=0.08)
    sources = {entry["id"]: entry["effect_source"] for entry in result["actions"]}
    assert sources == {"call": "measured (history)", "gift": "measured"}
    assert result["actions"][0]["not_eligible"]["driven away or not moved"] >= 150
    assert before["share_assumed"] > result["share_assumed"] == 0


def test_a_campaigns_own_file_can_be_its_successors_history(desk: Desk, tmp_path: Path) -> None:
    frame = past(2_000, 12)
    frame["planned_action"] = "call"
    # Nobody planned anything for these: they would mislead if they were compared with those who were called.
    others = past(1_000, 13).assign(arm="none", left="yes", planned_action="none")
    others["customer"] = "other-" + others["customer"]
    pandas.concat([frame, others]).to_csv(tmp_path / "past.csv", index=False)
    frame.to_csv(tmp_path / "without.csv", index=False)
    desk.write_usecase(actions=[{"id": "call", "name": "A call", "cost": 10.0, "effect": 0.2}])
    desk.run("--history", str(tmp_path / "past.csv"), budget="1e6")
    with_others = desk.answers()
    desk.run("--history", str(tmp_path / "without.csv"), budget="1e6")
    pandas.testing.assert_frame_equal(with_others, desk.answers())


def test_a_trial_is_a_plan_like_others_and_needs_somebody_held_out(desk: Desk) -> None:
    assert "--trial: needs --holdout and --salt" in desk.refused("--trial")
    found = desk.run("--trial", "--holdout", "0.3", "--salt", "spring")
    assert found["planned"]["bound"] is None
    assert 0 < found["cost"] <= 400
    assert found["holdout"]["control"] > 0
    planned = desk.answers()["planned_action"]
    best = desk.run("--holdout", "0.3", "--salt", "summer")
    assert best["planned"]["gap"] is not None
    assert (desk.answers()["planned_action"] != planned).any()


def test_a_trial_says_beforehand_whether_it_pays(desk: Desk) -> None:
    assert "--then: needs --trial" in desk.refused("--then", "500")
    trial = ["--trial", "--holdout", "0.3", "--salt", "spring"]
    assert "--then: 0.5 pays for nobody" in desk.refused(*trial, "--then", "0.5")
    late = desk.run(*trial, "--then", "500", "--window-days", "365")
    assert late["worth"]["pays"] is False
    assert late["worth"]["waiting"] == 1.0
    soon = desk.run(*trial[:-1], "summer", "--then", "500", "--window-days", "1")
    assert soon["worth"]["with_trial"] > late["worth"]["with_trial"]
    assert desk.run(*trial[:-1], "autumn")["worth"] is None


def test_the_packages_own_actions_without_a_use_case(
    desk: Desk, folder: Path, package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    where = [str(desk.input), str(desk.output), "--model", str(folder)]
    assert main(["campaign", *where, "--budget", "300"]) == 0
    said = capsys.readouterr().out
    assert "together" in said
    assert "rests on assumed effects" in said
    assert set(desk.answers()["action"]) <= {"none", *(action.id for action in package.description.actions.actions)}
    assert main(["campaign", *where, "--budget", "300", "--history", str(desk.input)]) == 2
    assert "--history needs --usecase" in capsys.readouterr().err


def test_the_plan_says_why_nobody_calls_and_who_is_called_by_group(desk: Desk) -> None:
    groups = [feature.name for feature in SCHEMA.features if feature.type == "category"][:1]
    desk.write_usecase(groups=groups)
    result = desk.run("--holdout", "0.3", "--salt", "spring")
    answers = desk.answers()
    told = answers["not_contacted_because"]
    assert ((told == "") == (answers["action"] != "none")).all()
    assert ((told == "held out as control") == (answers["arm"] == "control")).all()
    assert result["not_contacted"] == told[told != ""].value_counts().to_dict()
    assert {"held out as control", "budget used up"} < set(result["not_contacted"])
    (shares,) = result["groups"].values()
    assert list(result["groups"]) == groups
    assert sum(each["customers"] for each in shares) == len(answers)
    contacted = sum(each["contacted"] * each["customers"] for each in shares)
    assert contacted == pytest.approx(result["contacted"])
    assert sum(each["spent"] * each["customers"] for each in shares) == pytest.approx(result["cost"])


def test_an_effect_of_nothing_and_a_value_of_nothing_pay_for_nobody(package: Package) -> None:
    unknown = numpy.array([numpy.nan])
    customer = Customers(
        ids=["c"], probability=numpy.array([0.9]), segment=numpy.array([1]), risk=numpy.array([2]),
        value=numpy.array([0.0]), measured={}, consent={}, days_since=unknown, last_year=unknown,
    )  # fmt: skip
    found = offers(customer, package.description.actions.actions)
    assert (found.net < 0).all()
    assert all(reasons == {"does not pay": 1} for reasons in found.reasons)


BAD_OPTIONS = {
    "negative budget": (["--budget=-5"], "churn: --budget: must not be negative, is -5"),
    "no number": (["--budget", "much"], 'churn: --budget: "much" is not a number'),
    "no amount": (["--budget", "inf"], 'churn: --budget: "inf" is infinite or too large, a finite number was expected'),
    "pays for nobody": (
        ["--budget", "1"], 'churn: --budget: 1 pays for nobody, the cheapest action "mail" costs 1.5'
    ),
    "unknown action": (
        ["--capacity", "tea=3"], 'churn: --capacity: there is no action "tea", there are call, discount, mail, gift'
    ),
    "no capacity": (
        ["--capacity", "call=-3"], 'churn: --capacity: "call=-3" is not ACTION=N with a whole number N of at least 0'
    ),
    "capacity twice": (["--capacity", "call=3", "--capacity", "call=4"], 'churn: --capacity: "call" is given twice'),
    "everybody held out": (
        ["--holdout", "1", "--salt", "s"], "churn: --holdout: is a share of at least 0 and below 1, is 1"
    ),
    "no salt": (
        ["--holdout", "0.1"],
        "churn: --holdout: needs --salt, and --salt needs it: the salt says which customers are held out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_a_bad_option_is_one_line(name: str, desk: Desk) -> None:
    options, line = BAD_OPTIONS[name]
    assert desk.refused(*options) == line


BAD_ACTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown segment": ({"segments": [1, 7]}, "unknown segment 7; segments are 1 to 4"),
    "negative cost": ({"cost": -2.0}, "`cost` must not be negative, is -2"),
    "an effect of two": ({"effect": 2.0}, "`effect` is a probability, 0 to 1, is 2"),
}


@pytest.mark.parametrize("name", BAD_ACTIONS)
def test_a_bad_action_is_one_line_that_names_it(name: str, desk: Desk) -> None:
    changes, problem = BAD_ACTIONS[name]
    desk.write_usecase(actions=[ACTIONS[0] | changes])
    assert re.fullmatch(
        rf"churn: sample\.yaml: line \d+: `actions\[0\]` \(call\): {re.escape(problem)}", desk.refused()
    )


def test_rules_that_the_use_case_cannot_hold_are_refused(desk: Desk) -> None:
    desk.write_usecase(actions=[])
    assert desk.refused() == "churn: sample.yaml: line 1: `actions` is empty, a campaign needs at least one"
    desk.write_usecase(contacts={})
    line = "`rest_days` needs `contacts.days_since_column`, which names no column"
    assert re.fullmatch(rf"churn: sample\.yaml: line \d+: `actions\[0\]` \(call\): {re.escape(line)}", desk.refused())
    desk.write_usecase(contacts={"days_since_column": "days_since"})
    line = "`yearly_limit` needs `contacts.last_year_column`, which names no column"
    assert re.fullmatch(rf"churn: sample\.yaml: line \d+: `actions\[2\]` \(mail\): {re.escape(line)}", desk.refused())


BAD_CELLS = {
    "consent": ("agreed", 5, "perhaps", 'column "agreed", row 7: "perhaps" is neither yes nor no'),
    "days": ("days_since", 5, "-1", 'column "days_since", row 7: "-1" is out of bounds, at least 0 was expected'),
    "contacts": ("contacts", 5, "many", 'column "contacts", row 7: "many" is not a number (3 numbers, 1 not)'),
    "feature": ("tenure", 5, "-3", 'column "tenure", row 7: "-3" is out of bounds, 0 to 1200 was expected'),
    "no id": ("customer", 5, "", f'column "customer", row 7: the id is missing; {NEEDED}'),
    "twice": ("customer", 5, "c2", 'column "customer", row 7: the same customer as in row 4'),
}


@pytest.mark.parametrize("name", BAD_CELLS)
def test_a_bad_cell_is_one_line_that_names_the_row(name: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    column, position, value, problem = BAD_CELLS[name]
    frame = pandas.read_csv(desk.input, dtype=str)
    frame.loc[position, column] = value
    frame.to_csv(desk.input, index=False)
    monkeypatch.setattr("churn_data.tables.open_table.__wrapped__.__defaults__", (4,))
    assert desk.refused() == f"churn: in.csv, {problem}"


@pytest.mark.parametrize(
    ("column", "who"),
    [
        ("agreed", 'action "call" (consent)'),
        ("days_since", 'action "call" (rest_days)'),
        ("contacts", 'action "mail" (yearly_limit)'),
        ("charges", "the model"),
    ],
)
def test_a_missing_column_is_named_with_who_needs_it(column: str, who: str, desk: Desk) -> None:
    pandas.read_csv(desk.input).drop(columns=column).to_csv(desk.input, index=False)
    line = f'in.csv, column "{column}", row 1: no such column in the header, {who} needs it'
    assert desk.refused() == f"churn: {line}"


EXPECTED_ARMS = "one of call, discount, mail, gift, control was expected"
BAD_HISTORY = {
    "no action": ({"arm": "tea"}, f'column "arm", row 7: "tea" is no action, {EXPECTED_ARMS}'),
    "no arm": ({"arm": ""}, 'column "arm", row 7: the arm is missing'),
    "both arms": ({"arm": "control", "customer": "c2"},
                  'column "customer", row 7: the same customer as in row 4, there in arm call, here in arm control'),
    "twice": ({"arm": "call", "customer": "c2"}, 'column "customer", row 7: the same customer as in row 4'),
    "label": ({"left": "perhaps"}, 'column "left", row 7: "perhaps" is not a label, "yes" or "no" was expected'),
    "days": ({"planned_on": "2026-04-01", "outcome_until": "2026-01-01"},
             'column "outcome_until", row 7: 2026-01-01 lies before the plan of 2026-04-01'),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_HISTORY)
def test_a_bad_history_is_one_line_that_names_the_row(name: str, desk: Desk, tmp_path: Path) -> None:
    changes, problem = BAD_HISTORY[name]
    frame = past(60, 14)
    frame.loc[2, "arm"] = "call"
    for column, value in changes.items():
        frame.loc[5, column] = value
    frame.to_csv(tmp_path / "past.csv", index=False)
    assert desk.refused("--history", str(tmp_path / "past.csv")) == f"churn: past.csv, {problem}"


def test_real_customers_and_the_champion(
    trained: tuple[Home, TrainingOutcome],
    telco: Dataset,
    telco_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home, outcome = trained
    export_champion(MlflowRegistry(connect(home.tracking_uri)), outcome.registered.name, home)
    monkeypatch.setenv("CHURN_HOME", str(home.path))
    monkeypatch.delenv("CHURN_VERIFY_KEY")
    output = tmp_path / "plan.csv"
    options = ["--budget", "5000", "--capacity", "personal-call=50", "--capacity", "tech-support=30", "--json"]
    assert main(["campaign", str(telco_path), str(output), *options]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    answers = pandas.read_csv(output)
    assert sorted(answers["id"]) == sorted(pandas.read_csv(telco_path)["customerID"])
    counts = answers["action"].value_counts()
    assert counts.get("personal-call", 0) <= 50
    assert counts.get("tech-support", 0) <= 30
    assert 4_990 <= answers["cost"].sum() <= 5_000
    assert result["planned"]["gap"] <= 1e-3
    assert (result["share_assumed"], result["model"]["version"]) == (1.0, outcome.registered.version)
    assert {entry["evidence"] for entry in result["actions"]} == {"assumed: no experiment yet"}
    # Money moves to whom it keeps: those who get an action are likelier to leave than those who get none.
    chosen = answers["action"] != "none"
    assert answers.loc[chosen, "churn_probability"].mean() > answers.loc[~chosen, "churn_probability"].mean()
    assert result["customers"] == len(telco)


def test_a_history_that_teaches_nothing_is_refused(desk: Desk, tmp_path: Path) -> None:
    frame = past(60, 15)
    frame.drop(columns="arm").to_csv(tmp_path / "past.csv", index=False)
    line = 'past.csv, column "arm", row 1: no such column in the header, --history needs it'
    assert desk.refused("--history", str(tmp_path / "past.csv")) == f"churn: {line}"
    frame.assign(arm="call").to_csv(tmp_path / "past.csv", index=False)
    line = desk.refused("--history", str(tmp_path / "past.csv"))
    assert line.startswith('churn: past.csv: the effect of action "call" cannot be learned: ')


def test_no_customers_the_input_as_output_and_what_was_there_before(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--usecase", str(desk.usecase), "--budget", "400", "--model", str(desk.model)]
    before = desk.input.read_bytes()
    assert main(["campaign", str(desk.input), str(desk.input), *where]) == 2
    assert "is the input too" in capsys.readouterr().err
    assert desk.input.read_bytes() == before
    desk.output.write_text("the plan of yesterday")
    desk.input.write_text(desk.input.read_text().splitlines()[0] + "\n")
    assert main(["campaign", str(desk.input), str(desk.output), *where]) == 2
    assert "has a header but no rows" in capsys.readouterr().err
    assert desk.output.read_text() == "the plan of yesterday"
    assert sorted(path.name for path in desk.output.parent.iterdir()) == ["in.csv", "out.csv", "sample.yaml"]


def test_an_export_of_another_country_gets_the_same_plan_and_says_how_it_was_read(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = customers(200, 7)
    frame["charges"] = frame["charges"].round() + 0.125  # 70,125 would be seventy thousand elsewhere
    frame.to_csv(desk.input, index=False)
    desk.run()
    expected = desk.listed()
    frame.to_csv(desk.input, index=False, sep=";", decimal=",", encoding="utf-16")
    where = [str(desk.input), str(desk.output), "--usecase", str(desk.usecase), "--model", str(desk.model)]
    for form in ([], ["--delimiter", ";", "--decimal", ",", "--encoding", "utf-16"]):
        assert main(["campaign", *where, "--budget", "400", *form]) == 0
        said = capsys.readouterr().err
        pandas.testing.assert_frame_equal(desk.listed(), expected)
        remarks = ["read as UTF-16", "fields are separated by semicolons", "numbers have decimal commas"]
        assert [said.count(f"{desk.input}: {remark}") for remark in remarks] == [0 if form else 1] * 3
