"""What drafts come to, what is kept of them, and what is said of terms that cannot be used."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy
import pandas
import pytest

from churn_cli.main import main
from churn_marketing.planning.faults import NoSuchPlan, PlanningFault, StaleDraft
from sample_package import Keys, PackageMaker
from tests.marketing.planning_ground import Desk, desk_of


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, make_package: PackageMaker, keys: Keys) -> Iterator[Desk]:
    with desk_of(900, tmp_path_factory.mktemp("desk"), make_package(), keys) as made:
        yield made


def test_a_draft_comes_to_what_the_command_plans(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], keys: Keys
) -> None:
    plan = desk.draft(budget="600", holdout="20")
    document = desk.outlook(plan).document
    assert document is not None
    monkeypatch.setenv("CHURN_HOME", str(tmp_path))
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(keys.verify_path))
    salt = desk.planner.plans.get(plan).salt
    where = [
        str(desk.customers),
        str(tmp_path / "plan.csv"),
        "--usecase",
        str(desk.usecase),
        "--model",
        str(desk.model),
    ]
    options = ["--budget", "600", "--holdout", "0.2", "--salt", salt, "--looks", "3", "--window-days", "30", "--json"]
    assert main(["campaign", *where, *options]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    summary = document["summary"]
    assert {name: told[name] for name in summary} == summary
    assert document["smallest_effect"] == told["smallest_effect"]
    assert summary["not_contacted"]["wants no contact"] > 100
    found = document["range"]
    assert found["low"] < found["net"] < found["high"]
    assert found["net"] == pytest.approx(summary["expected_net"], abs=0.01)
    assert found["half"] < found["net"]
    assert 0.0 < found["pays_from"] < 1.0


def test_more_money_never_brings_less_and_ends_where_it_brings_nothing(desk: Desk) -> None:
    plan = desk.draft(budget="1000000000000")
    found = desk.outlook(plan)
    assert found.document is not None
    spent = found.document["summary"]["cost"]
    assert spent < 100_000
    desk.planner._work.ended(f"curve-{desk.ground().code}", 0)
    curve = found.curve
    while curve is None:
        curve = desk.outlook(plan).curve
    points = curve["points"]
    assert [point["budget"] for point in points] == sorted(point["budget"] for point in points)
    assert (numpy.diff([point["net"] for point in points]) >= -1e-6).all()
    assert all(point["cost"] <= point["budget"] * (1 + 1e-9) for point in points)
    assert all(point["low"] <= point["net"] <= point["high"] for point in points)
    assert points[0]["net"] == 0.0
    assert points[-1]["contacted"] > points[1]["contacted"] > 0


def test_a_budget_of_nothing_pays_for_nobody_and_is_kept(desk: Desk) -> None:
    plan = desk.draft(budget="0", holdout="x", name="")
    faults = desk.outlook(plan).faults
    assert faults is not None
    assert faults["budget"] == (
        "A budget of 0 pays for nobody: the cheapest action, “A message”, costs 1.5 a customer."
    )
    assert faults["holdout"] == "The share held out must be a number, such as 10 (per cent)."
    assert faults["name"] == "Give the campaign a name, on one line."
    assert desk.planner.plans.get(plan).fields["holdout"] == ["x"]


@pytest.mark.parametrize("budget", ["-5", "nan", "inf", "1e300", "much", "", "9" * 400])
def test_what_is_no_amount_is_named(desk: Desk, budget: str) -> None:
    faults = desk.outlook(desk.draft(budget=budget)).faults
    assert faults is not None
    assert set(faults) == {"budget"}


def test_a_filter_that_matches_nobody_says_so(desk: Desk) -> None:
    document = desk.outlook(desk.draft(minimum_value="900000")).document
    assert document is not None
    assert (document["outside_filter"], document["batch_customers"], document["summary"]) == (900, 900, None)
    assert document["range"]["net"] == 0.0


def test_only_the_segments_and_risks_that_were_chosen_are_planned_for(desk: Desk) -> None:
    everybody = desk.outlook(desk.draft()).document
    some = desk.outlook(desk.draft(segment=["1"], risk=["high"])).document
    assert everybody is not None
    assert some is not None
    assert 0 < some["summary"]["customers"] < everybody["summary"]["customers"]
    assert some["outside_filter"] + some["summary"]["customers"] == 900


def test_who_saves_an_old_version_is_told_and_nothing_is_lost(desk: Desk) -> None:
    plan = desk.draft(budget="500")
    first = desk.planner.plans.get(plan).fields
    assert desk.planner.save(plan, 1, first | {"budget": ["700"]}, "Grace") == 2
    with pytest.raises(StaleDraft, match="Grace has changed this draft meanwhile"):
        desk.planner.save(plan, 1, first | {"budget": ["900"]}, "Ada")
    assert desk.planner.plans.get(plan).fields["budget"] == ["700"]
    assert desk.planner.save(plan, 1, first | {"budget": ["700"]}, "Ada") == 2  # the same is no change


def test_discarded_drafts_are_gone_and_remembered(desk: Desk) -> None:
    plan = desk.draft()
    desk.planner.discard(plan, "Ada")
    with pytest.raises(NoSuchPlan):
        desk.planner.plans.get(plan)
    assert [event.what for event in desk.planner.plans.events(plan)] == ["discarded", "made"]


def test_customers_in_several_files_are_planned_as_in_one(desk: Desk, tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    whole = pandas.read_csv(desk.customers)
    whole[:400].to_csv(parts / "a.csv", index=False)
    whole[400:].to_parquet(parts / "b.parquet", index=False)
    divided = Desk(tmp_path, desk.model, desk.keys, parts)
    try:
        one, two = desk.draft(holdout="0"), divided.draft(holdout="0")
        divided.freeze_here(two)
        here, there = desk.outlook(one).document, divided.planner.plans.get(two).document
        assert here is not None
        assert there is not None
        assert here["summary"] == there["summary"]
        folder = divided.planner.folder_of(divided.planner.plans.get(two))
        listed = pandas.read_parquet(folder / "plan.parquet")
        assert (listed["reasons"] != "").sum() == here["summary"]["contacted"]
    finally:
        divided.planner.end()


def test_what_is_wrong_with_the_customers_is_said_with_file_row_and_column(desk: Desk, tmp_path: Path) -> None:
    wrong = pandas.read_csv(desk.customers).astype({"agreed": object})
    wrong.loc[3, "agreed"] = "perhaps"
    wrong.to_csv(tmp_path / "wrong.csv", index=False)
    other = Desk(tmp_path, desk.model, desk.keys, tmp_path / "wrong.csv")
    try:
        with pytest.raises(PlanningFault) as caught:
            other.freeze_here(other.draft())
        assert str(caught.value) == 'wrong.csv, column "agreed", row 5: "perhaps" is neither yes nor no'
    finally:
        other.planner.end()
