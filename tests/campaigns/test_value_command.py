"""`churn value`: answers for whoever is still there, whole or not at all; bad input is one line."""

import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import yaml

from churn_campaigns.lifetime.agreement import agreement, agreement_text
from churn_campaigns.lifetime.outlook import Estimate, Outlook, fifths
from churn_cli.main import main
from sample_package import Keys, PackageMaker, sample_rows, sample_schema

NAMES = ("months_left", "median_months", "leaves_within_12_months", "lifetime_value")
COLUMNS = ["id", *(f"{name}{end}" for name in NAMES for end in ("", "_low", "_high"))]


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated customers of a shop, with five columns."""
    folder = tmp_path_factory.mktemp("shop")
    generator = numpy.random.default_rng(0)
    spend, app = generator.uniform(10, 90, 700), generator.random(700) < 0.5
    leaves = 25 * numpy.exp(spend / 90 + 0.5 * app) * generator.weibull(1.1, 700)
    joined = generator.uniform(0, 60, 700)
    frame = pandas.DataFrame({
        "id": [f"simulated-{number}" for number in range(700)],
        "months": numpy.minimum(leaves, joined).round(2),
        "spend": spend.round(2),
        "channel": numpy.where(app, "app", "web"),
        "left": numpy.where(leaves <= joined, "yes", "no"),
    })  # fmt: skip
    frame.to_csv(folder / "customers.csv", index=False)
    usecase = {
        "name": "shop", "id": "id", "label": {"column": "left", "positive": "yes", "negative": "no", "window": "ever"},
        "value": {"column": "spend", "margin": 0.25, "discount_rate": 0.1}, "time": {"column": "months"},
    }  # fmt: skip
    (folder / "shop.yaml").write_text(yaml.safe_dump(usecase))
    return folder / "customers.csv"


def run(customers: Path, out: Path, *more: str, usecase: Path | None = None) -> int:
    rules = usecase or customers.parent / "shop.yaml"
    return main(["value", "--usecase", str(rules), "--data", str(customers), "--out", str(out), *more])


def test_answers_for_those_who_stayed(customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(customers, tmp_path / "out.csv", "--json", "--horizon", "24") == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out.splitlines()[-1])
    frame, answers = pandas.read_csv(customers), pandas.read_csv(tmp_path / "out.csv")
    assert result["replaced"] is False
    there = frame[frame["left"] == "no"]
    assert list(answers.columns) == COLUMNS
    assert answers["id"].tolist() == there["id"].tolist()
    assert result["customers"] == len(there)
    assert (result["simulated"], result["horizon"], result["learned_from"]) == (True, 24, 700)
    assert result["lifetime_value"] == pytest.approx(answers["lifetime_value"].mean(), abs=0.01)
    assert {family["family"] for family in result["families"]} >= {"weibull"}
    assert sum(family["weight"] for family in result["families"]) == pytest.approx(1.0)
    for name in ("months_left", "leaves_within_12_months", "lifetime_value"):
        assert answers[f"{name}_low"].le(answers[name] + 0.01).mean() > 0.98
        assert answers[f"{name}_high"].ge(answers[name] - 0.01).mean() > 0.98
    assert answers["months_left"].between(0, 24).all()
    assert answers["leaves_within_12_months"].between(0, 1).all()
    assert "beyond horizon" in set(answers["median_months"])
    assert "simulated customers who are still there" in printed.err


def test_other_customers_as_parquet(customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    current = pandas.read_csv(customers).drop(columns="left").head(3)
    current.loc[1, "months"] = None
    current.to_csv(tmp_path / "current.csv", index=False)
    assert run(customers, tmp_path / "out.parquet", "--customers", str(tmp_path / "current.csv")) == 0
    answers = pandas.read_parquet(tmp_path / "out.parquet")
    assert list(answers.columns) == COLUMNS
    assert answers["months_left"].isna().tolist() == [False, True, False]
    printed = capsys.readouterr()
    assert "1 customers have no known duration: their cells are empty" in printed.err
    assert "assumed: margin and discount rate" in printed.out


def changed(customers: Path, folder: Path, row: int, column: str, value: str) -> Path:
    frame = pandas.read_csv(customers, dtype=str)
    frame.loc[row, column] = value
    frame.to_csv(folder / "changed.csv", index=False)
    return folder / "changed.csv"


@pytest.mark.parametrize("before", [None, "answers of yesterday"])
def test_a_negative_duration_is_named_by_its_row(
    before: str | None, customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = changed(customers, tmp_path, 5, "months", "-1"), tmp_path / "out.csv"
    if before:
        out.write_text(before)
    assert run(data, out, usecase=customers.parent / "shop.yaml") == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line == f'churn: {data}, column "months", row 7: "-1" is out of bounds, at least 0 was expected'
    assert (out.read_text() if out.exists() else None) == before


def test_what_else_is_refused(customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def last(code: int) -> str:
        assert code == 2
        return capsys.readouterr().err.splitlines()[-1]

    timeless = tmp_path / "timeless.yaml"
    document = yaml.safe_load((customers.parent / "shop.yaml").read_text())
    timeless.write_text(yaml.safe_dump({key: part for key, part in document.items() if key != "time"}))
    out = tmp_path / "out.csv"
    expected = "`time` is missing, it names the column that says how long somebody has been a customer"
    assert last(run(customers, out, usecase=timeless)) == f"churn: {timeless}: {expected}"
    assert last(run(customers, out, "--horizon", "0")) == "churn: --horizon: is 0, at least 1 month was expected"
    problem = "is the input too, another output file was expected"
    assert last(run(customers, customers)) == f"churn: {customers}: {problem}"
    nameless = changed(customers, tmp_path, 9, "id", "")
    rules = customers.parent / "shop.yaml"
    assert last(run(nameless, out, usecase=rules)) == f'churn: {nameless}, column "id", row 11: the id is missing'
    current = tmp_path / "current.csv"
    pandas.read_csv(customers).drop(columns="spend").to_csv(current, index=False)
    problem = 'column "spend", row 1: no such column in the header'
    assert last(run(customers, out, "--customers", str(current))) == f"churn: {current}, {problem}"
    assert not out.exists()


def test_a_customer_who_is_there_twice_is_refused(
    customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before, both rows were learnt from and answered for."""
    rules, out, frame = customers.parent / "shop.yaml", tmp_path / "out.csv", pandas.read_csv(customers)
    stayer = int(numpy.flatnonzero(frame["left"] == "no")[0])
    twice, current = tmp_path / "twice.csv", tmp_path / "current.csv"
    pandas.concat([frame, frame.iloc[[stayer]]]).to_csv(twice, index=False)
    assert run(twice, out, usecase=rules) == 2
    problem = "the customer has a row with the same duration (months) above, once was expected"
    assert capsys.readouterr().err.splitlines()[-1] == f'churn: {twice}, column "id", row 702: {problem}'
    pandas.concat([frame, frame.iloc[[stayer]].assign(months=70.0)]).to_csv(twice, index=False)
    assert run(twice, out, usecase=rules) == 2
    problem = f"the customer stands in row {stayer + 2} too; one row for each who is still there was expected"
    assert capsys.readouterr().err.splitlines()[-1] == f'churn: {twice}, column "id", row 702: {problem}'
    frame.drop(columns="left").iloc[[3, 4, 3]].to_csv(current, index=False)
    assert run(customers, out, "--customers", str(current)) == 2
    problem = "the customer stands in row 2 too; one row for each who is still there was expected"
    assert capsys.readouterr().err.splitlines()[-1] == f'churn: {current}, column "id", row 4: {problem}'
    assert not out.exists()


