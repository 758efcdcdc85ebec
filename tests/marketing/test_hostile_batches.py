"""Batches that are none, and what makes them killed: the others are shown, and what can be tried again is."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from churn_marketing.store.customers import Filters, list_customers
from churn_marketing.store.fields import Meaning
from churn_marketing.store.library import Library, Snapshot
from churn_marketing.store.served_model import ServedModel
from sample_package import Keys, PackageMaker

HEADER = "id,churn_probability,risk,segment,action,expected_value,cost\n"


def batch(folder: Path, name: str, rows: str) -> Path:
    """Answers as `churn score` writes them, from a while ago."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    long_ago = time.time() - 60
    os.utime(path, (long_ago, long_ago))
    return path


@pytest.fixture
def library(tmp_path: Path, make_package: PackageMaker, keys: Keys) -> Iterator[Library]:
    batch(tmp_path / "batches", "good", "a,0.4,medium,1,call,1.5,2\n")
    model = ServedModel(make_package(), keys.verify_path)
    made = Library(
        tmp_path / "batches", tmp_path / "customers", tmp_path / "state/prepared", model, keys.verify_path, Meaning()
    )
    yield made
    made.stop()


def until_shown(library: Library, name: str) -> Snapshot:
    deadline = time.monotonic() + 120
    while (found := library.snapshot()).current is None or found.current.batch.name != name or found.preparing:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def test_a_name_that_nobody_can_write_down_hides_no_other_batch(library: Library, tmp_path: Path) -> None:
    batch(tmp_path / "batches", "odd", "a,0.4,low,1,none,,\n").rename(tmp_path / "batches" / os.fsdecode(b"x\xff.csv"))
    library.start()
    found = until_shown(library, "good")
    assert [(each.name, each.problem) for each in found.unfit] == [("x?", "its name is no UTF-8; rename it")]


def test_a_batch_whose_making_was_killed_is_made_again(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = tmp_path / "killed"
    killed.write_text("#!/bin/sh\nkill -9 $$\n", encoding="ascii")
    killed.chmod(0o700)
    monkeypatch.setattr("churn_marketing.store.library._AGAIN_SECONDS", 0.5)
    monkeypatch.setattr("churn_marketing.store.library._PAUSE_SECONDS", 0.1)
    with monkeypatch.context() as ill:
        ill.setattr("sys.executable", str(killed))
        library.start()
        deadline = time.monotonic() + 120
        while not library.snapshot().unfit:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert "was interrupted (-9); it is tried again" in library.snapshot().unfit[0].problem
    assert not until_shown(library, "good").unfit


def test_an_id_is_found_however_its_accents_are_written(library: Library, tmp_path: Path) -> None:
    ids = ["Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}-1", "Zoe\N{COMBINING DIAERESIS}-2", "Zoe-3"]
    batch(tmp_path / "batches", "good", "".join(f"{each},0.4,medium,1,call,1.5,2\n" for each in ids))
    library.start()
    current = until_shown(library, "good").current
    assert current is not None
    for sought in (ids[0][:3], ids[0][2]):
        found = list_customers(current.database, Filters(search=sought), "id")
        assert sorted(row["id"] for row in found.rows) == sorted(ids[:2]), "as the file has them"
        assert list_customers(current.database, Filters(search=sought, within=True), "id").count == 2
