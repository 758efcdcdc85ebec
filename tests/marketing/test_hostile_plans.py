"""Planners who mean harm, or have an old page before them: what they send names no other freeze and breaks no task, and
whatever they do is told though they never look again."""

import time
from collections.abc import Iterator
from pathlib import Path

import pandas
import pytest
import yaml

from churn_marketing.planning import tasks
from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.faults import NotPossible, PlanningFault, WishesSince
from churn_marketing.planning.planner import Planner
from churn_marketing.planning.standing import Standing
from churn_marketing.planning.terms import read_terms
from churn_marketing.planning.under_way import FreezesUnderWay
from churn_marketing.store.fields import Meaning
from churn_marketing.store.library import Library
from churn_marketing.store.served_model import ServedModel
from sample_package import Keys, PackageMaker
from tests.marketing.planning_ground import USECASE, Desk, desk_of, people


@pytest.fixture(scope="module")
def desk(make_package: PackageMaker, keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_of(300, tmp_path_factory.mktemp("desk"), make_package(), keys) as made:
        yield made


@pytest.fixture
def frozen(desk: Desk) -> Iterator[str]:
    """A frozen plan that has every customer for whom an action pays; it is closed in the end."""
    plan = desk.draft(holdout="0", budget="100000")
    desk.freeze_here(plan)
    yield plan
    if desk.planner.plans.get(plan).state == "frozen":
        desk.planner.close(plan, "Ada")


def test_what_is_shown_is_the_name_of_a_calculation_or_nothing_is_frozen(desk: Desk) -> None:
    plan = desk.draft()
    draft, shown = desk.work_out_here(plan)
    under_way = FreezesUnderWay(PlanDatabase(desk.planner.places.database))
    for forged in ("", ".", "..", "\0", f"{shown}\0", f"{shown}/..", f"{shown}x", "x" * 5000, f"../{plan}/{shown}"):
        attempt = under_way.begin(plan, "Mallory")
        with pytest.raises(NotPossible, match="have changed since"):
            tasks.freeze(desk.ground(), draft, forged, "Mallory", attempt)
    assert desk.planner.plans.get(plan).state == "draft"


def test_an_old_page_undoes_and_closes_no_newer_freeze(desk: Desk, frozen: str) -> None:
    old = desk.planner.plans.get(frozen).version
    desk.planner.undo(frozen, "Ada", "", old)
    desk.freeze_here(frozen, "Grace")
    with pytest.raises(NotPossible, match="Not done: Grace has changed"):
        desk.planner.undo(frozen, "Ada", "", old)
    with pytest.raises(NotPossible, match="Not done: Grace has changed"):
        desk.planner.close(frozen, "Ada", old)
    found = desk.planner.plans.get(frozen)
    assert (found.state, found.frozen_by) == ("frozen", "Grace")
    desk.planner.undo(frozen, "Ada", "", found.version)
    assert desk.planner.plans.get(frozen).state == "draft"


def test_an_old_page_discards_nothing_that_another_has_saved(desk: Desk) -> None:
    plan = desk.draft()
    desk.planner.save(plan, 1, desk.planner.plans.get(plan).fields | {"budget": ["123"]}, "Grace")
    with pytest.raises(NotPossible, match="Not done: Grace has changed"):
        desk.planner.discard(plan, "Ada", 1)
    assert desk.planner.plans.get(plan).fields["budget"] == ["123"]
    desk.planner.discard(plan, "Ada", 2)


def test_a_freeze_is_in_the_trail_though_nobody_looks_again(desk: Desk) -> None:
    plan = desk.draft(name="Left alone", holdout="0", budget="50")
    shown = desk.outlook(plan).shown
    desk.told.clear()
    desk.planner.freezing.begin(desk.ground(), desk.work_out_here(plan)[0], shown, "Ada")
    deadline = time.monotonic() + 250
    while ("Ada", "plan-frozen") not in desk.told:
        assert time.monotonic() < deadline, desk.told
        time.sleep(0.02)
    assert desk.told == [("Ada", "freeze-begun"), ("Ada", "plan-frozen")]
    assert desk.planner.frozen(plan, 0.0)
    assert desk.told == [("Ada", "freeze-begun"), ("Ada", "plan-frozen")], "and only once"
    desk.planner.close(plan, "Ada")


def test_a_list_is_not_taken_away_with_somebody_who_has_asked_since_not_to_be_contacted(
    desk: Desk, frozen: str
) -> None:
    listed = pandas.read_parquet(desk.planner.folder_of(desk.planner.plans.get(frozen)) / "plan.parquet")
    treated = listed.loc[listed["action"] != "none", "id"].tolist()
    desk.planner.wishes.add(treated[:2], "Ada")
    assert desk.planner.claims.wished(frozen) == 2
    with pytest.raises(WishesSince, match=r"2 of its customers have asked not to be contacted\. Undo"):
        desk.planner.export(frozen, "csv", "Ada")
    assert desk.planner.plans.get(frozen).exported_at is None
    desk.planner.wishes.remove(treated[:2])
    desk.planner.export(frozen, "csv", "Ada")
    assert desk.planner.exported(desk.planner.plans.get(frozen), "csv", 250.0)
    desk.planner.wishes.add(treated[:1], "Ada")
    desk.planner.export(frozen, "csv", "Ada")  # somebody has it already: the same list, and the page says who is on it
    assert desk.planner.claims.wished(frozen) == 1
    desk.planner.wishes.remove(treated[:1])


@pytest.mark.parametrize("typed", ["Zoe\N{COMBINING DIAERESIS}", "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}"])
@pytest.mark.parametrize("given", ["Zoe\N{COMBINING DIAERESIS}", "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}"])
def test_a_wish_holds_however_the_id_is_composed(
    make_package: PackageMaker, keys: Keys, tmp_path_factory: pytest.TempPathFactory, given: str, typed: str
) -> None:
    with desk_of(40, tmp_path_factory.mktemp("composed"), make_package(), keys) as desk:
        customers = people(40)
        customers.loc[0, "customer"] = given
        customers.to_csv(desk.customers, index=False)
        assert desk.planner.wishes.add([typed], "Ada") == 1
        assert desk.planner.wishes.add([given], "Ada") == 0
        assert desk.planner.wishes.count() == 1
        plan = desk.draft()
        desk.work_out_here(plan)
        document = desk.outlook(plan).document
        assert document is not None
        assert document["wish_no_contact"] == 1
        assert desk.planner.wishes.remove([typed]) == 1
        assert desk.planner.wishes.count() == 0


def _breaks() -> None:
    raise ZeroDivisionError("c17 has no value")


def test_what_nobody_foresaw_is_told_without_what_it_says(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    work, told = desk.planner._work, list[BaseException | None]()
    assert work.begin("breaks", _breaks, told=told.append)
    with pytest.raises(PlanningFault, match="Something went wrong here"):
        work.ended("breaks", 250.0)
    assert [type(each) for each in told] == [ZeroDivisionError]
    assert "ZeroDivisionError" in caplog.text
    assert "c17" not in caplog.text


def test_without_actions_there_is_nothing_to_plan_with_and_that_is_said(desk: Desk, tmp_path: Path) -> None:
    usecase = tmp_path / "without.yaml"
    usecase.write_text(
        yaml.safe_dump({key: known for key, known in USECASE.items() if key not in ("actions", "contacts")})
    )
    model = ServedModel(desk.model, desk.keys.verify_path)
    library = Library(tmp_path / "batches", tmp_path, tmp_path / "prepared", model, desk.keys.verify_path, Meaning())
    standing = Standing(str(usecase), library, model, desk.keys.verify_path, tmp_path / "planning")
    planner = Planner(tmp_path / "planning", standing.ground, standing.choices, lambda *_, **__: None)
    plan = planner.plans.get(planner.make(None, "Ada"))
    assert "names no actions" in planner.outlook(plan).problem
    assert read_terms(plan.fields, standing.choices()).budget == 1000.0
