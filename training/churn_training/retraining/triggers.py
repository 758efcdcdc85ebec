"""Which trigger asks for a training now, which one the last training has answered, and what a training waits for.

A sign is something that somebody saw at a moment. A training that began after that moment has had its customers before
it, so the sign asks for nothing any more, whatever became of the challenger: the same drift trains once and not in a
loop. It must not know where signs and trainings are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from churn_model.plurals import counted

Trigger = Literal["schedule", "drift", "labels", "profit"]
TRIGGERS: tuple[Trigger, ...] = ("schedule", "drift", "labels", "profit")
"""In the order in which they are told."""
State = Literal["fired", "trained", "quiet", "unknown", "off"]
"""`fired`: it asks for a training; `trained`: it did, and the last training has answered it; `quiet`: it sees nothing;
`unknown`: what it looks at is not there; `off`: nobody wants it."""
Outcome = Literal["train", "wait", "rest"]
"""`train`: a training is due; `wait`: it will be, or was, and something is in its way; `rest`: nothing asks for one."""
ABANDONED = timedelta(days=1)
"""A run that looks as if it were going on after so long was left open by somebody who was killed."""


@dataclass(frozen=True)
class Rules:
    """`every`: the longest time from one training to the next (None: no schedule); `cool_down`: the shortest, whatever
    asks for one; `labels`: customers of whom something new is known that ask for one (0: none do)."""

    every: timedelta | None = None
    cool_down: timedelta = timedelta(days=1)
    labels: int = 1000


class Training(NamedTuple):
    """The last training that made a version: its number, when it began, and the digest of its data (first hex digits;
    empty where nobody says)."""

    version: str
    began: datetime
    data: str = ""


class Attempt(NamedTuple):
    """The last training that was tried, whatever came of it; `going_on` where its run is open."""

    began: datetime
    going_on: bool = False


class History(NamedTuple):
    """What was trained so far; None: nothing."""

    training: Training | None = None
    attempt: Attempt | None = None


class Sign(NamedTuple):
    """Something that asks for a training, the moment at which it was seen, and what it is, as a clause."""

    seen: datetime
    words: str


@dataclass(frozen=True)
class Seen:
    """What triggers look at. `drift`: each column that has drifted; `labels`: customers of whom something became known
    after the last training; `profit`: that the model earns less than it promised, none where it does not. None:
    nobody knows, and `unknown` says why. `data` is the digest of what would be trained on, empty where that is not
    said."""

    drift: Sequence[Sign] | None = None
    labels: int | None = None
    profit: Sequence[Sign] | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)
    data: str = ""


class Finding(NamedTuple):
    """What a trigger has to say, in a clause."""

    trigger: Trigger
    state: State
    words: str


@dataclass(frozen=True)
class Decision:
    """Whether to train now, and `reason` in a sentence; `findings` of each trigger; `until`: not before then."""

    outcome: Outcome
    reason: str
    findings: tuple[Finding, ...]
    until: datetime | None = None

    @property
    def due(self) -> bool:
        """Whether a training is to begin now."""
        return self.outcome == "train"

    def to_json(self) -> dict[str, Any]:
        """The decision as plain data."""
        return {
            "due": self.due,
            "outcome": self.outcome,
            "reason": self.reason,
            "fired": [each.trigger for each in self.findings if each.state == "fired"],
            "triggers": {each.trigger: {"state": each.state, "why": each.words} for each in self.findings},
            "not_before": None if self.until is None else moment(self.until),
        }


def decide(now: datetime, rules: Rules, history: History, seen: Seen) -> Decision:
    """Decide whether to train now.

    Args:
        now: with its time zone, as all moments here.
        rules: what asks for a training, and how soon after the last one.
        history: what was trained so far.
        seen: what there is to see.
    """
    findings = (
        _schedule(now, rules, history.training),
        _signs("drift", seen.drift, seen, history.training),
        _labels(rules, seen),
        _signs("profit", seen.profit, seen, history.training),
    )
    fired = [each for each in findings if each.state == "fired"]
    first = history.training is None
    if not fired and not first:
        return Decision("rest", _nothing(findings), findings)
    asked = "there is no version yet" if first else "; ".join(f"{each.trigger}: {each.words}" for each in fired)
    problem, until = _in_the_way(now, rules, history, seen)
    if problem:
        return Decision("wait", f"{problem}; asked for by {asked}" if fired else problem, findings, until)
    return Decision("train", asked, findings)


def moment(when: datetime) -> str:
    """A moment as people and programs read it."""
    return when.astimezone(UTC).isoformat(timespec="seconds")


def _schedule(now: datetime, rules: Rules, last: Training | None) -> Finding:
    if rules.every is None:
        return Finding("schedule", "off", "no longest time between two trainings is given")
    if last is None:
        return Finding("schedule", "fired", "nothing was trained so far")
    due = last.began + rules.every
    if now >= due:
        return Finding("schedule", "fired", f"{_version(last)} is older than {_days(rules.every)}")
    return Finding("schedule", "quiet", f"{_version(last)} is due on {moment(due)}")


def _labels(rules: Rules, seen: Seen) -> Finding:
    if not rules.labels:
        return Finding("labels", "off", "no number of new labels is given")
    if seen.labels is None:
        return Finding("labels", "unknown", seen.unknown.get("labels", "nobody counts labels"))
    words = f"of {seen.labels:,} customers something became known since the last training"
    if seen.labels >= rules.labels:
        return Finding("labels", "fired", words)
    return Finding("labels", "quiet", f"{words}, fewer than {rules.labels:,}")


def _signs(trigger: Trigger, signs: Sequence[Sign] | None, seen: Seen, last: Training | None) -> Finding:
    if signs is None:
        return Finding(trigger, "unknown", seen.unknown.get(trigger, "nobody looks"))
    if not signs:
        return Finding(trigger, "quiet", "nothing is seen")
    new = [each for each in signs if last is None or each.seen >= last.began]
    if new:
        return Finding(trigger, "fired", "; ".join(each.words for each in new))
    assert last is not None  # noqa: S101 - else every sign is new
    words = "; ".join(each.words for each in signs)
    return Finding(trigger, "trained", f"already trained on it: {_version(last)} came after it ({words})")


def _in_the_way(now: datetime, rules: Rules, history: History, seen: Seen) -> tuple[str, datetime | None]:
    """What stands in the way of a training that is asked for, and until when; empty if nothing does."""
    attempt, last = history.attempt, history.training
    if attempt is not None and attempt.going_on and now - attempt.began < ABANDONED:
        return f"a training is going on since {moment(attempt.began)}", None
    begun = [each.began for each in (attempt, last) if each is not None]
    until = max(begun) + rules.cool_down if begun else now
    if now < until:
        return f"cool-down: the last training began on {moment(max(begun))}, the next may on {moment(until)}", until
    if last is not None and seen.data and seen.data == last.data:
        return f"already trained on it: the data are those of {_version(last)}, byte for byte", None
    return "", None


def _nothing(findings: Sequence[Finding]) -> str:
    trained = [f"{each.trigger}: {each.words}" for each in findings if each.state == "trained"]
    unknown = [f"{each.trigger} is unknown ({each.words})" for each in findings if each.state == "unknown"]
    return "; ".join(["nothing asks for a training", *trained, *unknown])


def _version(training: Training) -> str:
    return f"version {training.version} ({moment(training.began)})"


def _days(time: timedelta) -> str:
    return counted(time / timedelta(days=1), "day")
