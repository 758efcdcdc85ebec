"""What a rollout that is under way should do next, by what gateways have counted. It knows neither git nor PromQL."""

from dataclasses import dataclass, replace
from datetime import datetime

from churn_delivery.rollout.counts import Counts, Gateways, Observed, Window
from churn_delivery.rollout.errors import ClockDiffers, NothingCounted
from churn_delivery.rollout.judgement import Judgement, judge
from churn_delivery.rollout.record import Rollout

_AHEAD_SECONDS = 60.0
_ALIKE = 1e-6
_ALL = 100.0


@dataclass(frozen=True)
class Watched:
    """`then`: what the rollout becomes, None while it has to wait; `said`: why, for people."""

    then: Rollout | None
    said: str
    judgement: Judgement | None = None


def watch(environment: str, rollout: Rollout, gateways: Gateways, now: datetime) -> Watched:
    """Look once.

    Raises:
        MetricsAway, NothingCounted, ClockDiffers: there is nothing to decide by.
    """
    elapsed = (now - rollout.since[-1]).total_seconds()
    if elapsed < -_AHEAD_SECONDS:
        raise ClockDiffers(
            f"{environment}: the step began at {rollout.since[-1]:%Y-%m-%d %H:%M:%S} by its commit, which is to come "
            "by our clock; nothing is decided until it has"
        )
    gateways.require_clock(now)
    title = f"{environment}: {rollout.model.title} {rollout.place}"
    if rollout.state == "arriving":
        return _arriving(title, rollout, gateways, elapsed)
    followed = _followed(title, rollout, gateways, elapsed)
    observed = _observed(rollout, gateways, max(elapsed, 0.0))
    found = judge(observed, elapsed, rollout.rules)
    if not observed.met and not followed:
        followed = "; gateways have not met its model yet"
        if elapsed >= rollout.rules.arrival:
            reason = f"gateways have not met its model for {rollout.rules.arrival}s; see why its pods do not start"
            found = replace(found, verdict="undecided", reason=reason)
    if found.verdict == "wait":
        return Watched(None, f"{title} waits: {found.reason}{followed}", found)
    if found.verdict in ("worse", "undecided"):
        ended = rollout.ended(found.verdict, found.reason)
        return Watched(ended, f"{title} is taken back, {found.verdict}: {found.reason}", found)
    if len(rollout.since) < len(rollout.rules.steps):
        further = rollout.stepped(now)
        return Watched(further, f"{title} goes on to {further.percent:g} %: {found.reason}", found)
    said = f"{title} becomes the primary's model: {found.reason}"
    return Watched(rollout.ended("arriving", ""), said, found)


def _arriving(title: str, rollout: Rollout, gateways: Gateways, elapsed: float) -> Watched:
    """The canary ends only when the primary answers with its model, so that the former answers nobody once more."""
    served = gateways.serves("primary")
    if served == {rollout.model.digest}:
        return Watched(rollout.ended("finished", ""), f"{title} ends: the primary serves its model")
    others = ", ".join(sorted(each[:19] for each in served)) or "no model"
    if elapsed > rollout.rules.longest:
        raise NothingCounted(f"{title}: the primary does not serve its model after all this time, but {others}")
    return Watched(None, f"{title} waits: the primary serves {others}")


def _followed(title: str, rollout: Rollout, gateways: Gateways, elapsed: float) -> str:
    """What of the commit is not deployed, for people; it has as long as a step may last.

    Raises:
        NothingCounted: it has not been for longer than that.
    """
    meant = rollout.shadow or rollout.percent
    least, most = gateways.shares(shadow=bool(rollout.shadow))
    others = gateways.serves("canary") - {rollout.model.digest, ""}
    parts = []
    if abs(least - meant) > _ALIKE or abs(most - meant) > _ALIKE:
        parts.append(f"gateways give it {least:g} to {most:g} %" + (" of copies" if rollout.shadow else ""))
    if others:
        parts.append(f"gateways see another model there ({', '.join(sorted(each[:19] for each in others))})")
    if parts and elapsed > rollout.rules.longest:
        raise NothingCounted(f"{title}: {' and '.join(parts)}; is the commit deployed?")
    return "".join(f"; {part}" for part in parts)


def _observed(rollout: Rollout, gateways: Gateways, elapsed: float) -> Observed:
    last = len(rollout.since) - 1
    present = _asked(rollout, gateways, last, elapsed)
    if rollout.percent < _ALL:
        return present
    # Nobody is left beside it: its customers are held against the primary's of the steps before, the last ones first.
    base: Counts | None = None
    for place in reversed(range(last)):
        seconds = (rollout.since[place + 1] - rollout.since[place]).total_seconds()
        former = _asked(rollout, gateways, place, seconds).primary
        base = former if base is None else base.then(former)
    if base is None:
        return present
    blocks = min(len(base.answered), present.blocks)
    return Observed(present.canary.first(blocks), base.first(blocks), met=present.met)


def _asked(rollout: Rollout, gateways: Gateways, place: int, seconds: float) -> Observed:
    rules = rollout.rules
    blocks = min(int(seconds // rules.block), rules.longest // rules.block)
    percent = rules.steps[place]
    shadow = 0.0 if percent else rules.shadow_percent
    window = Window(rollout.since[place].timestamp(), rules.block, blocks, percent, shadow)
    return gateways.observe(window, rollout.model.digest, rules.slow_seconds)
