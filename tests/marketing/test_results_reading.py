"""Lists and results: what the command reads of an export is what the app says, and nothing is claimed too early."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy
import openpyxl
import pandas
import pytest

from churn_cli.main import main
from churn_marketing.planning.faults import NotEnoughYet, NotPossible, PlanningFault, UploadFault
from churn_marketing.text.results import verdict_of
from sample_package import Keys, PackageMaker
from tests.marketing.planning_ground import Desk, desk_of, people

TOMORROW = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, make_package: PackageMaker, keys: Keys) -> Iterator[Desk]:
    with desk_of(4_000, tmp_path_factory.mktemp("desk"), make_package(), keys) as made:
        yield made


def frozen(desk: Desk, **fields: str | list[str]) -> str:
    """A frozen plan of customers that no other one has."""
    usual: dict[str, str | list[str]] = {"budget": "100000", "holdout": "40", "window_days": "1", "capacity-call": ""}
    plan = desk.draft("Ada", **(usual | fields))
    desk.freeze(plan)
    return plan


def given_back(desk: Desk, plan: str) -> None:
    desk.planner.close(plan, "Ada")


def exported(desk: Desk, plan: str, kind: str) -> Path:
    desk.planner.export(plan, kind, "Ada")
    path = desk.planner.exported(desk.planner.plans.get(plan), kind, 250.0)
    assert path is not None
    return path


def outcomes(desk: Desk, plan: str, kept: float, share: float = 1.0) -> pandas.DataFrame:
    """What became of a plan's customers, of whom actions keep a share, and of some others."""
    listed = pandas.read_parquet(desk.planner.folder_of(desk.planner.plans.get(plan)) / "plan.parquet")
    generator = numpy.random.default_rng(3)
    chance = listed["churn_probability"] * numpy.where(listed["action"] == "none", 1.0, 1.0 - kept)
    left = numpy.where(generator.random(len(listed)) < chance, "yes", "no")
    found = pandas.DataFrame({"customer": listed["id"], "left": left, "outcome_on": TOMORROW})
    return found[generator.random(len(found)) < share]


def read(desk: Desk, plan: str, table: pandas.DataFrame | bytes, name: str = "outcomes.csv") -> None:
    upload = desk.planner.places.new_upload().with_suffix(Path(name).suffix)
    if isinstance(table, bytes):
        upload.write_bytes(table)
    else:
        table.to_csv(upload, index=False)
    try:
        if not desk.planner.read(plan, upload, name, str(desk.usecase), "Ada"):
            assert desk.planner.read_done(plan, 250.0)
    finally:
        assert not upload.exists()  # outcomes are read and not kept


def test_the_app_says_what_the_command_reads_of_its_export(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = frozen(desk, name="Spring")
    path = exported(desk, plan, "csv")
    assert exported(desk, plan, "csv").read_bytes() == path.read_bytes()
    (tmp_path / "plan.csv").write_bytes(path.read_bytes())
    ledger = path.parent / "plan.parquet.ledger.json"
    (tmp_path / "plan.csv.ledger.json").write_bytes(ledger.read_bytes())
    told = outcomes(desk, plan, kept=0.6)
    told.to_csv(tmp_path / "outcomes.csv", index=False)
    where = [str(tmp_path / "plan.csv"), str(tmp_path / "outcomes.csv"), "--usecase", str(desk.usecase), "--json"]
    assert main(["experiment", "read", *where]) == 0
    by_command = json.loads(capsys.readouterr().out.splitlines()[-1])
    read(desk, plan, told)
    (look,) = desk.planner.plans.looks(plan)
    same = {name: value for name, value in by_command.items() if name in look.document and name != "text"}
    assert {name: look.document[name] for name in same} == same
    assert set(same) >= {"plan", "actions", "money", "boundary", "alpha_spent"}
    assert look.document["plan"]["shown"]
    assert verdict_of(look.document).kind == "worked"
    read(desk, plan, told)  # the same outcomes are the same look
    assert len(desk.planner.plans.looks(plan)) == 1
    promised = desk.planner.promised(desk.planner.plans.get(plan))
    assert promised is not None
    assert (promised.final, promised.left) == (True, 0)
    with pytest.raises(NotPossible, match="no look is left"):
        read(desk, plan, told[5:])
    with pytest.raises(NotPossible, match="results were read already"):
        desk.planner.undo(plan, "Ada", "because we would rather not know")
    given_back(desk, plan)


def test_too_little_is_called_too_little_and_spends_no_look(desk: Desk) -> None:
    plan = frozen(desk, window_days="30")
    told = outcomes(desk, plan, kept=0.0)
    with pytest.raises(NotEnoughYet, match="Not enough data yet: nobody left within 1 day of the plan"):
        read(desk, plan, told.assign(left="no"))
    with pytest.raises(NotEnoughYet, match="Not enough data yet"):
        read(desk, plan, told[:2])
    promised = desk.planner.promised(desk.planner.plans.get(plan))
    assert promised is not None
    assert (promised.taken, promised.left) == (0, 3)
    read(desk, plan, told)
    (look,) = desk.planner.plans.looks(plan)
    assert not look.document["plan"]["shown"]
    assert verdict_of(look.document).title.startswith("Not enough data yet")
    given_back(desk, plan)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (b"customer,gone\nc1,yes\n", 'bad.csv, column "left", row 1: no such column in the header'),
        (b"customer,left\nc1,yes\n", 'bad.csv, column "outcome_on", row 1: no such column in the header'),
        (b"customer,left,outcome_on\nc1,perhaps,2026-01-01\n", "bad.csv, column"),
        (b"customer,left,outcome_on\nc1,yes,soon\n", "bad.csv, column"),
        (b"customer,left,outcome_on\nc1,yes,2099-01-01\n", "lies in the future"),
        (b"customer,left,outcome_on\n", "bad.csv: has a header but no rows"),
        (
            b"customer,left,outcome_on\nX-1,yes,2026-01-01\nX-2,no,2026-01-01\n",
            "bad.csv: none of its 2 customers is in",
        ),
        (b"", "bad.csv"),
        (b"\x00\x01\x02\x03" * 50, "bad.csv"),
    ],
)
def test_an_upload_that_cannot_be_read_names_column_and_row(desk: Desk, wrong: bytes, said: str) -> None:
    everybody = {plan.id for plan in desk.planner.plans.listed() if plan.name == "Uploads"}
    plan = everybody.pop() if everybody else frozen(desk, name="Uploads")
    if not everybody and desk.planner.plans.get(plan).state == "frozen":
        given_back(desk, plan)  # results are read of closed campaigns, too
    listed = pandas.read_parquet(desk.planner.folder_of(desk.planner.plans.get(plan)) / "plan.parquet")
    wrong = wrong.replace(b"c1,", listed["id"][0].encode() + b",")
    with pytest.raises(UploadFault) as caught:
        read(desk, plan, wrong, "bad.csv")
    assert said in str(caught.value)
    assert str(desk.folder) not in str(caught.value)
    assert not desk.planner.plans.looks(plan)


