"""Rollouts of canaries that behave as a test says, in process: counts are drawn, decisions are the command's own.

`python -m tests.delivery.simulated_rollouts 1000` prints what many of them come to.
"""

import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np

from churn_delivery.rollout.counts import Counts, Observed
from churn_delivery.rollout.judgement import Verdict, paths, verdict
from churn_delivery.rollout.rules import Rules

CALLS_A_MINUTE, MINUTES = 12_000, 60
BOUNDS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_SCORES = np.random.default_rng(0).beta(0.8, 2.0, 200_000)


@dataclass(frozen=True)
class Kind:
    """Chances of a call, and by how much churn probabilities are shifted."""

    failing: float = 0.002
    late: float = 0.001
    slow: float = 0.01
    shift: float = 0.0

    def counts(self, calls: np.ndarray, random: np.random.Generator) -> Counts:
        failed = random.binomial(calls, self.failing)
        late = random.binomial(calls - failed, self.late)
        answered = calls - failed - late
        within = (np.clip(_SCORES + self.shift, 0, 1)[:, None] <= np.array(BOUNDS)).mean(axis=0)
        shares = np.diff(within, prepend=0.0, append=1.0)
        customers = random.multinomial(answered, shares).cumsum(axis=1)[:, :-1]
        drawn = (answered, failed, late, random.binomial(answered, self.slow), failed + late, answered, customers)
        return Counts(*(each.astype(float) for each in drawn))


GOOD = Kind()
BAD = {
    "failing": Kind(failing=0.02),
    "too late": Kind(late=0.02),
    "slow": Kind(slow=0.06),
    "shifted": Kind(shift=0.15),
}


@dataclass(frozen=True)
class Ended:
    """How a rollout ended, at which step, after how many minutes, and which share of all calls met the canary."""

    how: Verdict
    step: int
    minutes: int
    met: float


def simulate(kind: Kind, random: np.random.Generator, rules: Rules) -> Ended:
    """One rollout, looked at every minute, under a load that swings."""
    former: list[Counts] = []
    minutes, met, all_calls = 0, 0.0, 0.0
    for step, percent in enumerate(rules.steps):
        load = CALLS_A_MINUTE * (1 + 0.5 * np.sin(np.arange(MINUTES) / 9 + random.uniform(0, 6)))
        canary = kind.counts(random.poisson(load * percent / 100), random)
        if percent < 100:
            primary = GOOD.counts(random.poisson(load * (1 - percent / 100)), random)
        else:
            primary = former[-1]
            for other in former[-2::-1]:
                primary = primary.then(other)
        blocks = min(len(primary.answered), MINUTES)
        found = paths(Observed(canary.first(blocks), primary.first(blocks)), rules)
        decided: Verdict = "undecided"
        for minute in range(1, MINUTES + 1):
            decided = verdict(found, min(minute, blocks), minute * 60.0, rules)
            if decided != "wait":
                break
        minutes += minute
        met += float(canary.calls[:minute].sum())
        all_calls += float(load[:minute].sum())
        if decided != "advance":
            return Ended(decided if decided != "wait" else "undecided", step, minutes, met / all_calls)
        former.append(primary.first(minute))
    return Ended("advance", step, minutes, met / all_calls)


def main(number: int) -> None:
    rules = Rules()
    kinds = {"good": GOOD, **BAD, "errors at the margin": Kind(failing=0.007), "errors beyond": Kind(failing=0.01)}
    for name, kind in kinds.items():
        random = np.random.default_rng(20)
        ended = [simulate(kind, random, rules) for _ in range(number)]
        ways = Counter((each.how, rules.steps[each.step]) for each in ended)
        median, met = np.median([each.minutes for each in ended]), np.mean([each.met for each in ended])
        print(f"{name}: {dict(ways)}, median {median:g} minutes, {met:.2%} of calls met it", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
