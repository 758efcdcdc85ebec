"""How strongly counts of a candidate and of a baseline speak for or against it, at any time one cares to look.

An e-process is a bet that nobody can be expected to gain by while a hypothesis holds: that it ever grows beyond 1/a
has a chance of at most a (Ville's inequality), however often and for whatever reason one looks. So looking every
minute, being killed and looking twice cost nothing.

Blocks of counts arrive one after the other, in each so many failures of the candidate and of the baseline. For a
hypothesis about two chances that is a half-plane (their difference is at most, or at least, a margin), the bet on a
block is the likelihood of what was expected of it over that of the point of the half-plane nearest to that in
Kullback-Leibler divergence, each weighted by the block's own numbers (Turner, Ly and Grünwald 2024, "Generic
E-variables for exact sequential k-sample tests that allow for optional stopping"; for margins Turner and Grünwald 2023,
"Exact anytime-valid confidence intervals for contingency tables and beyond"). Its expectation is at most 1: it factors
into (1+x)^n (1+y)^m with x and y linear in the chances, n x + m y is at most 0 all over the half-plane because the
point is nearest, and by the inequality of means the product is at most (1 + (n x + m y)/(n + m))^(n + m). What was
expected is learnt from the blocks before alone, in several ways that share the stake (Waudby-Smith and Ramdas 2023,
"Estimating means of bounded random variables by betting"). Since a likelihood is convex in an observation, shares
between 0 and 1 may stand for ones and zeros.

Within a block chances are taken to be constant and observations independent; from block to block chances may change
as they like. It must not know what is counted.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_TIMES_THE_MARGIN = (1.5, 3.0, 10.0, 40.0)
_HALVINGS = 45
_LEAST = 1e-9


class Pairs(NamedTuple):
    """Counts by block, each of shape (blocks,) or (blocks, kinds): `events` among `trials`, of candidate and
    baseline."""

    events: Array
    trials: Array
    base_events: Array
    base_trials: Array

    def mirrored(self) -> "Pairs":
        """The same with what did not happen counted."""
        return Pairs(self.trials - self.events, self.trials, self.base_trials - self.base_events, self.base_trials)


def worse(pairs: Pairs, margin: float) -> Array:
    """After each block the logarithm of the e-process against "the candidate's chance is at most `margin` above the
    baseline's", in the shape of the counts."""
    candidate, base = _expected(pairs)
    least, most = base + margin, 1.0 - _LEAST
    above = [np.where(candidate > least, candidate, base + _TIMES_THE_MARGIN[0] * margin)]
    above += [base + times * margin for times in _TIMES_THE_MARGIN]
    guesses = [np.where(guess < most, guess, (least + 1.0) / 2) for guess in above]
    return _log_capital(pairs, base, [np.where(least < most, guess, np.nan) for guess in guesses], margin)


def no_worse(pairs: Pairs, margin: float) -> Array:
    """After each block the logarithm of the e-process against "the candidate's chance is at least `margin` above the
    baseline's"."""
    candidate, base = _expected(pairs)
    below = np.where(candidate < base + margin, candidate, base)
    return _log_capital(pairs, base, [base, below, base + margin / 2], margin)


def _expected(pairs: Pairs) -> tuple[Array, Array]:
    """What the blocks before each make one expect of it (Krichevsky and Trofimov's estimate)."""
    return _before(pairs.events, pairs.trials), _before(pairs.base_events, pairs.base_trials)


def _before(events: Array, trials: Array) -> Array:
    happened, tried = np.cumsum(events, axis=0) - events, np.cumsum(trials, axis=0) - trials
    return np.asarray((happened + 0.5) / (tried + 1.0))


def _log_capital(pairs: Pairs, base: Array, guesses: Sequence[Array], margin: float) -> Array:
    # Nothing is staked before both were seen: the first block only teaches.
    known = [np.cumsum(trials, axis=0) > trials for trials in (pairs.trials, pairs.base_trials)]
    both = known[0] & known[1] & (pairs.trials > 0) & (pairs.base_trials > 0)
    gains = [np.where(both & (guess < 1.0), _log_bet(pairs, base, guess, margin), 0.0) for guess in guesses]
    return np.asarray(np.logaddexp.reduce([np.cumsum(gain, axis=0) for gain in gains], axis=0) - np.log(len(gains)))


def _log_bet(pairs: Pairs, base: Array, candidate: Array, margin: float) -> Array:
    """The logarithm of the likelihood of (candidate, base) over that of the nearest point of the border."""
    candidate = np.where(candidate < 1.0, candidate, 0.5)  # of which nothing is staked
    nearest = _nearest(pairs, base, candidate, margin)
    return _log_ratio(pairs.base_events, pairs.base_trials, base, nearest) + _log_ratio(
        pairs.events, pairs.trials, candidate, nearest + margin
    )


def _nearest(pairs: Pairs, base: Array, candidate: Array, margin: float) -> Array:
    """Of the points (t, t + margin) the t nearest to (base, candidate); the divergence is convex in t."""
    low, high = np.full_like(base, _LEAST), np.full_like(base, 1.0 - margin - _LEAST)
    for _ in range(_HALVINGS):
        t = (low + high) / 2
        u = t + margin
        slope = pairs.base_trials * (t - base) / (t * (1 - t)) + pairs.trials * (u - candidate) / (u * (1 - u))
        low, high = np.where(slope < 0, t, low), np.where(slope < 0, high, t)
    return (low + high) / 2


def _log_ratio(events: Array, trials: Array, chance: Array, other: Array) -> Array:
    return np.asarray(events * np.log(chance / other) + (trials - events) * np.log((1 - chance) / (1 - other)))
