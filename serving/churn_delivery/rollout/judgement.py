"""Whether a step of a rollout has shown enough: to go on, to take the canary back, or to wait.

Both errors hold for the whole rollout, not for a look or a step. Taken back: the bets of all measures share one stake,
and each step has its share of the error. Gone on: every measure has to be shown for itself, so that one that is worse
has to get past its own bet at every step. It must not know where counts come from, nor git.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from churn_delivery.rollout.counts import MEASURES, SHADOW_MEASURES, Observed, pairs
from churn_delivery.rollout.differences import Compared, evidence, together
from churn_delivery.rollout.evidence import Array, no_worse, worse
from churn_delivery.rollout.rules import Rules

Verdict = Literal["wait", "advance", "worse", "undecided"]


@dataclass(frozen=True)
class Measured:
    """A measure after the last block: shares of canary and primary, of `scores` the two shares at the bound where they
    differ most; of `difference` and `shift` the mean, and 0; logarithms of the evidence against "no worse" and against
    "worse"."""

    name: str
    canary: float
    primary: float
    worse: float
    no_worse: float


@dataclass(frozen=True)
class Judgement:
    """`reason`: why, for people; `calls` of the canary in `blocks` compared blocks; `compared`: how the two models
    differ, where copies were scored by both."""

    verdict: Verdict
    reason: str
    calls: int
    blocks: int
    measures: tuple[Measured, ...]
    compared: Compared | None = None


@dataclass(frozen=True)
class Paths:
    """Of the measures that are looked at, the evidence after each block; `stake`: that of all against "no worse"."""

    worse: dict[str, Array]
    no_worse: dict[str, Array]
    stake: Array
    calls: Array


def paths(observed: Observed, rules: Rules) -> Paths:
    """The evidence as it grew."""
    against: dict[str, Array] = {}
    towards: dict[str, Array] = {}
    differences = observed.differences
    for name in MEASURES if differences is None else SHADOW_MEASURES:
        margin = rules.margins[name]
        if margin >= 1:
            continue
        if differences is not None and name in ("difference", "shift"):
            against[name], towards[name] = evidence(name, differences, margin)
            continue
        counted = pairs(name, observed.canary, observed.primary)
        if name != "scores":
            against[name], towards[name] = worse(counted, margin), no_worse(counted, margin)
            continue
        # Both directions at every bound: no distribution may move either way.
        ways = [counted, counted.mirrored()]
        both = np.concatenate([worse(way, margin) for way in ways], axis=1)
        against[name] = np.logaddexp.reduce(both, axis=1) - np.log(both.shape[1])
        towards[name] = np.concatenate([no_worse(way, margin) for way in ways], axis=1).min(axis=1)
    calls = np.cumsum(observed.canary.calls)
    stake = np.logaddexp.reduce(list(against.values()), axis=0) - np.log(len(against)) if against else calls * 0.0
    return Paths(against, towards, np.asarray(stake), calls)


def verdict(found: Paths, block: int, elapsed: float, rules: Rules) -> Verdict:
    """What follows once `block` blocks were compared and a step has lasted so many seconds."""
    steps = len(rules.steps)
    if block and found.stake[:block].max() >= np.log(steps / rules.cut_error):
        return "worse"
    enough = block and elapsed >= rules.shortest and found.calls[block - 1] >= rules.sample
    needed = np.log(steps / rules.advance_error)
    if enough and all(path[block - 1] >= needed for path in found.no_worse.values()):
        return "advance"
    return "undecided" if elapsed >= rules.longest else "wait"


def judge(observed: Observed, elapsed: float, rules: Rules) -> Judgement:
    """Judge what was counted since a step began, `elapsed` seconds ago."""
    found = paths(observed, rules)
    decided = verdict(found, observed.blocks, elapsed, rules)
    measures = tuple(
        Measured(name, *_shares(name, observed), float(path.max(initial=0.0)), float(_last(found.no_worse[name])))
        for name, path in found.worse.items()
    )
    calls = int(_last(found.calls))
    reason = _reason(decided, measures, elapsed, calls, rules)
    compared = None if observed.differences is None else together(observed.differences)
    return Judgement(decided, reason, calls, observed.blocks, measures, compared)


def _reason(decided: Verdict, measures: tuple[Measured, ...], elapsed: float, calls: int, rules: Rules) -> str:
    needed = float(np.log(len(rules.steps) / rules.advance_error))
    if decided == "worse":
        return worded(max(measures, key=lambda each: each.worse), rules)
    if decided == "advance":
        return f"no measure is worse by its margin, by {calls} calls"
    lacking = [each.name for each in measures if each.no_worse < needed]
    parts = [f"{', '.join(lacking)} not shown to be no worse yet"] if lacking else []
    if calls < rules.sample:
        parts.append(f"{calls} calls of the canary where {rules.sample} are needed")
    if elapsed < rules.shortest:
        parts.append(f"{int(elapsed)}s of at least {rules.shortest}s are over")
    if decided == "undecided":
        parts.append(f"a step may last {rules.longest}s")
    return "; ".join(parts)


def worded(measured: Measured, rules: Rules) -> str:
    """A measure that is worse, with its numbers."""
    margin = rules.margins[measured.name]
    if measured.name == "scores":
        return (
            f"scores: {measured.canary:.1%} of customers below a bound where the primary has {measured.primary:.1%}, "
            f"and {margin:.1%} may differ"
        )
    if measured.name in ("difference", "shift"):
        return f"{measured.name}: {measured.canary:.4f} on average between the two models, and {margin:.4f} may be"
    than = f"where the primary has {measured.primary:.2%}, and {margin:.2%} may be more"
    return f"{measured.name}: {measured.canary:.2%} {than}"


def _shares(name: str, observed: Observed) -> tuple[float, float]:
    if observed.differences is not None and name in ("difference", "shift"):
        return float(getattr(together(observed.differences), name)), 0.0
    counted = pairs(name, observed.canary, observed.primary)
    events, trials, base_events, base_trials = (part.sum(axis=0) for part in counted)
    canary, primary = events / np.maximum(trials, 1e-12), base_events / np.maximum(base_trials, 1e-12)
    if name == "scores":
        most = int(np.abs(canary - primary).argmax())
        return float(canary[most]), float(primary[most])
    return float(canary), float(primary)


def _last(path: Array) -> float:
    return float(path[-1]) if len(path) else 0.0
