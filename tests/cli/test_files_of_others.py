"""`churn score` on files as other people write them: the same answers, what was odd is said, nothing half-written."""

import json
from pathlib import Path

import pandas
import pytest

from churn_cli.main import main
from churn_training.packaging.exporting import export_champion
from churn_training.packaging.home import Home
from churn_training.pipeline import TrainingOutcome


@pytest.fixture(autouse=True)
def champion(trained: tuple[Home, TrainingOutcome], monkeypatch: pytest.MonkeyPatch) -> None:
    from churn_model.mlflow_registry import MlflowRegistry, connect

    home, outcome = trained
    monkeypatch.setenv("CHURN_HOME", str(home.path))
    monkeypatch.delenv("CHURN_VERIFY_KEY", raising=False)
    if not (home.packages(outcome.registered.name) / "champion").exists():
        export_champion(MlflowRegistry(connect(home.tracking_uri)), outcome.registered.name, home)


def score(capsys: pytest.CaptureFixture[str], source: Path, target: Path, *more: str) -> tuple[dict[str, object], str]:
    assert main(["score", str(source), str(target), "--json", *more]) == 0
    said = capsys.readouterr()
    result: dict[str, object] = json.loads(said.out.splitlines()[-1])
    return result, said.err


def test_every_dialect_gets_the_same_answers(
    telco_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pandas.read_csv(telco_path, na_values=[" "]).head(200)
    frame.to_csv(tmp_path / "plain.csv", index=False)
    score(capsys, tmp_path / "plain.csv", tmp_path / "expected.csv")
    frame.to_csv(tmp_path / "german.csv", sep=";", decimal=",", encoding="utf-16", index=False)
    _, said = score(capsys, tmp_path / "german.csv", tmp_path / "german-answers.csv")
    assert "read as UTF-16" in said
    assert "fields are separated by semicolons" in said
    frame["Contract"] = frame["Contract"].str.replace(" ", "\u00a0") + " "
    frame["TotalCharges"] = frame["TotalCharges"].map(lambda value: f"$ {value:,.2f}")
    frame.to_csv(tmp_path / "odd.csv", sep="~", index=True)
    _, said = score(capsys, tmp_path / "odd.csv", tmp_path / "odd-answers.csv", "--delimiter", "~")
    assert 'column "TotalCharges": texts such as "$ ' in said
    expected = (tmp_path / "expected.csv").read_bytes()
    assert (tmp_path / "german-answers.csv").read_bytes() == expected
    assert (tmp_path / "odd-answers.csv").read_bytes() == expected


def test_what_was_never_seen_is_missing_or_there_twice_is_counted(
    telco_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pandas.read_csv(telco_path).head(20)
    frame.loc[[1, 2], "Contract"] = "month-to-month"
    frame.loc[3, "tenure"] = None
    frame.loc[5, "customerID"] = frame.loc[4, "customerID"]
    frame.to_csv(tmp_path / "in.csv", index=False)
    result, said = score(capsys, tmp_path / "in.csv", tmp_path / "out.csv")
    assert (result["unseen"], result["missing"]) == ({"Contract": 2}, {"tenure": 1})
    assert '2 customers with a level that training never saw, such as "month-to-month" in row 3; did you mean' in said
    assert 'column "customerID": 1 row is of customers who were there before, row 7 is the first' in said


def test_a_misspelt_column_and_another_format_are_refused(
    telco_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "in.csv"
    given.write_text(telco_path.read_text().replace("PaperlessBilling", "Paperless_Billing", 1))
    assert main(["score", str(given), str(tmp_path / "out.csv")]) == 2
    expected = 'no such column in the header, the model needs it; did you mean "Paperless_Billing"? (use case telecom, '
    assert expected in capsys.readouterr().err.splitlines()[-1]
    assert main(["score", str(telco_path), str(tmp_path / "out.xlsx")]) == 2
    refusal = capsys.readouterr().err.splitlines()[-1]
    assert refusal.endswith("out.xlsx: .xlsx is not written; .csv, .parquet and .pq are")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_what_cannot_be_scored_or_written_says_what_would_do(
    telco_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", "--usecase", "banking", str(telco_path), str(tmp_path / "out.csv")]) == 2
    assert "(there is one of churn-telecom; --usecase says whose customers these are)" in capsys.readouterr().err
    for name in ("out.parquet", "out.csv"):
        target = tmp_path / "no folder" / name
        assert main(["score", str(telco_path), str(target)]) == 2
        hint = f"'{target.parent}' (mkdir -p '{target.parent}' makes it)"
        line = f"churn: {target}: cannot be written: there is no folder {hint}"
        assert capsys.readouterr().err.splitlines()[-1] == line
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_named_as_it_is_registered_or_by_its_folder(
    telco_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], trained: tuple[Home, TrainingOutcome]
) -> None:
    pandas.read_csv(telco_path).head(20).to_csv(tmp_path / "in.csv", index=False)
    home, outcome = trained
    folder = home.packages(outcome.registered.name) / "champion"
    answers = set()
    for model in ("churn-telecom", "telecom", str(folder)):
        result, _ = score(capsys, tmp_path / "in.csv", tmp_path / "out.csv", "--model", model)
        answers.add((json.dumps(result["model"]), (tmp_path / "out.csv").read_bytes()))
    assert len(answers) == 1
    assert main(["score", str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), "--model", "telekom"]) == 2
    expected = "telekom: neither a folder nor a model with a champion here (--model: churn-telecom)"
    assert capsys.readouterr().err.splitlines()[-1].endswith(expected)
