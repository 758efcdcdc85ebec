"""An old champion gives way to a model of newer data that is not worse, where the use case says so, and to no other."""

import datetime
from dataclasses import replace

import msgspec
import numpy
import pytest

from churn_data.dataset import Dataset
from churn_model.package import Package
from churn_model.rules import RefreshRule
from churn_model.usecase import ProfitRule
from churn_training.comparison.champion_contest import CurrentChampion
from churn_training.comparison.gate import judge
from churn_training.comparison.verdict import JudgedModel, Terms
from tests.training.contests import Constant, against

RULE = ProfitRule()


def models(worse: float) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Who left, and the answers of two models that know most of why; the second mixes in so much chance."""
    generator = numpy.random.default_rng(4)
    odds = generator.normal(-1.2, 1.5, 4000)
    churned = (generator.random(4000) < 1.0 / (1.0 + numpy.exp(-odds))).astype(int)
    first, second = (odds + generator.normal(0.0, error, 4000) for error in (0.1, 0.1 + worse))
    return churned, 1.0 / (1.0 + numpy.exp(-first)), 1.0 / (1.0 + numpy.exp(-second))


@pytest.mark.parametrize(
    ("worse", "terms", "passes"),
    [
        (0.0, Terms(), False),
        (0.0, Terms(refresh=0.1), True),
        (0.0, Terms(200, refresh=0.001), False),
        (1.5, Terms(refresh=0.05), False),
    ],
    ids=["it must be better otherwise", "as good will do", "a tiny margin after many contests", "worse will not do"],
)
def test_a_margin_is_what_may_be_lost_and_no_more(worse: float, terms: Terms, passes: bool) -> None:
    churned, old, new = models(worse)
    verdict = judge(churned, {}, RULE, JudgedModel(old, 0.5), JudgedModel(new, 0.5), seed=1, terms=terms)
    (profit,) = [finding for finding in verdict.findings if finding.rule_name == "profit"]
    assert profit.passed == passes
    assert not verdict.better
    assert ("old enough to give way" in profit.sentence) == (terms.refresh is not None)


def aged(champion: CurrentChampion, days: int, *, until: str = "", sha256: str = "0" * 64) -> CurrentChampion:
    """The champion made so long ago, of another file."""
    assert champion.package is not None
    manifest = champion.package.manifest
    created = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    data = msgspec.structs.replace(manifest.training_data, until=until, sha256=sha256)
    manifest = msgspec.structs.replace(manifest, created=created.isoformat(), training_data=data)
    return replace(champion, package=replace(champion.package, manifest=manifest))


def refreshing(held_out: Dataset) -> Dataset:
    rule = RefreshRule(after_days=90, margin=0.1)
    return replace(held_out, usecase=msgspec.structs.replace(held_out.usecase, refresh=rule))


def test_an_old_champion_gives_way_to_its_equal_of_newer_data(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    customers = refreshing(held_out)
    decision = against(aged(champion, 91), package.scorer, customers)
    assert (decision.promoted, decision.overridden) == (True, False)
    assert decision.reason == "it is of newer data and not worse than version 1"
    kept = [
        against(aged(champion, 91), package.scorer, held_out),  # the use case says nothing of it
        against(aged(champion, 89), package.scorer, customers),
        against(aged(champion, 91, sha256=held_out.source.sha256), package.scorer, customers),
        against(aged(champion, 91, until="2026-01-31"), package.scorer, customers),  # newer than who knows what
        against(aged(champion, 91), Constant(package.scorer, 0.265), customers),
    ]
    assert [found.promoted for found in kept] == [False] * len(kept)
