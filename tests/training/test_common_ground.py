"""Two models are compared on customers new to both, each by its own columns; else nothing is promoted."""

import re
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy
import pandas
import pytest

from churn_data.dataset import Dataset, schema_of
from churn_data.sources import read_customers
from churn_model.holdout import Holdout
from churn_model.package import Package
from churn_model.usecase import Label
from churn_training.comparison.champion_contest import Challenger, CurrentChampion, contest
from churn_training.comparison.splits import holdout_of, split_by
from tests.training.contests import (
    NAME,
    Opposite,
    Other,
    Shuffled,
    against,
    read_again,
    strangers,
    with_holdout,
    with_label,
    with_seniors_as_words,
)


def test_only_customers_whom_neither_was_fitted_on_are_judged(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    fewer = with_holdout(package, Holdout(f"holdout of {NAME}", 0.1, "customerID"))
    decision = against(replace(champion, package=fewer), package.scorer, held_out)
    assert decision.verdict is not None
    assert f"on {strangers(held_out, 0.1):,} customers whom neither" in decision.verdict.findings[-1].sentence

    other_salt = with_holdout(package, Holdout("another", 0.02, "customerID"))
    decision = against(replace(champion, package=other_salt), package.scorer, held_out)
    assert not decision.promoted
    reason = (
        r"version 1 stays, no contest is possible: of those held out only \d who left and \d+ who stayed are new to .*"
    )
    assert re.fullmatch(reason, decision.reason)


def test_a_package_of_before_is_judged_with_what_is_not_known_said(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    decision = against(replace(champion, package=with_holdout(package, None)), package.scorer, held_out)
    assert decision.verdict is not None
    assert "does not say whom it was fitted on, which may favour the champion" in decision.verdict.findings[-1].sentence


def test_features_match_by_name_in_whatever_order(
    champion: CurrentChampion, package: Package, held_out: Dataset, tmp_path: Path
) -> None:
    """A challenger of reversed columns is asked in its order, the champion in its own."""
    reversed_ = read_again(held_out, tmp_path, columns=lambda table: table[table.columns[::-1]])
    assert list(reversed_.frame.columns) == list(reversed(held_out.frame.columns))
    worse = Shuffled(package.scorer, held_out.frame.columns.tolist(), reversed_.frame.columns.tolist())
    decision = against(champion, worse, reversed_)
    assert not decision.promoted
    assert decision.verdict is not None
    assert decision.verdict.chance is not None
    assert decision.verdict.chance > 0.9


def test_a_level_that_the_champion_does_not_know_is_no_way_round_the_contest(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    held_out = replace(held_out, frame=held_out.frame.copy())
    held_out.frame.loc[:5, "Contract"] = "Ten years"
    decision = against(champion, package.scorer, held_out)
    assert decision.verdict is not None
    assert decision.verdict.chance == 0.5
    assert champion.segmenter_for(schema_of(held_out)) is not None
    assert champion.segmenter_for(schema_of(with_seniors_as_words(held_out))) is None


def test_a_column_that_is_something_else_now_is_read_from_the_file_for_the_champion(
    champion: CurrentChampion, held_out: Dataset, tmp_path: Path
) -> None:
    """A few unreadable cells made a category of a number: the contest goes on without these customers."""

    def dirty(table: pandas.DataFrame) -> pandas.DataFrame:
        table.loc[:4, "SeniorCitizen"] = "so-so"
        return table

    read = read_again(held_out, tmp_path, columns=dirty, category="SeniorCitizen")
    assert read.frame["SeniorCitizen"].dtype == object
    decision = against(champion, Other(read), read)
    assert not decision.promoted
    assert decision.verdict is not None
    assert decision.verdict.chance is not None
    unreadable = strangers(read.take(numpy.arange(5)))
    told = decision.verdict.findings[-1].sentence
    assert f"Both were judged on {strangers(read) - unreadable:,} customers" in told
    assert f"{unreadable} more are left out, for the champion cannot read their cells" in told


def test_without_a_column_that_the_champion_needs_nothing_is_promoted(
    champion: CurrentChampion, held_out: Dataset, tmp_path: Path
) -> None:
    read = read_again(held_out, tmp_path, columns=lambda table: table.drop(columns="Contract"), without="Contract")
    decision = against(champion, Other(read), read)
    assert not decision.promoted
    assert decision.reason == (
        "version 1 stays, no contest is possible: the champion cannot be asked about these customers: "
        'again.csv, column "Contract", row 1: there is no such column'
    )


def test_where_most_cells_mean_nothing_to_the_champion_nothing_is_promoted(
    champion: CurrentChampion, held_out: Dataset, tmp_path: Path
) -> None:
    def dirty(table: pandas.DataFrame) -> pandas.DataFrame:
        table["SeniorCitizen"] = "so-so"
        return table

    read = read_again(held_out, tmp_path, columns=dirty, category="SeniorCitizen")
    decision = against(champion, Other(read), read)
    assert not decision.promoted
    assert re.search(r"the champion cannot read the cells of (\d+) of \1 held-out customers", decision.reason)


@pytest.mark.parametrize(
    ("label", "told"),
    [
        (Label("Churn", "No"), r'the champion tells whether "Churn" is "Yes", the new model whether "Churn" is "No"'),
        (Label("Contract", "Yes"), r'the champion tells .*, the new model whether "Contract" is "Yes"'),
        (Label("Churn", "Yes", window=3), r'the champion tells whether "Churn" is "Yes" within 1, .* within 3'),
    ],
    ids=["the other label", "another column", "another window"],
)
def test_models_that_answer_other_questions_have_no_contest(
    label: Label, told: str, champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    """Where staying counts as leaving, the champion is wrong about everybody."""
    asked = Label("Churn", "Yes", window=1) if label.window else Label("Churn", "Yes")
    of_this = replace(champion, package=with_label(package, asked))
    usecase = msgspec.structs.replace(held_out.usecase, label=label)
    decision = against(
        of_this, Opposite(package.scorer), replace(held_out, usecase=usecase, churned=1 - held_out.churned)
    )
    assert not decision.promoted
    assert re.fullmatch(f"version 1 stays, no contest is possible: {told}", decision.reason)
    # The same label in another spelling is the same one.
    same = msgspec.structs.replace(held_out.usecase, label=msgspec.structs.replace(asked, positive=" Yes "))
    verdict = against(of_this, package.scorer, replace(held_out, usecase=same)).verdict
    assert verdict is not None
    assert verdict.chance == 0.5


def test_whom_the_new_model_knows_by_another_id_is_no_stranger_to_it(
    champion: CurrentChampion, package: Package, telco: Dataset, tmp_path: Path
) -> None:
    """Three rows of each customer, by ids of rows: the new model has learnt from other rows of those held out."""
    assert telco.origin is not None
    table = pandas.read_csv(telco.origin.path, dtype=str, keep_default_na=False).head(2400)
    months = [table.assign(tenure=(table["tenure"].astype(int) + month).astype(str)) for month in range(3)]
    rows = pandas.concat(months, ignore_index=True)
    rows.assign(bill=[f"bill {number}" for number in range(len(rows))]).to_csv(tmp_path / "bills.csv", index=False)
    by_bill = msgspec.structs.replace(telco.usecase, id="bill")
    read = read_customers(tmp_path / "bills.csv", by_bill)
    rule = holdout_of(read)
    held_out = read.take(split_by(read, rule, 0)[1])
    challenger = Challenger(package.scorer, held_out, rule, 0.265)
    decision = contest(champion, challenger, 1, seed=0)
    assert not decision.promoted
    assert "are new to both models, at least 10 of each are needed" in decision.reason
