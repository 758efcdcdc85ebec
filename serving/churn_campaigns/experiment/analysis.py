"""What an experiment has shown so far: from counts by arm to effects, intervals and checks.

Intent to treat: an arm is who was assigned to it. Every other arm is held against control; p-values are corrected by
Holm (1979), intervals by Bonferroni, so that all of them hold together. It must not know files or how to put things in
words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.experiment.balance import ALARM, ATTRITION_ALARM, attrition_p_value, sample_ratio_p_value
from churn_campaigns.experiment.boundaries import boundaries, repeated_p_value
from churn_campaigns.experiment.comparison import Interval, Outcomes, absolute_interval, relative_interval, score


@dataclass(frozen=True)
class Arm:
    """Counts of an arm: customers assigned, those contacted (None: not known), those whose outcome is known, and those
    of them who left."""

    name: str
    assigned: int
    treated: int | None
    known: int
    churned: int

    @property
    def missing(self) -> int:
        """Customers whose outcome is not known."""
        return self.assigned - self.known

    @property
    def outcomes(self) -> Outcomes:
        """What a comparison needs."""
        return Outcomes(self.churned, self.known)

    def to_json(self) -> dict[str, Any]:
        """The counts and the churn among known outcomes."""
        return {**asdict(self), "missing": self.missing, "churn": self.outcomes.churn}


@dataclass(frozen=True)
class Looking:
    """How often somebody looks: the share of the planned information at each look so far (the last is this one), out of
    `looks` in all."""

    information: tuple[float, ...] = (1.0,)
    looks: int = 1

    @property
    def look(self) -> int:
        """Which look this is, 1 the first."""
        return len(self.information)

    @property
    def is_last(self) -> bool:
        """Whether no look comes after this one."""
        return self.look >= self.looks


@dataclass(frozen=True)
class Effect:
    """An arm held against control. Reductions are positive where the arm churns less: `absolute` churn(control) less
    churn(arm), `relative` that by churn(control) (None: nobody left there). `p_value` is the repeated p-value of this
    look, `adjusted_p_value` the same after Holm. `shown`: whether that is at most alpha and the experiment's own checks
    let it be declared. `if_missing` is how small and how large `absolute` could be, whatever the missing outcomes are
    (None: none is missing)."""

    arm: str
    absolute: float
    absolute_interval: Interval
    relative: float | None
    relative_interval: Interval | None
    score: float
    p_value: float
    adjusted_p_value: float
    shown: bool
    if_missing: Interval | None


@dataclass(frozen=True)
class Check:
    """One check of the experiment itself: p-value of "all is as planned" (None: could not be made) and whether it
    raises the alarm."""

    p_value: float | None
    alarm: bool


@dataclass(frozen=True)
class Read:
    """What an experiment has shown. `level` is the confidence (0 to 1) with which all absolute intervals hold together,
    and all relative ones; `boundary` the score that one arm alone must reach at this look."""

    arms: tuple[Arm, ...]
    effects: tuple[Effect, ...]
    alpha: float
    level: float
    boundary: float
    looking: Looking
    sample_ratio: Check
    attrition: Check
    treated_controls: int = 0
    unassigned: int = 0
    simulated: bool = False
    verdicts: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The result as JSON knows it."""
        document = asdict(self)
        document["arms"] = [arm.to_json() for arm in self.arms]
        document["looking"] |= {"look": self.looking.look, "is_last": self.looking.is_last}
        return document


def read_counts(
    arms: Sequence[Arm], shares: Mapping[str, float] | None = None, alpha: float = 0.05, looking: Looking | None = None
) -> Read:
    """Hold every arm against control.

    Args:
        arms: control and at least one other, each with at least one known outcome.
        shares: arm to planned share (None: not known, so the sizes cannot be checked).
        alpha: probability of showing any effect where there is none, over all arms and looks.
        looking: which look this is (None: the only one).

    Raises:
        ValueError: an arm has no known outcome, or the information does not rise.
    """
    looking = looking or Looking()
    if any(arm.known < 1 for arm in arms):
        raise ValueError("every arm needs a known outcome")
    control = next(arm for arm in arms if arm.name == CONTROL)
    others = [arm for arm in arms if arm.name != CONTROL]
    found = [score(control.outcomes, arm.outcomes) for arm in others]
    p_values = [repeated_p_value(value, looking.information) for value in found]
    adjusted = holm(p_values)
    joint = boundaries(looking.information, alpha / len(others))[-1]
    attrition = attrition_p_value([arm.assigned for arm in arms], [arm.known for arm in arms])
    checks = _sample_ratio(arms, shares), Check(attrition, attrition < ATTRITION_ALARM)
    return Read(
        arms=(control, *others),
        effects=tuple(
            _believed(_effect(control, arm, joint, value, (p_value, corrected), alpha), (control, arm), checks, joint)
            for arm, value, p_value, corrected in zip(others, found, p_values, adjusted, strict=True)
        ),
        alpha=alpha,
        level=1.0 - alpha,
        boundary=boundaries(looking.information, alpha)[-1],
        looking=looking,
        sample_ratio=checks[0],
        attrition=checks[1],
        treated_controls=control.treated or 0,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for there being several, in the same order (Holm 1979, Scandinavian Journal of Statistics 6).
    statsmodels has the same, but empties the garbage collector on every call, which takes longer than all else here."""
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


def _effect(
    control: Arm, arm: Arm, boundary: float, value: float, p_values: tuple[float, float], alpha: float
) -> Effect:
    base, own = control.outcomes, arm.outcomes
    absolute = base.churn - own.churn
    return Effect(
        arm=arm.name,
        absolute=absolute,
        absolute_interval=absolute_interval(base, own, boundary),
        relative=None if base.churned == 0 else absolute / base.churn,
        relative_interval=relative_interval(base, own, boundary),
        score=value,
        p_value=p_values[0],
        adjusted_p_value=p_values[1],
        shown=p_values[1] <= alpha,
        if_missing=_if_missing(control, arm),
    )


def _believed(effect: Effect, arms: tuple[Arm, Arm], checks: tuple[Check, Check], boundary: float) -> Effect:
    """Nothing is shown where customers were not dealt as planned, nor where uneven gaps could explain it: if those who
    are missing had done what speaks most against it."""
    sample_ratio, attrition = checks
    control, arm = arms if effect.score > 0.0 else reversed(arms)
    worst = score(Outcomes(control.churned, control.assigned), Outcomes(arm.churned + arm.missing, arm.assigned))
    explained = attrition.alarm and worst < boundary
    return replace(effect, shown=effect.shown and not sample_ratio.alarm and not explained)


def _if_missing(control: Arm, arm: Arm) -> Interval | None:
    """Bounds that assume nothing of the missing (Manski 1990): all of one arm left and none of the other, both ways."""
    if control.missing == arm.missing == 0:
        return None
    smallest = control.churned / control.assigned - (arm.churned + arm.missing) / arm.assigned
    largest = (control.churned + control.missing) / control.assigned - arm.churned / arm.assigned
    return smallest, largest


def _sample_ratio(arms: Sequence[Arm], shares: Mapping[str, float] | None) -> Check:
    if shares is None:
        return Check(None, alarm=False)
    p_value = sample_ratio_p_value({arm.name: arm.assigned for arm in arms}, shares)
    return Check(p_value, p_value < ALARM)
