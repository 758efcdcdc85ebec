"""That the errors of a rollout are what it says they are: exactly for a block, by simulation for whole rollouts."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from churn_delivery.rollout.evidence import Pairs, no_worse, worse
from churn_delivery.rollout.judgement import Verdict
from churn_delivery.rollout.rules import Rules
from tests.delivery.simulated_rollouts import BAD, GOOD, simulate

NUMBER = 20


@pytest.mark.parametrize("margin", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("before", [(0, 20, 0, 30), (9, 20, 2, 30), (1, 4, 28, 30)])
@pytest.mark.parametrize("trials", [(3, 5), (6, 1), (1, 12)])
def test_nobody_gains_by_a_bet_on_what_does_not_hold(
    margin: float, before: tuple[int, int, int, int], trials: tuple[int, int]
) -> None:
    """The expectation over everything that a block can bring, at chances all over both hypotheses."""
    mine, others = trials
    events = np.array(list(product(range(mine + 1), range(others + 1))), dtype=float)
    kinds = len(events)

    def column(first: int, second: np.ndarray | int) -> np.ndarray:
        return np.stack([np.full(kinds, float(first)), np.broadcast_to(np.asarray(second, dtype=float), kinds)])

    pairs = Pairs(
        column(before[0], events[:, 0]),
        column(before[1], mine),
        column(before[2], events[:, 1]),
        column(before[3], others),
    )
    against, towards = np.exp(worse(pairs, margin)[-1]), np.exp(no_worse(pairs, margin)[-1])
    possible = (before[2] + 0.5) / (before[3] + 1) + margin < 1
    assert np.allclose(against, 1.0) != possible
    assert not np.allclose(towards, 1.0)
    for base in np.linspace(0.0, 1.0, 21):
        for canary in [*np.linspace(0.0, 1.0, 21), min(1.0, base + margin)]:
            chance = binom.pmf(events[:, 0], mine, canary) * binom.pmf(events[:, 1], others, base)
            if canary <= base + margin + 1e-12:
                assert (chance * against).sum() <= 1 + 1e-6, (base, canary)
            if canary >= base + margin - 1e-12:
                assert (chance * towards).sum() <= 1 + 1e-6, (base, canary)


def test_what_comes_is_not_used_for_what_was() -> None:
    """The evidence after a block is the same whatever comes later, so that looking again changes nothing."""
    random = np.random.default_rng(3)
    trials = random.integers(1, 50, (2, 30)).astype(float)
    events = random.binomial(trials.astype(int), 0.2).astype(float)
    whole = Pairs(events[0], trials[0], events[1], trials[1])
    part = Pairs(*(each[:17] for each in whole))
    for bet in (worse, no_worse):
        np.testing.assert_allclose(bet(whole, 0.05)[:17], bet(part, 0.05))


def test_blocks_without_the_one_or_the_other_say_nothing() -> None:
    nothing, some = np.zeros(5), np.full(5, 7.0)
    for pairs in (Pairs(nothing, nothing, nothing, some), Pairs(some, some, nothing, nothing)):
        for bet in (worse, no_worse):
            np.testing.assert_allclose(bet(pairs, 0.05), nothing, atol=1e-12)


def test_good_canaries_reach_everybody_and_bad_ones_do_not() -> None:
    random, rules = np.random.default_rng(20), Rules()
    ways: dict[str, list[Verdict]] = {}
    met: dict[str, float] = {}
    for name, kind in {"good": GOOD, **BAD}.items():
        ended = [simulate(kind, random, rules) for _ in range(NUMBER)]
        ways[name] = [each.how for each in ended]
        met[name] = float(np.mean([each.met for each in ended]))
    # Each bound is what chance exceeds once in a thousand where the stated error holds.
    allowed = int(binom.ppf(0.999, NUMBER, rules.cut_error))
    assert ways["good"].count("worse") <= allowed
    assert ways["good"].count("advance") >= NUMBER * 0.9
    for name in BAD:
        assert ways[name].count("advance") <= int(binom.ppf(0.999, NUMBER, rules.advance_error)), name
        assert ways[name].count("worse") >= NUMBER * 0.9, name
        assert met[name] < 0.02, name