def test_who_left_and_came_back_is_one_customer_who_is_there(
    customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules, out, frame = customers.parent / "shop.yaml", tmp_path / "out.csv", pandas.read_csv(customers)
    left = int(numpy.flatnonzero(frame["left"] == "yes")[0])
    back = frame.iloc[[left]].assign(left="no", months=1.5)
    pandas.concat([frame, back]).to_csv(tmp_path / "back.csv", index=False)
    assert run(tmp_path / "back.csv", out, usecase=rules) == 0, capsys.readouterr().err
    answered = pandas.read_csv(out)["id"].tolist()
    assert answered == [*frame.loc[frame["left"] == "no", "id"], frame["id"].tolist()[left]]


def with_label(customers: Path, folder: Path, window: Any, **time: str) -> Path:
    """The shop's use case where the label looks over `window`."""
    document = yaml.safe_load((customers.parent / "shop.yaml").read_text())
    document["label"] = {key: part for key, part in document["label"].items() if key != "window"}
    document["label"] |= {} if window is None else {"window": window}
    document["time"] |= time
    (folder / "told.yaml").write_text(yaml.safe_dump(document))
    return folder / "told.yaml"


def test_without_a_window_it_says_why_it_cannot_know(
    customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(customers, tmp_path / "out.csv", usecase=with_label(customers, tmp_path, None)) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(
        "churn: use case shop does not say since when leavers were observed, and a file without those"
    )
    assert "give `label.window`, in the units of `time.column`" in line
    assert "or `time.observed_since`" in line
    assert run(customers, tmp_path / "out.csv", usecase=with_label(customers, tmp_path, 0)) == 2
    problem = "`label.window` must be above 0 (or `ever`), is 0"
    told = tmp_path / "told.yaml"
    at_line = next(at for at, text in enumerate(told.read_text().splitlines(), 1) if text == "  window: 0")
    assert capsys.readouterr().err.splitlines()[-1] == f"churn: {told}: line {at_line}: {problem}"
    # Before, no curve fitted and the command had failed, as if nobody could have known.
    assert run(customers, tmp_path / "out.csv", usecase=with_label(customers, tmp_path, 1e-9)) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    problem = "`label.window` is 1e-09, 1e-09 months; at least 0.01 months were expected, in the units of `time.column`"
    assert said.startswith(f"churn: {told}: ")
    assert said.endswith(problem)
    assert not (tmp_path / "out.csv").exists()


def test_a_margin_is_a_share(customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before, a margin of 2 doubled what customers pay."""
    document = yaml.safe_load((customers.parent / "shop.yaml").read_text())
    document["value"]["margin"] = 2
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(document))
    assert run(customers, tmp_path / "out.csv", usecase=tmp_path / "shop.yaml") == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"churn: {tmp_path / 'shop.yaml'}: ")
    assert said.endswith("`value.margin` is a share of what `spend` holds, above 0 and at most 1 (0.4 for 40 %), is 2")


def test_each_customers_own_beginning_of_observation(
    customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usecase, out = with_label(customers, tmp_path, None, observed_since="seen_from"), tmp_path / "out.csv"
    frame = pandas.read_csv(customers)
    frame["seen_from"] = (frame["months"] - 6).clip(lower=0)
    data = tmp_path / "seen.csv"
    frame.to_csv(data, index=False)
    assert run(data, out, "--json", usecase=usecase) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["window_months"], result["learned_from"]) == (None, 700)
    assert not any(name.startswith("leaves_within_window") for name in pandas.read_csv(out).columns)
    frame.loc[3, "seen_from"] = frame["months"].tolist()[3] + 1
    frame.to_csv(data, index=False)
    assert run(data, out, usecase=usecase) == 2
    problem = "observed since a duration beyond the customer's own (months)"
    assert capsys.readouterr().err.splitlines()[-1] == f'churn: {data}, column "seen_from", row 5: {problem}'
    assert run(customers, out, usecase=usecase) == 2
    problem = "no such column in the header, `time.observed_since` names it"
    assert capsys.readouterr().err.splitlines()[-1] == f'churn: {customers}, column "seen_from", row 1: {problem}'


def test_the_churn_model_is_held_against_the_curves(
    make_package: PackageMaker, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(keys.verify_path))
    schema = sample_schema()
    frame = pandas.DataFrame(sample_rows(600, 5), columns=list(schema.names))
    frame["left"] = numpy.where(numpy.random.default_rng(5).random(600) < 0.12, "yes", "no")
    frame.assign(customer=[f"c{number}" for number in range(600)]).to_csv(tmp_path / "data.csv", index=False)
    document: dict[str, Any] = {
        "name": "sample", "id": "customer", "value": {"column": "charges"}, "time": {"column": "tenure"},
        "label": {"column": "left", "positive": "yes", "negative": "no", "window": 3},
    }  # fmt: skip
    (tmp_path / "sample.yaml").write_text(yaml.safe_dump(document))
    options = ("--json", "--model", str(make_package()))
    assert run(tmp_path / "data.csv", tmp_path / "out.csv", *options, usecase=tmp_path / "sample.yaml") == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out.splitlines()[-1])
    answers = pandas.read_csv(tmp_path / "out.csv")
    assert result["window_months"] == 3.0
    assert result["leaves_within_window"] == pytest.approx(answers["leaves_within_window"].mean(), abs=1e-3)
    assert sum(group["customers"] for group in result["agreement"]) == result["customers"] - result["without_duration"]
    assert not all(group["agrees"] for group in result["agreement"])  # It never saw these labels.
    assert "at least one of them is wrong there" in printed.err


def test_two_models_that_say_the_same_agree() -> None:
    months = numpy.arange(1.0, 101.0)
    groups, probabilities = fifths(months), numpy.full(100, 0.2)
    flat = Estimate(probabilities, probabilities, probabilities, (0.2, 0.18, 0.22), ((0.2, 0.18, 0.22),) * 5)
    outlook = Outlook(groups, flat, flat, flat, flat, flat)
    found = agreement(probabilities * 1.2, months, outlook)
    assert [group.customers for group in found] == [20] * 5
    assert all(group.agrees for group in found)
    assert not any("disagree" in line for line in agreement_text(found, 1.0, "churn-shop version 1"))
    apart = agreement(numpy.where(months > 80, 0.3, 0.2), months, outlook)
    assert [group.agrees for group in apart] == [True] * 4 + [False]
    assert agreement_text(apart, 1.0, "churn-shop version 1")[-1].startswith("the two models disagree in 1 of 5 groups")


def test_other_customers_from_another_country_get_the_same_answers(
    customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    current = pandas.read_csv(customers).drop(columns="left").head(20)
    current["spend"] = current["spend"].round() + 0.125
    current.to_csv(tmp_path / "plain.csv", index=False)
    assert run(customers, tmp_path / "expected.csv", "--customers", str(tmp_path / "plain.csv")) == 0
    current.to_csv(tmp_path / "german.csv", index=False, sep=";", decimal=",", encoding="cp1252")
    capsys.readouterr()
    assert run(customers, tmp_path / "out.csv", "--customers", str(tmp_path / "german.csv")) == 0
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "expected.csv").read_bytes()
    assert f"{tmp_path}/german.csv: fields are separated by semicolons" in capsys.readouterr().err
