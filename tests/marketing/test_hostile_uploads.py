"""Files of outcomes that an insider has made to hurt: each is refused in one line, and planning goes on."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from churn_marketing.planning.faults import PlanningFault, UploadFault
from churn_marketing.planning.frozen_files import ledger_path
from churn_marketing.planning.ground import known_usecase
from churn_marketing.planning.results import read_upload
from sample_package import Keys, PackageMaker
from tests.marketing.planning_ground import Desk, desk_of

HEAD = b"customer,left,outcome_on\n"
WIDE = b",".join(b"c%d" % number for number in range(10**6))
_SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, make_package: PackageMaker, keys: Keys) -> Iterator[Desk]:
    with desk_of(600, tmp_path_factory.mktemp("desk"), make_package(), keys) as made:
        yield made


@pytest.fixture(scope="module")
def plan(desk: Desk) -> str:
    made = desk.draft("Ada", budget="100000", holdout="40", window_days="1")
    desk.freeze(made)
    return made


def book(sheet: bytes | None = None, **parts: bytes) -> bytes:
    """A spreadsheet with its sheet, or other parts, replaced."""
    made = io.BytesIO()
    whole: Any = openpyxl.Workbook()
    whole.active.append(["customer", "left", "outcome_on"])
    whole.save(made)
    target = io.BytesIO()
    given = parts | ({} if sheet is None else {_SHEET: sheet})
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            archive.writestr(name, given.pop(name, b"") or source.read(name))
        for name, content in given.items():
            archive.writestr(name, content)
    return target.getvalue()


def sheet_of(rows: bytes) -> bytes:
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'<worksheet xmlns="' + space + b'"><sheetData>' + rows + b"</sheetData></worksheet>"


def entities() -> bytes:
    """A text that doubles itself thirty times."""
    lines = [b'<!ENTITY a0 "ha">', *(b'<!ENTITY a%d "&a%d;&a%d;">' % (n, n - 1, n - 1) for n in range(1, 31))]
    row = b'<row r="1"><c r="A1" t="inlineStr"><is><t>&a30;</t></is></c></row>'
    return b"<!DOCTYPE x [" + b"".join(lines) + b"]>" + sheet_of(row)


MILLION = "a million columns"
FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a far corner": ("a.xlsx", lambda: book(sheet_of(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))),
    "texts that double": ("a.xlsx", lambda: book(entities())),
    "shared texts": ("a.xlsx", lambda: book(**{"xl/sharedStrings.xml": b"<sst>" + b" " * (257 << 20) + b"</sst>"})),
    "a path out": ("a.xlsx", lambda: book(**{"../../../../tmp/out.txt": b"x"})),
    "no spreadsheet": ("a.xlsx", lambda: HEAD),
    "a packed bomb": ("a.csv.gz", lambda: gzip.compress(HEAD + b"a" * (230 << 20), 9)),
    MILLION: ("a.csv", lambda: WIDE + b"\n" + b"," * (10**6 - 1) + b"\n"),
    f"{MILLION} behind": ("a.csv", lambda: HEAD[:-1] + b"," + WIDE + b"\nc1,yes,2026-01-01" + b",1" * 10**6),
    "a cell of thirty megabytes": ("a.csv", lambda: HEAD + b"c" * (30 << 20) + b",yes,2026-01-01\n"),
    "an open quote": ("a.csv", lambda: HEAD + b'"' + b"c1,yes,2026-01-01\n" * 10**6),
    "nothing but NUL": ("a.csv", lambda: HEAD + b"\0" * (1 << 20)),
    "NUL in an id": ("a.csv", lambda: HEAD + b"c1\0,yes,2026-01-01\n"),
    "half a Parquet file": ("a.parquet", lambda: b"PAR1" + b"\xff" * 100_000 + b"\xff\xff\xff\x7fPAR1"),
    "a name that is a path": ("../../../../etc/passwd", lambda: b"\0"),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_refused_in_one_line(desk: Desk, plan: str, name: str) -> None:
    called, content = FILES[name]
    upload = desk.planner.places.new_upload()
    upload = upload.with_suffix("." + called.rpartition(".")[2] if called.rpartition(".")[2].isalnum() else "")
    upload.write_bytes(content())
    said = ""
    try:
        if not desk.planner.read(plan, upload, called, str(desk.usecase), "Ada"):
            desk.planner.read_done(plan, 250.0)
    except PlanningFault as fault:
        said = str(fault)
    assert said, "it was read"
    assert "\n" not in said
    assert len(said) < 1000
    assert "Something went wrong" not in said
    assert "columns, more than can be read; leave out those that are not needed" in said or MILLION not in name
    assert str(desk.folder) not in said
    assert not upload.exists()
    assert not desk.planner.plans.looks(plan)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # time is over in a destructor, too
def test_a_file_that_takes_all_the_time_there_is_holds_up_nobody_for_long(
    desk: Desk, plan: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("churn_marketing.planning.results.READING_SECONDS", 0.5)
    place, folder = tmp_path / "a.xlsx", desk.planner.folder_of(desk.planner.plans.get(plan))
    place.write_bytes(book(sheet_of(b'<row><c t="n"><v>1</v></c></row>' * 500_000)))
    before = ledger_path(folder).read_bytes()
    with pytest.raises(UploadFault, match=r"takes more than 0\.5 seconds of computing to be read.* as CSV or Parquet"):
        read_upload(folder, place, "a.xlsx", known_usecase(str(desk.usecase)))
    assert ledger_path(folder).read_bytes() == before, "no look was spent"