def test_a_list_that_a_spreadsheet_would_compute_is_no_csv(
    tmp_path: Path, make_package: PackageMaker, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    customers = people(600)
    customers["customer"] = [f"=1+{number}" if number % 5 == 0 else f"c{number}" for number in range(600)]
    customers.to_csv(tmp_path / "customers.csv", index=False)
    desk = Desk(tmp_path, make_package(), keys, tmp_path / "customers.csv")
    try:
        plan = frozen(desk)
        desk.planner.export(plan, "csv", "Ada")
        with pytest.raises(PlanningFault, match=r"there is no CSV of this plan. Take the spreadsheet \(XLSX\)"):
            desk.planner.exported(desk.planner.plans.get(plan), "csv", 250.0)
        assert desk.planner.plans.get(plan).exported_at is None, "nobody has anything"
        assert "exported" not in [event.what for event in desk.planner.plans.events(plan)]
        assert ("Ada", "plan-exported") not in desk.told
        assert len(pandas.read_parquet(exported(desk, plan, "parquet"))) == 600, "of a list too long for a sheet, too"
        assert desk.planner.plans.get(plan).exported_at is not None
        assert desk.told.count(("Ada", "plan-exported")) == 1
        path = exported(desk, plan, "xlsx")
        assert not path.with_suffix(".csv").exists()
        sheet = openpyxl.load_workbook(path).active
        assert sheet is not None
        cells = [row[0] for row in sheet.iter_rows(min_row=2)]
        assert any(str(cell.value).startswith("=") for cell in cells)
        assert {cell.data_type for cell in cells} == {"s"}
        (tmp_path / "plan.xlsx.ledger.json").write_bytes((path.parent / "plan.parquet.ledger.json").read_bytes())
        (tmp_path / "plan.xlsx").write_bytes(path.read_bytes())
        outcomes(desk, plan, kept=0.6).to_csv(tmp_path / "outcomes.csv", index=False)
        where = [str(tmp_path / "plan.xlsx"), str(tmp_path / "outcomes.csv"), "--usecase", str(desk.usecase), "--json"]
        assert main(["experiment", "read", *where]) == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["look"] == 1
    finally:
        desk.planner.end()


def test_without_a_holdout_nothing_can_be_measured_and_that_is_said(desk: Desk) -> None:
    plan = frozen(desk, holdout="0")
    assert desk.planner.promised(desk.planner.plans.get(plan)) is None
    with pytest.raises(NotPossible, match="Nobody was held out"):
        read(desk, plan, outcomes(desk, plan, kept=0.5))
    given_back(desk, plan)


def test_a_call_list_is_the_beginning_of_the_list_and_says_who_has_asked_since(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("churn_marketing.planning.call_list.PAPER_ROWS", 50)
    monkeypatch.setattr("churn_marketing.planning.frozen_files.SHEET", 3_999)
    plan, lists = frozen(desk), desk.planner.call_lists
    with pytest.raises(PlanningFault, match="Ask for the list on the plan's page first"):
        lists.page(desk.planner.plans.get(plan), 1)
    with pytest.raises(NotPossible, match=r"4,000 customers is more than most programs open. Take the CSV or Parquet"):
        desk.planner.export(plan, "xlsx", "Ada")
    assert desk.planner.plans.get(plan).exported_at is None, "nobody has anything"
    lists.take(plan, "Ada")
    assert ("Ada", "plan-exported") in desk.told
    found = desk.planner.plans.get(plan)
    listed = pandas.read_parquet(desk.planner.folder_of(found) / "plan.parquet")
    called = listed[~listed["arm"].isin(["control", "none"])]
    pages = [lists.page(found, number) for number in range(1, len(called) // 50 + 3)]
    assert [row["id"] for page in pages for row in page] == called["id"].tolist()
    assert [len(page) for page in pages[:2]] == [50, 50]
    assert pages[0][0]["action"] == called["action_name"].iloc[0]
    desk.planner.wishes.add([called["id"].iloc[1]], "Ada")
    assert [row["wished"] for row in lists.page(found, 1)[:3]] == [False, True, False]
    desk.planner.wishes.remove([called["id"].iloc[1]])
    given_back(desk, plan)
