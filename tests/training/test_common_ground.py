"""Two models are compared on customers new to both, each by its own columns; else nothing is promoted."""

import re
from dataclasses import replace
from pathlib import Path

import numpy
import pandas

from churn_data.dataset import Dataset, schema_of
from churn_model.holdout import Holdout
from churn_model.package import Package
from churn_training.comparison.champion_contest import CurrentChampion
from tests.training.contests import (
    NAME,
    Other,
    Shuffled,
    against,
    read_again,
    strangers,
    with_holdout,
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
