"""Who has which customer: at most one open campaign, all of a plan's customers or none, whatever is killed when."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pandas
import pytest

from churn_marketing.planning import tasks
from churn_marketing.planning.claims import Freeze
from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.faults import CustomersTaken, NotPossible, PlanningFault, StaleDraft, WishesChanged
from churn_marketing.planning.frozen_files import members_of
from churn_marketing.planning.under_way import FreezesUnderWay
from sample_package import Keys, PackageMaker
from tests.marketing.planning_ground import Desk, desk_of


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, make_package: PackageMaker, keys: Keys) -> Iterator[Desk]:
    with desk_of(900, tmp_path_factory.mktemp("desk"), make_package(), keys) as made:
        yield made


@pytest.fixture(autouse=True)
def everybody_is_free(desk: Desk) -> Iterator[None]:
    """What a test has taken is given back after it."""
    yield
    for plan in desk.planner.plans.listed():
        if plan.state == "frozen":
            desk.planner.close(plan.id, "the test")
    desk.planner.wishes.remove(sorted(desk.planner.wishes.all()))


def freeze_as_shown(desk: Desk, plan: str, version: int, shown: str, person: str) -> None:
    if not desk.planner.freeze(plan, version, shown, person):
        assert desk.planner.frozen(plan, 250.0)


def claimed(desk: Desk) -> dict[str, set[str]]:
    """By plan, the customers that the database gives it."""
    found: dict[str, set[str]] = {}
    with desk.planner.claims._database.reading() as connection:
        for customer, plan in connection.execute("SELECT customer, plan FROM members"):
            found.setdefault(plan, set()).add(customer)
    return found


def require_whole(desk: Desk) -> None:
    """Every frozen plan has all of its customers and files, no draft has any, and nobody is in two."""
    members = claimed(desk)
    for plan in desk.planner.plans.listed():
        if plan.state == "frozen":
            assert members.pop(plan.id) == members_of(desk.planner.folder_of(plan))
    assert not members


def test_the_second_planner_is_told_whom_the_first_took_and_goes_on_without_them(desk: Desk) -> None:
    first, second = desk.draft("Ada", name="Spring", holdout="0"), desk.draft("Grace", name="Summer", segment=["1"])
    desk.outlook(first)
    shown = desk.outlook(second)
    assert shown.document is not None
    desk.freeze(first, "Ada")
    with pytest.raises(CustomersTaken, match="by Ada for “Spring”"):
        freeze_as_shown(desk, second, 1, shown.shown, "Grace")
    kept = desk.planner.plans.get(second)
    assert (kept.state, kept.version, kept.fields["name"]) == ("draft", 1, ["Summer"])
    again = desk.outlook(second)
    deadline = time.monotonic() + 250
    while again.outdated or again.document is None:
        assert time.monotonic() < deadline
        again = desk.outlook(second)
    assert again.document["summary"]["not_contacted"]["in another plan"] > 0
    assert claimed(desk).keys() == {first}
    assert ("Grace", "freeze-refused") in desk.told
    require_whole(desk)


def test_of_two_at_the_same_moment_one_gets_the_customers(desk: Desk) -> None:
    plans = [desk.draft(name) for name in ("Ada", "Grace", "Edsger", "Barbara")]
    today = datetime.now(UTC).date()
    under_way = FreezesUnderWay(PlanDatabase(desk.planner.places.database))
    customers = [f"c{number}" for number in range(2_000)]

    def take(place: int) -> bool:
        attempt = under_way.begin(plans[place], "somebody")
        asked = Freeze(plans[place], 1, f"folder{place}", {}, today + timedelta(days=30), attempt)
        own = customers[place * 100 : 1_500 + place * 100]  # they overlap and are not the same
        with suppress(CustomersTaken):
            desk.planner.claims.freeze(asked, own, "somebody", today)
            return True
        return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(4))) == 1
    members = claimed(desk)
    assert [len(each) for each in members.values()] == [1_500]


def test_a_killed_freeze_leaves_nothing_behind(desk: Desk) -> None:
    for delay in (0.05, 0.2):
        plan = desk.draft()
        shown = desk.outlook(plan).shown
        with suppress(PlanningFault):
            desk.planner.freeze(plan, 1, shown, "Ada")
        time.sleep(delay)
        pool = desk.planner._work._pool
        assert pool is not None
        for process in list(pool._processes.values()):
            os.kill(process.pid or 0, signal.SIGKILL)
        with suppress(PlanningFault):
            desk.planner.frozen(plan, 250.0)
        desk.planner.end()
        desk.planner = desk.begin()
        require_whole(desk)
        if desk.planner.plans.get(plan).state == "frozen":
            desk.planner.undo(plan, "Ada", "")
    desk.freeze(desk.draft())
    require_whole(desk)


def test_a_freeze_is_undone_without_a_word_until_it_was_exported(desk: Desk) -> None:
    plan = desk.draft()
    desk.freeze(plan)
    assert claimed(desk)
    desk.planner.undo(plan, "Grace", "")
    assert not claimed(desk)
    assert desk.planner.plans.get(plan).state == "draft"
    desk.freeze(plan)
    desk.planner.export(plan, "csv", "Ada")
    assert desk.planner.exported(desk.planner.plans.get(plan), "csv", 250.0)
    with pytest.raises(NotPossible, match="Say why the freeze is undone"):
        desk.planner.undo(plan, "Grace", "   oh   ")
    assert claimed(desk)
    desk.planner.undo(plan, "Grace", "The call centre burnt down")
    assert [event.what for event in desk.planner.plans.events(plan)][:3] == ["freeze undone", "exported", "frozen"]
    assert desk.planner.plans.events(plan)[0].detail == "The call centre burnt down"


def test_a_frozen_plan_holds_what_was_shown_and_nothing_newer(desk: Desk) -> None:
    plan = desk.draft(budget="300")
    shown = desk.outlook(plan)
    assert shown.document is not None
    fields = desk.planner.plans.get(plan).fields
    desk.planner.save(plan, 1, fields | {"budget": ["900"]}, "Grace")
    with pytest.raises((NotPossible, StaleDraft)):
        freeze_as_shown(desk, plan, 1, shown.shown, "Ada")
    with pytest.raises(NotPossible, match="have changed since"):
        freeze_as_shown(desk, plan, 2, "../../../elsewhere", "Ada")
    desk.freeze(plan)
    found = desk.planner.plans.get(plan)
    listed = pandas.read_parquet(desk.planner.folder_of(found) / "plan.parquet")
    assert found.document is not None
    assert (listed["action"] != "none").sum() == found.document["summary"]["contacted"]
    assert listed["cost"].sum() == pytest.approx(found.document["summary"]["cost"])
    with pytest.raises(NotPossible, match="is frozen, by Ada, and cannot be changed"):
        desk.planner.save(plan, found.version, fields, "Grace")


def test_who_asks_not_to_be_contacted_is_in_no_plan(desk: Desk) -> None:
    plan = desk.draft(holdout="0")
    shown = desk.outlook(plan)
    assert shown.document is not None
    wanted = ["c1", "c2", "c3", *(f"c{number}" for number in range(100, 400))]
    assert desk.planner.wishes.add(wanted, "Ada") == 303
    assert desk.planner.wishes.add(["c1"], "Ada") == 0
    with pytest.raises(WishesChanged, match="of these customers have asked not to be contacted"):
        freeze_as_shown(desk, plan, 1, shown.shown, "Ada")
    deadline = time.monotonic() + 250
    while (found := desk.outlook(plan)).outdated or found.document is None:
        assert time.monotonic() < deadline
    assert found.document["wish_no_contact"] == 303
    desk.freeze(plan)
    assert not members_of(desk.planner.folder_of(desk.planner.plans.get(plan))) & set(wanted)
    assert desk.planner.wishes.remove(["c1", "nobody"]) == 1
    with pytest.raises(NotPossible, match="Line 2 is longer than a customer's id"):
        desk.planner.wishes.add(["c1", "x" * 300], "Ada")


def test_a_campaign_that_is_over_gives_its_customers_back(desk: Desk) -> None:
    plan = desk.draft(window_days="1")
    desk.freeze(plan)
    desk.planner.claims.close_ended(datetime.now(UTC).date() + timedelta(days=2))
    assert not claimed(desk)
    found = desk.planner.plans.get(plan)
    assert found.state == "closed"
    assert desk.planner.promised(found) is not None
    following = desk.draft(spared=[plan])
    document = desk.outlook(following).document
    assert document is not None
    held = members_of(desk.planner.folder_of(found))
    assert document["summary"]["not_contacted"]["in another plan"] == len(held)


def test_the_list_of_a_plan_outlasts_those_that_were_changed_after_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("churn_marketing.planning.plans._LISTED", 1)
    plan = desk.draft()
    desk.freeze_here(plan)
    desk.draft(name="Changed after it")
    folder = desk.planner.folder_of(desk.planner.plans.get(plan))
    left = folder.with_name(f"{plan}.of-no-plan")
    left.mkdir()
    for path in (folder, left):
        os.utime(path, (0, 0))
    desk.planner.end()
    desk.planner = desk.begin()
    assert members_of(folder)
    assert not left.exists()
    desk.planner.close(plan, "Ada")


def test_an_attempt_that_was_given_up_takes_nobody_even_if_its_process_lives_on(desk: Desk) -> None:
    plan = desk.draft()
    draft, shown = desk.work_out_here(plan)
    under_way = FreezesUnderWay(PlanDatabase(desk.planner.places.database))
    attempt = under_way.begin(plan, "Ada")
    assert under_way.begin(plan, "Grace") == attempt
    desk.planner.end()
    desk.planner = desk.begin()  # as after a kill: what was under way is given up
    assert [event.what for event in desk.planner.plans.events(plan)][:1] == ["freeze interrupted"]
    assert ("Ada", "freeze-interrupted") in desk.told
    with pytest.raises(NotPossible, match="the app was started again meanwhile"):
        tasks.freeze(desk.ground(), draft, shown, "Ada", attempt)
    require_whole(desk)
    assert not desk.planner.places.folders([plan])


def test_a_plan_for_nobody_is_not_frozen(desk: Desk) -> None:
    plan = desk.draft(minimum_value="900000")
    with pytest.raises(NotPossible, match="The plan contacts nobody"):
        desk.freeze(plan)
