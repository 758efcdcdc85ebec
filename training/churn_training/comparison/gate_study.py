"""How often the gate promotes what it should not, and what it should: contests of simulated models, by its own rules.

It must not know training or registries.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy

from churn_data.progress import Reporter
from churn_model.usecase import ProfitRule
from churn_training.comparison.gate import judge
from churn_training.comparison.gate_worlds import OWN, World, earns_less_by, less_by, world, worse_by
from churn_training.comparison.lead_rules import (
    base_rate_finding,
    gain_findings,
    knowledge_lead,
    leads_of,
    trivial_level,
)
from churn_training.comparison.verdict import JudgedModel, Terms

MONTHS = (1, 2, 5, 12, 50, 200)
"""Numbers of a contest at which a better model's chances are told."""
MARGINS = (0.02, 0.05)
UNPAID = (0.0, 0.02)
"""Shares by which challengers that know more all the same earn less."""
SIZE = (1000, 5000)
"""Customers held out at the first and at the last contest."""
HARMS = ("brier", "ece", "groups")
"""Rules about harm that simulated models can break; all of them answer equally fast."""
POINTS = 1.5
"""Hundredths of ROC AUC by which a better model is better."""


@dataclass(frozen=True)
class Kind:
    """Challengers of one kind: their own error, that above the edge where they are `lopsided`, and the margin of a
    champion that is old all the time (None: it never is)."""

    error: float = OWN
    lopsided: bool = False
    refresh: float | None = None

    def of(self, found: World) -> numpy.ndarray:
        """One more of them, as it answers the customers of a world."""
        return found.lopsided(self.error) if self.lopsided else found.model(self.error)


EQUAL = Kind()


@dataclass(frozen=True)
class Plan:
    """How many sequences of equal challengers and of each other kind, how many challengers in each, how many single
    better ones, and in how many processes."""

    worlds: int
    other_worlds: int
    challengers: int
    better_worlds: int
    workers: int

    @property
    def steps(self) -> int:
        """How often progress is told."""
        return self.worlds + self.other_worlds * (len(MARGINS) + len(UNPAID)) + 2 * self.better_worlds


def study(plan: Plan, rule: ProfitRule, reporter: Reporter) -> dict[str, Any]:
    """What share of worlds promotes wrongly, and how often what should be promoted is.

    Args:
        plan: how much of it.
        rule: economics.
        reporter: told what goes on.
    """
    document: dict[str, Any] = {"customers_held_out": SIZE, "challengers": plan.challengers}
    with ProcessPoolExecutor(plan.workers) as pool:
        document["equal_challengers"] = _sequences(plan.worlds, plan.challengers, rule, EQUAL, pool, reporter)
        for name, kind in _other_kinds(rule).items() if plan.other_worlds else ():
            document[name] = _sequences(plan.other_worlds, plan.challengers, rule, kind, pool, reporter)
        if plan.better_worlds:
            document["better_by_auc_points"] = {"points": POINTS} | _better(plan, rule, pool, reporter)
            document["equal_model_refreshes_an_old_champion"] = _refreshed(plan, rule, pool, reporter)
    return document


def _other_kinds(rule: ProfitRule) -> dict[str, Kind]:
    """By name more challengers of which none should be promoted."""
    kinds = {}
    for margin in MARGINS:
        name = f"always_old_champion_challengers_less_by_{margin:.0%}"
        kinds[name] = Kind(less_by(margin, rule), refresh=margin)
    for margin in UNPAID:
        name = f"challengers_that_know_more_and_earn_less_by_{margin:.0%}"
        kinds[name] = Kind(earns_less_by(margin, rule), lopsided=True)
    return kinds


def _sequences(
    worlds: int, challengers: int, rule: ProfitRule, kind: Kind, pool: Executor, reporter: Reporter
) -> dict[str, Any]:
    reporter.now("challengers that are no better, one after the other")
    run = partial(wrongful, challengers=challengers, rule=rule, size=SIZE, kind=kind)
    counts = []
    for count in pool.map(run, range(worlds)):
        counts.append(count)
        reporter.advance()
    return {
        "worlds": worlds,
        "worlds_with_a_wrongful_promotion": sum(count > 0 for count in counts),
        "promotions": sum(counts),
        "contests": worlds * challengers,
    }


def _better(plan: Plan, rule: ProfitRule, pool: Executor, reporter: Reporter) -> dict[str, Any]:
    """The challenger is as good as all others are, the champion so much worse."""
    reporter.now(f"a better model in contests {MONTHS}")
    terms = {f"contest {number}": Terms(number) for number in MONTHS}
    return _shares(plan, rule, (worse_by(POINTS), OWN), terms, pool, reporter)


def _refreshed(plan: Plan, rule: ProfitRule, pool: Executor, reporter: Reporter) -> dict[str, Any]:
    reporter.now("an equal model for an old champion")
    terms = {f"margin {margin:.0%}, contest 2": Terms(2, margin) for margin in MARGINS}
    return _shares(plan, rule, (OWN, OWN), terms, pool, reporter)


