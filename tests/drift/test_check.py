"""Looks at a store: each table once, through kills, broken files and late ones."""

from pathlib import Path

import msgspec
import pyarrow
import pytest

from churn_data.errors import DataError
from churn_model import PackageContents, open_package
from churn_model.manifest import Manifest
from churn_monitoring.drift.check import DriftCheck
from churn_monitoring.drift.watch import DAY, Promise
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import from_parquet, parquet
from sample_package import Keys, PackageMaker
from tests.drift.asked import DIGEST, KEY, SCHEMA, customers, profile, put
from tests.prediction_log.shipped import NOON

USUAL = Promise()
MADE = "2026-09-20T00:00:00+00:00"


@pytest.fixture(scope="module")
def manifest(make_package: PackageMaker, keys: Keys, contents: PackageContents) -> Manifest:
    package = open_package(make_package(contents=contents), keys.trusted)
    data = msgspec.structs.replace(package.manifest.training_data, profile=profile(customers(4_000, 1)))
    return msgspec.structs.replace(package.manifest, schema=SCHEMA, training_data=data, created=MADE)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "log")


def check(store: Store, manifest: Manifest, promise: Promise = USUAL, now: float = NOON + 30 * DAY) -> DriftCheck:
    return DriftCheck(store, DIGEST, manifest, promise, lambda: now)


def seen(checking: DriftCheck) -> int:
    assert checking.watch is not None
    return checking.watch.state.customers


def test_each_table_is_counted_once(store: Store, manifest: Manifest) -> None:
    put(store, customers(500, 2))
    first = check(store, manifest)
    assert (first.look().tables, seen(first)) == (1, 500)
    put(store, customers(400, 3), NOON + 3600)
    for expected in (1, 0):
        again = check(store, manifest)
        assert (again.look().tables, seen(again)) == (expected, 900)


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_killed_before_it_wrote_down_what_it_saw_it_sees_it_again(
    store: Store, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, customers(500, 2))
    killed = check(store, manifest)
    with monkeypatch.context() as patched:
        patched.setattr(store, "put", interrupted)
        with pytest.raises(KeyboardInterrupt):
            killed.look()
    again = check(store, manifest)
    assert (again.look().tables, seen(again)) == (1, 500)


def test_a_broken_table_is_named_and_tried_again(store: Store, manifest: Manifest) -> None:
    (name,) = put(store, customers(500, 2))
    whole = store.get(name)
    assert whole is not None
    put(store, customers(300, 3), NOON + 3600)
    store.put(name, whole[:100])
    broken = check(store, manifest)
    looked = broken.look()
    assert (looked.unreadable, looked.tables, seen(broken)) == ([name], 1, 300)
    store.put(name, whole)
    mended = check(store, manifest)
    looked = mended.look()
    assert (looked.unreadable, looked.tables, seen(mended)) == ([], 1, 800)


@pytest.mark.parametrize("column", ["time", "digest", "served_by", "churn_probability"])
def test_a_table_of_other_kinds_is_named_and_the_others_counted(store: Store, manifest: Manifest, column: str) -> None:
    put(store, customers(300, 2))
    (name,) = put(store, customers(200, 3), NOON + 3600)
    found = from_parquet(store.get(name) or b"")
    strange = pyarrow.array([["strange"]] * found.num_rows)
    store.put(name, parquet(found.set_column(found.column_names.index(column), column, strange)))
    checking = check(store, manifest)
    looked = checking.look()
    assert (looked.unreadable, looked.tables, seen(checking)) == ([name], 1, 300)


def test_days_before_the_model_and_other_use_cases_are_not_read(store: Store, manifest: Manifest) -> None:
    put(store, customers(100, 2), NOON - 10 * DAY)
    put(store, customers(100, 3), schema=msgspec.structs.replace(SCHEMA, usecase="other"))
    checking = check(store, manifest)
    assert checking.look().tables == 0


def test_tables_may_come_late_but_not_for_ever(store: Store, manifest: Manifest) -> None:
    put(store, customers(100, 2), NOON + 10 * DAY)
    check(store, manifest).look()
    put(store, customers(100, 3), NOON + 5 * DAY, instance="late")
    put(store, customers(100, 4), NOON + 1 * DAY, instance="too late")
    checking = check(store, manifest)
    assert (checking.look().tables, seen(checking)) == (1, 200)


def remembered(store: Store) -> list[str]:
    return store.names("_drift/churn-sample")


def test_what_is_remembered_names_no_customer(store: Store, manifest: Manifest) -> None:
    put(store, customers(500, 3))
    check(store, manifest).look()
    (name,) = remembered(store)
    content = store.get(name)
    assert content is not None
    assert not any(
        KEY.of(str(place)) in content or KEY.of(str(place)).hex().encode() in content for place in range(500)
    )


@pytest.mark.parametrize("content", [b"\xff\x00", b""], ids=["strange", "empty"])
def test_what_was_remembered_can_be_broken_and_forgotten(store: Store, manifest: Manifest, content: bytes) -> None:
    put(store, customers(500, 2))
    check(store, manifest).look()
    (name,) = remembered(store)
    store.put(name, content)
    with pytest.raises(DataError, match=r"_drift/churn-sample/\w+\.state: is no state of a drift watch; --restart"):
        check(store, manifest).look()
    check(store, manifest).forget()
    assert check(store, manifest).look().tables == 1


def test_another_promise_or_model_begins_anew_and_leaves_the_first_as_it_was(store: Store, manifest: Manifest) -> None:
    put(store, customers(500, 2))
    check(store, manifest).look()
    assert check(store, manifest, Promise(tolerance=0.3)).look().tables == 1
    canary = DriftCheck(store, "sha256:ff", manifest, USUAL, lambda: NOON + 30 * DAY)
    assert canary.look().tables == 1
    again = check(store, manifest)
    assert (again.look().tables, seen(again)) == (0, 500)


def test_what_nobody_goes_on_from_is_forgotten(store: Store, manifest: Manifest) -> None:
    put(store, customers(500, 2))
    check(store, manifest).look()
    (first,) = remembered(store)
    check(store, manifest, Promise(tolerance=0.2), NOON + 29 * DAY).look()
    assert first in remembered(store)
    check(store, manifest, Promise(tolerance=0.3), NOON + 40 * DAY).look()
    assert first not in remembered(store)


def test_nothing_new_writes_nothing(store: Store, manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, customers(500, 2))
    check(store, manifest).look()
    monkeypatch.setattr(store, "put", interrupted)
    assert check(store, manifest).look().tables == 0


def test_a_table_of_days_to_come_waits_for_its_day(store: Store, manifest: Manifest) -> None:
    put(store, customers(100, 2), NOON + 3 * DAY)
    assert check(store, manifest, now=NOON).look().tables == 0
    assert check(store, manifest, now=NOON + 3 * DAY).look().tables == 1


def test_a_package_without_a_profile_looks_at_nothing(store: Store, manifest: Manifest) -> None:
    data = msgspec.structs.replace(manifest.training_data, profile=None)
    before = check(store, msgspec.structs.replace(manifest, training_data=data))
    put(store, customers(500, 2))
    assert before.watch is None
    assert before.look().tables == 0
