"""`churn score`: the scorer's own bits, in the file's order, whole or not at all."""

import json
from pathlib import Path

import pandas
import pytest

from churn_cli.batch import score_file
from churn_cli.main import main
from churn_data.dataset import Dataset, rows_of
from churn_data.errors import DataError
from churn_model import Package, TrustedKeys, open_package
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.usecase import DEFAULT_MISSING
from churn_training.packaging.exporting import export_champion
from churn_training.packaging.home import Home
from churn_training.pipeline import TrainingOutcome

COLUMNS = [
    "id", "churn_probability", "risk", "segment", "segment_name", "action", "action_name", "expected_value", "cost"
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(trained: tuple[Home, TrainingOutcome]) -> Path:
    home, outcome = trained
    export_champion(MlflowRegistry(connect(home.tracking_uri)), outcome.registered.name, home)
    return home.packages(outcome.registered.name) / "champion"


@pytest.fixture(scope="module")
def package(folder: Path, trained: tuple[Home, TrainingOutcome]) -> Package:
    return open_package(folder.resolve(), TrustedKeys.load(trained[0].verify_key))


@pytest.fixture(scope="module")
def expected(package: Package, telco: Dataset, telco_path: Path) -> pandas.DataFrame:
    """The answers worked out customer by customer."""
    ids = pandas.read_csv(telco_path)["customerID"]
    lines = []
    for customer, row in zip(ids, rows_of(telco.frame), strict=True):
        (probability,), (segment,) = package.scorer.score([row])
        decision = package.description.actions.decide(probability, segment, row)
        name = package.description.segmenter.profiles[segment].name
        lines.append([customer, probability, decision.risk, segment, name, decision.id, decision.name,
                      decision.expected_value, decision.cost])  # fmt: skip
    return pandas.DataFrame(lines, columns=COLUMNS)


def read(path: Path) -> pandas.DataFrame:
    if path.suffix == ".parquet":
        return pandas.read_parquet(path)
    return pandas.read_csv(path, float_precision="round_trip")


@pytest.mark.parametrize("source", ["csv", "parquet"])
@pytest.mark.parametrize("target", ["csv", "parquet"])
def test_every_pair_of_formats_gives_the_same_bits(
    source: str, target: str, package: Package, expected: pandas.DataFrame, telco_path: Path, tmp_path: Path
) -> None:
    given = telco_path
    if source == "parquet":
        given = tmp_path / "telco.parquet"
        pandas.read_csv(telco_path, na_values=[" "]).to_parquet(given)
    progress: list[float] = []
    answers = tmp_path / f"answers.{target}"
    assert score_file(package, given, answers, DEFAULT_MISSING, progress.append).rows == 7043
    assert sum(progress) == 7043
    pandas.testing.assert_frame_equal(read(answers), expected, check_exact=True)


def test_chunks_do_not_show(
    package: Package, telco_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score_file(package, telco_path, tmp_path / "one.csv", DEFAULT_MISSING, lambda _: None)
    monkeypatch.setattr("churn_data.tables.open_table.__wrapped__.__defaults__", (333,))
    score_file(package, telco_path, tmp_path / "many.csv", DEFAULT_MISSING, lambda _: None)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "many.csv").read_bytes()


def test_label_is_not_needed_and_new_levels_are_scored(package: Package, telco_path: Path, tmp_path: Path) -> None:
    frame = pandas.read_csv(telco_path).drop(columns="Churn").head(5)
    frame.loc[1, "Contract"] = "Ten years"
    frame.loc[2, "Contract"] = None
    frame[list(reversed(frame.columns))].to_csv(tmp_path / "in.csv", index=False)
    assert score_file(package, tmp_path / "in.csv", tmp_path / "out.csv", DEFAULT_MISSING, lambda _: None).rows == 5
    assert read(tmp_path / "out.csv")["churn_probability"].between(0, 1).all()


def test_a_file_without_rows_gives_a_file_without_rows(package: Package, telco_path: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(telco_path.read_text().split("\n")[0] + "\n")
    assert score_file(package, tmp_path / "in.csv", tmp_path / "out.parquet", DEFAULT_MISSING, lambda _: None).rows == 0
    assert list(read(tmp_path / "out.parquet").columns) == COLUMNS


@pytest.fixture
def home_of_trained(trained: tuple[Home, TrainingOutcome], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURN_HOME", str(trained[0].path))
    monkeypatch.delenv("CHURN_VERIFY_KEY", raising=False)


BAD = {
    "text for a number": (4, "tenure", "long", '"long" is not a number (499 numbers, 1 not)'),
    "infinite": (6999, "MonthlyCharges", "inf", '"inf" is infinite or too large, a finite number was expected'),
    "out of bounds": (0, "tenure", "-3", '"-3" is out of bounds, at least 0 was expected'),
    "no id": (
        17,
        "customerID",
        "",
        "the id is missing; an answer needs an id to say whose it is: fill it in, or take the row out",
    ),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("before", [None, "answers of yesterday"])
def test_a_bad_row_is_one_line_and_leaves_nothing(
    name: str, before: str | None, package: Package, telco_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    position, column, value, problem = BAD[name]
    frame = pandas.read_csv(telco_path, dtype=str)
    frame.loc[position, column] = value
    given, answers = tmp_path / "in.csv", tmp_path / "out" / "answers.csv"
    frame.to_csv(given, index=False)
    answers.parent.mkdir()
    if before:
        answers.write_text(before)
    monkeypatch.setattr("churn_data.tables.open_table.__wrapped__.__defaults__", (500,))
    with pytest.raises(DataError) as caught:
        score_file(package, given, answers, DEFAULT_MISSING, lambda _: None)
    assert str(caught.value) == f'{given}, column "{column}", row {position + 2}: {problem}'
    assert [path.read_text() for path in answers.parent.iterdir()] == ([before] if before else [])


def test_a_missing_column_and_the_input_as_output(package: Package, telco_path: Path, tmp_path: Path) -> None:
    given = tmp_path / "in.csv"
    pandas.read_csv(telco_path).drop(columns="tenure").to_csv(given, index=False)
    with pytest.raises(DataError) as caught:
        score_file(package, given, tmp_path / "out.csv", DEFAULT_MISSING, lambda _: None)
    expected = f'{given}, column "tenure", row 1: no such column in the header, the model needs it'
    assert str(caught.value) == expected
    with pytest.raises(DataError, match="is the input too"):
        score_file(package, given, given, DEFAULT_MISSING, lambda _: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


@pytest.mark.usefixtures("home_of_trained")
def test_the_command(
    folder: Path,
    expected: pandas.DataFrame,
    telco_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for replaced, where in ((False, []), (True, ["--model", str(folder)])):
        assert main(["score", str(telco_path), str(tmp_path / "out.csv"), "--json", *where]) == 0
        said = capsys.readouterr()
        result = json.loads(said.out.splitlines()[-1])
        assert (result["replaced"], "out.csv (replaced): 7043 rows" in said.err) == (replaced, replaced)
        left = 'telco.csv, column "Churn": 1,869 of 7,043 customers have left already, as it says; a plan is for those'
        assert (left in said.err) == (not where), "a package alone does not know what the label is called"
        assert (result["rows"], result["model"]["version"], result["simulated"]) == (7043, "1", False)
        pandas.testing.assert_frame_equal(read(tmp_path / "out.csv"), expected, check_exact=True)
    assert main(["score", str(tmp_path / "none.csv"), str(tmp_path / "no.csv")]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"churn: {tmp_path / 'none.csv'}: no such file"
