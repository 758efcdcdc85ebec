"""An old champion gives way to a model of newer data that is not worse, where the use case says so, and to no other."""

import datetime
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy
import pytest

from churn_data.dataset import Dataset
from churn_model.package import Package
from churn_model.rules import ProfitStatement, RefreshRule, RefreshTerms
from churn_model.schema import Row
from churn_model.scorer import Scorer, Scores
from churn_model.usecase import ProfitRule
from churn_training.comparison.champion_contest import CurrentChampion
from churn_training.comparison.gate import judge
from churn_training.comparison.verdict import JudgedModel, Terms
from tests.training.contests import Constant, against

RULE = ProfitRule()
AGREED = RefreshTerms(RefreshRule(after_days=90, margin=0.1), RULE)
FREE = ProfitRule(offer_cost=0.0, contact_cost=0.0)
"""Economics at which everybody is contacted, whatever a model says, so that all earn the same."""


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


def test_economics_at_which_all_models_earn_the_same_refresh_none() -> None:
    churned, old, new = models(1.5)
    for agreed, passes in ((FREE, True), (RULE, False)):
        terms = Terms(refresh=0.05, agreed=agreed)
        verdict = judge(churned, {}, FREE, JudgedModel(old, 0.5), JudgedModel(new, 0.5), seed=1, terms=terms)
        (profit,) = [finding for finding in verdict.findings if finding.rule_name == "profit"]
        assert profit.passed == passes
        assert ("at the economics that the champion was trained by" in profit.sentence) != passes


def aged(
    champion: CurrentChampion,
    days: int,
    *,
    until: str = "",
    sha256: str = "0" * 64,
    agreed: RefreshTerms | None = AGREED,
) -> CurrentChampion:
    """The champion made so long ago, of another file, by a use case that agreed to that."""
    assert champion.package is not None
    manifest = champion.package.manifest
    created = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    data = msgspec.structs.replace(manifest.training_data, until=until, sha256=sha256, refresh=agreed)
    manifest = msgspec.structs.replace(manifest, created=created.isoformat(), training_data=data)
    return replace(champion, package=replace(champion.package, manifest=manifest))


def refreshing(held_out: Dataset, days: float = 90, margin: float = 0.1) -> Dataset:
    rule = RefreshRule(after_days=days, margin=margin)
    return replace(held_out, usecase=msgspec.structs.replace(held_out.usecase, refresh=rule))


class Noisy(Scorer):
    """Answers as the model does, but for a little noise: is shown neither to know more nor to earn more."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def score(self, rows: Sequence[Row]) -> Scores:
        scores = self._scorer.score(rows)
        noise = numpy.random.default_rng(len(rows)).normal(0.0, 0.002, len(rows))
        return Scores(numpy.clip(scores.probabilities + noise, 0.001, 0.999).tolist(), scores.segments)


class Worse(Scorer):
    """Answers as the model does, but by chance for every fifth customer."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def score(self, rows: Sequence[Row]) -> Scores:
        scores = self._scorer.score(rows)
        drawn = numpy.random.default_rng(len(rows)).permutation(scores.probabilities)
        chance = numpy.arange(len(rows)) % 5 == 0
        return Scores(numpy.where(chance, drawn, scores.probabilities).tolist(), scores.segments)


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


def test_the_champion_says_when_and_by_how_much_it_gives_way(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    """Whoever trains may ask for more than its package does, never for less."""
    asked = [
        # champion's days, use case's days, use case's margin, what the champion agreed to, whether it gives way
        (91, 0.0, 0.9, AGREED, True),
        (89, 0.0, 0.9, AGREED, False),
        (91, 120.0, 0.1, AGREED, False),
        (91, 90.0, 0.1, None, False),
        (91, 90.0, 0.0001, AGREED, False),
        (91, 90.0, 0.9, RefreshTerms(RefreshRule(90, 0.0001), RULE), False),
    ]
    found = []
    for days, least, margin, agreed, _ in asked:
        old = aged(champion, days, agreed=agreed)
        found.append(against(old, Noisy(package.scorer), refreshing(held_out, least, margin)).promoted)
    assert found == [passes for *_, passes in asked]


def test_a_use_case_whose_economics_make_all_models_equal_refreshes_no_champion(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    told = msgspec.structs.replace(held_out.usecase, stated_profit=ProfitStatement(offer_cost=0.0, contact_cost=0.0))
    decision = against(aged(champion, 91), Worse(package.scorer), refreshing(replace(held_out, usecase=told)))
    assert not decision.promoted
    assert decision.verdict is not None
    (profit,) = [finding for finding in decision.verdict.findings if finding.rule_name == "profit"]
    assert not profit.passed
