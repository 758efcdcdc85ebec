"""`churn init`: a use case that `churn train` takes, with a reason for every guess and a question for every doubt."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from churn_cli.main import main
from churn_data.sources import read_customers
from churn_model.usecase import UseCase, load_usecase


def init(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> tuple[str, UseCase]:
    """The text and the use case that it is."""
    assert main(["init", *arguments]) == 0
    text = capsys.readouterr().out
    path = folder / "usecase.yaml"
    path.write_text(text, encoding="utf-8")
    return text, load_usecase(path)


@pytest.mark.parametrize(
    ("file", "arguments", "found"),
    [
        ("telco", [], ("customerID", "Churn", "Yes", "No", "MonthlyCharges")),
        ("bigml", [], ("id", "Churn", "yes", "no", None)),
        ("iranian", [], ("id", "Churn", "1", "0", None)),
        (
            "bankchurners",
            ["--positive", "Attrited Customer"],
            ("CLIENTNUM", "Attrition_Flag", "Attrited Customer", "Existing Customer", None),
        ),
        ("bankchurners", [], ("CLIENTNUM", "Attrition_Flag", "Attrited Customer", "Existing Customer", None)),
    ],
    ids=["telco", "bigml", "iranian", "bankchurners", "bankchurners unasked"],
)
def test_public_files_need_no_more_than_their_names(
    telco_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    arguments: list[str],
    found: tuple[str, str, str, str, str | None],
) -> None:
    data = telco_path.with_name(f"{file}.csv")
    text, usecase = init(capsys, tmp_path, "--data", str(data), *arguments)
    value = usecase.value.column if usecase.value else None
    assert (usecase.id, usecase.label.column, usecase.label.positive, usecase.label.negative, value) == found
    dataset = read_customers(data, usecase)
    assert len(dataset.usecase.features) == len(usecase.features)
    assert usecase.segments.count == 4
    for feature in usecase.features:
        assert re.search(rf'name: "{re.escape(feature.name)}".*# .*different', text)
    assert all(feature.label == feature.label.strip() and "_" not in feature.label for feature in usecase.features)


@pytest.mark.parametrize(
    "case",
    ["not-features", "dates", "column-empty", "column-names", "category-whole-number", "panel"],
)
def test_cases_get_a_use_case_that_reads_them(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    data = cases / f"{case}.csv"
    _, usecase = init(capsys, tmp_path, "--data", str(data))
    dataset = read_customers(data, usecase)
    assert [feature.name for feature in usecase.features] == list(dataset.frame.columns)
    assert all(len(feature.label) <= 60 for feature in usecase.features)


def test_dates_and_what_is_left_out_are_in_the_file(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, usecase = init(capsys, tmp_path, "--data", str(cases / "dates.csv"))
    assert [feature.name for feature in usecase.features if feature.type == "date"] == [
        "SignupISO",
        "SignupUS",
        "Stamp",
    ]
    assert usecase.time is not None
    assert usecase.time.snapshot == "2023-12-28"
    text, usecase = init(capsys, tmp_path, "--data", str(cases / "not-features.csv"))
    line = next(line for line in text.splitlines() if '"RowNumber"' in line)
    assert line.startswith("  # - {")
    assert line.endswith("# left out: a running number, it says nothing about a customer")
    path = tmp_path / "overruled.yaml"
    path.write_text(text.replace(line, line.replace("# - {", "- {", 1)), encoding="utf-8")
    assert "RowNumber" in {feature.name for feature in load_usecase(path).features}


def test_a_panel_has_its_customers_and_its_months(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, usecase = init(capsys, tmp_path, "--data", str(cases / "panel.csv"))
    assert (usecase.id, usecase.label.positive, usecase.value) == ("customer", "yes", None)
    assert usecase.time is not None
    assert usecase.time.snapshot == "month"


@pytest.mark.parametrize(
    ("of_a_row", "of_a_customer", "chosen"),
    [
        ("policy_no", "customer_id", "customer_id"),
        ("order_id", "user_id", "user_id"),
        ("id", "client", "client"),
        ("customer_id", "account_number", "customer_id"),
        ("policy_no", "household_id", "policy_no"),
    ],
)
def test_customers_are_told_from_their_policies_and_orders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], of_a_row: str, of_a_customer: str, chosen: str
) -> None:
    rows = [f"P{row:05d},{1000 + row // 2},{row % 7},{'Yes' if row % 5 else 'No'}" for row in range(100)]
    file = _file(tmp_path, f"{of_a_row},{of_a_customer},visits,churn", *rows)
    _, usecase = init(capsys, tmp_path, "--data", str(file))
    assert usecase.id == chosen
    assert [feature.name for feature in usecase.features] == ["visits"]


def _file(folder: Path, header: str, *rows: str, name: str = "customers.csv") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


ROWS = [f"c{row},{row % 7},{30 + row % 9}.5,{'yes' if row % 3 else 'no'}" for row in range(60)]


def test_hours_ids_and_ages_are_no_money(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{50_001 + row},{row % 40 + 20},{row % 50},{row % 3},{int(row % 4 == 0)}" for row in range(120)]
    path = _file(tmp_path, "CustomerId,Age,HourSpendOnApp,PaymentValueCt,Churn", *rows)
    text, usecase = init(capsys, tmp_path, "--data", str(path))
    assert usecase.value is None
    assert usecase.id == "CustomerId"
    assert "What a customer is worth is not known, so no money is told" in text
    # Uncommented once the block is whole: value and what campaigns are compared by.
    block = text[text.index("# value:") : text.index("# As of when")]
    assert "# #" not in text
    number = next(feature.name for feature in usecase.features if feature.type == "number")
    given = [line.removeprefix("# ") for line in block.splitlines() if re.match("# (value|profit|  )", line)]
    given = [re.sub("column: .*", f"column: {number}", line) for line in given]
    (tmp_path / "worth.yaml").write_text(text.replace(block, "\n".join([*given, "", ""])), encoding="utf-8")
    worth = load_usecase(tmp_path / "worth.yaml")
    assert (worth.tells_money, worth.stated_profit.action) == (True, "personal-call")


@pytest.mark.parametrize("stem", ["20240301", "yes", "null", "1e5", 'a "b" \\ c', "Ünïcode äö", "x" * 90, "…"])
def test_any_file_name_gives_a_model_name(tmp_path: Path, capsys: pytest.CaptureFixture[str], stem: str) -> None:
    path = _file(tmp_path, "id,calls,bill,churn", *ROWS, name=f"{stem}.csv")
    _, usecase = init(capsys, tmp_path, "--data", str(path))
    assert len(usecase.name) <= 40
    assert read_customers(path, usecase).usecase.name == usecase.name


def test_files_that_are_called_alike_get_models_that_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = _file(tmp_path / "one", "id,calls,bill,churn", *ROWS)
    two = _file(tmp_path / "two", "id,visits,paid,churn", *ROWS)
    again = _file(tmp_path / "again", "id,calls,bill,churn", *ROWS[:50])
    names = [init(capsys, tmp_path, "--data", str(path))[1].name for path in (one, two, again)]
    assert names[0] != names[1]
    assert names[0] == names[2]
    assert init(capsys, tmp_path, "--data", str(one), "--name", "shop")[1].name == "shop"


REFUSED = {
    "positive never occurs": (
        ["--label", "churn", "--positive", "Maybe"],
        'column "churn": "Maybe" never occurs; "yes" (40 rows), "no" (20 rows) do',
    ),
    "value is text": (["--value", "id"], 'column "id": "c0" is not a number, --value needs a number column'),
    "no such value": (["--value", "fee"], 'column "fee", row 1: no such column in the header (found: id, calls, bill,'),
    "no such id": (["--id", "number"], 'column "number", row 1: no such column'),
    "label of many values": (["--label", "calls", "--positive", "1"], 'column "calls", row 4: "2" is not a label'),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_fit_the_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    path = _file(tmp_path, "id,calls,bill,churn", *ROWS)
    arguments, message = REFUSED[kind]
    assert main(["init", "--data", str(path), *arguments]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_an_unclear_label_is_asked_for_with_the_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"c{row},{'a' if row % 2 else 'b'},{'p' if row % 3 else 'q'}" for row in range(60)]
    path = _file(tmp_path, "id,plan,state", *rows)
    assert main(["init", "--data", str(path)]) == 2
    assert (
        "which column says who left? Name it by --label, and by --positive its value for customers who left; "
        "two values have: plan (a, b), state (p, q); if another file has it, make it a column of this one first\n"
        in capsys.readouterr().err
    )
    assert main(["init", "--data", str(path), "--label", "state"]) == 2
    assert 'Name it by --positive; "p" (40 rows), "q" (20 rows) occur' in capsys.readouterr().err


@pytest.mark.parametrize(
    "moment",
    [lambda row: f"{1_700_000_000 + 86_400 * row}", lambda row: f"2024-03-{1 + row // 24:02d} {row % 24:02d}:00:00"],
    ids=["unix time", "times"],
)
def test_moments_that_differ_in_every_row_are_no_ids(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], moment: Callable[[int], str]
) -> None:
    rows = [f"{moment(row)},{row % 7},{'yes' if row * row % 5 else 'no'}" for row in range(90)]
    text, usecase = init(capsys, tmp_path, "--data", str(_file(tmp_path, "last_seen,calls,churn", *rows)))
    assert usecase.id == ""
    assert "rows are numbered" in text
    assert {feature.name: feature.type for feature in usecase.features} == {"last_seen": "date", "calls": "number"}


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        ("retained,loyal", ", and by --positive its value for customers who left; two values have: retained (0, 1), "),
        ("cancelled_online,left_us", "; two values have: cancelled_online (0, 1), left_us (0, 1)"),
    ],
    ids=["value unclear", "value clear"],
)
def test_label_and_value_are_asked_for_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: str, asked: str
) -> None:
    path = _file(tmp_path, f"id,{names}", *(f"c{row},{row % 2},{int(row % 3 == 0)}" for row in range(60)))
    assert main(["init", "--data", str(path)]) == 2
    assert f"which column says who left? Name it by --label{asked}" in capsys.readouterr().err


def test_yaml_words_that_look_like_something_else_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: 20240301\nid: no\nlabel: {column: left, positive: Yes, negative: No}\nmissing: [null, NA]\n")
    usecase = load_usecase(path)
    assert (usecase.name, usecase.id, usecase.missing) == ("20240301", "no", ("null", "NA"))
    assert (usecase.label.positive, usecase.label.negative) == ("Yes", "No")


def test_a_wide_file_is_told_of_in_few_lines_and_in_comments_one_by_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What gives the answer away comes first, however far behind its column is."""
    empty = [f"empty{place}" for place in range(40)]
    rows = (
        f"c{row},{row % 7},{'?' if row == 9 else row * 7 % 43},{',' * 39},{left},{left}" for row, left in _leavers()
    )
    names = ",".join(["id", "calls", "usage", *empty, "churn reason", "churn"])
    path = _file(tmp_path, names, *rows)
    assert main(["init", "--data", str(path)]) == 0
    printed = capsys.readouterr()
    said = printed.err.splitlines()
    assert len(said) <= 15
    assert 'column "churn reason": left out, ' in said[0]
    assert 'column "usage": a column of numbers, "?" 1 times is read as missing' in said[1]
    assert re.search(r': 29 more findings about "empty11", .*; the comments of the use case tell them$', said[-1])
    assert printed.out.count(": left out: every value is missing") == 40
    assert re.search(r'name: "usage".*; a column of numbers, "\?" 1 times is read as missing', printed.out)