def _shares(
    plan: Plan,
    rule: ProfitRule,
    errors: tuple[float, float],
    terms: Mapping[str, Terms],
    pool: Executor,
    reporter: Reporter,
) -> dict[str, Any]:
    """In what share of worlds the challenger is promoted, and passes the rules about gain, by name of the terms, and
    is turned down by each rule about harm."""
    run = partial(promoted, customers=SIZE[1], rule=rule, errors=errors, terms=list(terms.values()))
    found = []
    for outcome in pool.map(run, range(plan.better_worlds)):
        found.append(outcome)
        reporter.advance()
    shares = numpy.mean(found, axis=0).tolist()
    gains, all_rules, harms = shares[: len(terms)], shares[len(terms) : -len(HARMS)], shares[-len(HARMS) :]
    return {
        "worlds": plan.better_worlds,
        **dict(zip(terms, all_rules, strict=True)),
        "rules_about_gain": dict(zip(terms, gains, strict=True)),
        "turned_down_by": dict(zip(HARMS, harms, strict=True)),
    }


def passes(
    found: World, rows: slice, rule: ProfitRule, champion: numpy.ndarray, challenger: numpy.ndarray, terms: Terms
) -> bool:
    """Whether a challenger passes all rules of the gate on some of the customers."""
    return all(passes_each(found, rows, rule, (champion, challenger), (terms,)))


def passes_each(
    found: World, rows: slice, rule: ProfitRule, models: tuple[numpy.ndarray, numpy.ndarray], terms: Sequence[Terms]
) -> list[bool]:
    """For each of some terms whether a challenger, the second of the models, passes all rules of the gate.

    The rules about harm are asked once, and only where those about gain are passed under some terms, since resampling
    takes seconds; a verdict is the same, for all must be passed, and terms are about gain alone.
    """
    old, new = (JudgedModel(model[rows], 0.5) for model in models)
    gains = _gains(found.churned[rows], rule, old, new, terms)
    harmless = any(gains) and not _harms(found, rows, rule, old, new)
    return [gained and harmless for gained in gains]


def _harms(found: World, rows: slice, rule: ProfitRule, old: JudgedModel, new: JudgedModel) -> set[str]:
    """The rules about harm that the second model does not pass."""
    groups = {name: values[rows] for name, values in found.groups.items()}
    verdict = judge(found.churned[rows], groups, rule, old, new, seed=0)
    return {finding.rule_name for finding in verdict.findings if not finding.passed} & {*HARMS}


def _gains(
    churned: numpy.ndarray, rule: ProfitRule, old: JudgedModel, new: JudgedModel, terms: Sequence[Terms]
) -> list[bool]:
    chance = knowledge_lead(churned, old, new).chance()
    if all(each.refresh is None and chance > each.level for each in terms):
        return [False] * len(terms)
    leads, rate = leads_of(churned, rule, old, new), float(churned.mean())
    return [
        all(found.passed for found in gain_findings(churned, rule, old, leads, each))
        and base_rate_finding(churned, new.probabilities, rate, trivial_level(each, first=False)).passed
        for each in terms
    ]


def wrongful(seed: int, challengers: int, rule: ProfitRule, size: tuple[int, int], kind: Kind = EQUAL) -> int:
    """How many of so many challengers, one after the other, are promoted though none is better, on a holdout that grows
    from the one size to the other.

    Args:
        seed: of the world.
        challengers: how many there are.
        rule: economics.
        size: customers held out at the first and at the last contest.
        kind: of every challenger. The champion's error is `OWN`, and so is that of whoever takes its place.
    """
    found = world(seed, size[1])
    champion, promoted, number = found.model(), 0, 0
    for customers in numpy.linspace(*size, challengers).astype(int):
        challenger, number = kind.of(found), number + 1
        if passes(found, slice(0, customers), rule, champion, challenger, Terms(number, kind.refresh)):
            promoted, number = promoted + 1, 0
            champion = challenger if kind == EQUAL else found.model()
    return promoted


def promoted(
    seed: int, customers: int, rule: ProfitRule, errors: tuple[float, float], terms: Sequence[Terms]
) -> list[bool]:
    """For each of some terms whether a challenger passes the rules about gain in one world, then for each whether it
    passes all rules, then for each of `HARMS` whether it is turned down by that one; `errors` are the champion's own
    and its own."""
    found, everybody = world(1_000_000 + seed, customers), slice(0, customers)
    old, new = (JudgedModel(found.model(error), 0.5) for error in errors)
    gains, harms = _gains(found.churned, rule, old, new, terms), _harms(found, everybody, rule, old, new)
    return [*gains, *(gained and not harms for gained in gains), *(name in harms for name in HARMS)]
