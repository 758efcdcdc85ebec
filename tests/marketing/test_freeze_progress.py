"""A freeze tells how far it is, in a file that an older app has left too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from churn_marketing.planning import tasks
from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.under_way import EXPLAINING, READING, TAKING, WRITING, At, FreezesUnderWay
from sample_package import Keys, PackageMaker
from tests.marketing.planning_ground import Desk, desk_of


@pytest.fixture
def desk(tmp_path: Path, make_package: PackageMaker, keys: Keys) -> Iterator[Desk]:
    with desk_of(200, tmp_path, make_package(), keys) as made:
        yield made


def test_a_freeze_says_how_much_of_its_longest_step_is_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = desk.draft()
    draft, shown = desk.work_out_here(plan)
    database = PlanDatabase(desk.planner.places.database)
    with database.writing() as connection:
        connection.execute("ALTER TABLE freezes DROP COLUMN share")  # the file of an older app
    under_way = FreezesUnderWay(PlanDatabase(database.path))
    attempt, seen = under_way.begin(plan, "Ada"), list[tuple[int, float | None]]()
    follow = FreezesUnderWay.follow

    def followed(self: FreezesUnderWay, plan: str, attempt: str) -> At:
        at = follow(self, plan, attempt)

        def told(step: int, share: float | None = None) -> None:
            at(step, share)
            now = under_way.of(plan)
            assert now is not None
            seen.append((now.step, now.share))

        return told

    monkeypatch.setattr(FreezesUnderWay, "follow", followed)
    tasks.freeze(desk.ground(), draft, shown, "Ada", attempt)
    shares = [share for step, share in seen if step == EXPLAINING and share is not None]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert [step for step, share in seen if share is None] == [READING, EXPLAINING, WRITING, TAKING]