def _leavers() -> list[tuple[int, int]]:
    return [(row, int(row % 3 == 0)) for row in range(90)]


def test_the_command_for_training_reads_the_file_as_it_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "müşteri listesi.csv"
    rows = [f"c{row}~{row % 7}~{'evet' if row % 3 else 'yok'}" for row in range(60)]
    path.write_text("\n".join(["Müşteri~Süre~Churn", *rows]), encoding="cp1254")
    form = ["--delimiter", "~", "--encoding", "windows-1254"]
    text, _ = init(capsys, tmp_path, "--data", str(path), *form)
    (line,) = [line for line in text.splitlines() if line.startswith("#   churn ")]
    words = ["churn", "train", "--usecase", "THIS-FILE.yaml", "--data", path.name, *form]
    assert shlex.split(line.removeprefix("#")) == words
    text, _ = init(capsys, tmp_path, "--data", str(_file(tmp_path, "id,usage,fee,Churn", *ROWS)))
    assert "--data customers.csv\n" in text


def test_a_few_numbers_that_may_be_names_of_something_are_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Segments are called by them: "high status" says nothing where 2 is a name."""
    rows = [f"c{row},{1 + row % 2},{row % 2},{row % 40},{row % 22},{'yes' if row % 3 else 'no'}" for row in range(80)]
    (tmp_path / "my.csv").write_text("\n".join(["customer,status,complains,calls,home city,churn", *rows]))
    text, _ = init(capsys, tmp_path, "--data", str(tmp_path / "my.csv"))
    assert 'name: "status", type: number, label: "status"} # 2 different: 1, 2; if these are codes: type: cat' in text
    assert 'label: "home city"} # 0 to 21, 22 different; if these are codes: type: category\n' in text
    assert text.count("if these are codes") == 2
