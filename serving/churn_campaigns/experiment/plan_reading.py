"""What a plan has brought so far: plan, outcomes and ledger in, effects in churn and in money out.

The plan as a whole is tested first, at the level that its ledger has left; planned actions are told apart only after
that has shown something, corrected for their number (a fixed sequence, so all of it errs in alpha of all experiments).
It must not word anything or write files.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy
from scipy.special import ndtri

from churn_campaigns.experiment.analysis import Check
from churn_campaigns.experiment.balance import ALARM, ATTRITION_ALARM, attrition_p_value, sample_ratio_p_value
from churn_campaigns.experiment.boundaries import next_boundary, spent
from churn_campaigns.experiment.comparison import Interval, nominal_p
from churn_campaigns.experiment.ledger import Ledger, TakenLook
from churn_campaigns.experiment.plan_cohort import PlanCohort
from churn_campaigns.experiment.plan_outcomes import PlanOutcomes
from churn_campaigns.experiment.stratified import Difference, Strata
from churn_data.errors import DataError

_EARLY = 0.999  # the most information that a look before the end of the window counts as


@dataclass(frozen=True)
class PlanEffect:
    """The reduction of churn among those for whom an action was planned (control less treated, 0 to 1), or among all.

    `treated`, `control`: customers, outcome known or not. `churn`: of the control customers, adjusted to those treated.
    `score`: standard normal; `shown`: whether the interval leaves out zero and the effect may be declared.
    """

    action: str
    treated: int
    control: int
    absolute: float
    interval: Interval
    relative: float | None
    score: float
    p_value: float
    shown: bool


@dataclass(frozen=True)
class PlanMoney:
    """What the plan brought in money: `kept` by all who were treated, `cost` of treating them, `net`, each interval
    that of the look."""

    kept: float
    kept_interval: Interval
    cost: float
    net: float
    net_interval: Interval


@dataclass(frozen=True)
class PlanRead:
    """What a plan has shown. `look`: which this is; `boundary`: the score that the whole plan must reach; `alpha_spent`
    by all looks so far; `level`: of the intervals, over all looks. `known`, `planned`: customers with an outcome, and
    in all. `left_out`: planned actions with too few customers on one side."""

    plan: PlanEffect
    actions: tuple[PlanEffect, ...]
    money: PlanMoney
    look: int
    days: int
    final: bool
    boundary: float
    alpha_spent: float
    level: float
    planned: int
    known: int
    left_out: tuple[str, ...]
    sample_ratio: Check
    attrition: Check
    ignored: int
    unassigned: int

    def to_json(self) -> dict[str, Any]:
        """The result as JSON knows it."""
        return asdict(self)


def read_results(cohort: PlanCohort, outcomes: PlanOutcomes, ledger: Ledger, digest: str) -> tuple[PlanRead, TakenLook]:
    """What a plan has shown, and the look that goes into its ledger.

    Args:
        cohort: who was planned.
        outcomes: what became of them.
        ledger: what was promised, and the looks so far.
        digest: SHA-256 (hex) of the outcomes; the same outcomes are the same look.

    Raises:
        DataError: nobody can be compared, or there is nothing new since the last look.
    """
    results = _Results(cohort, outcomes)
    look = _look(ledger, outcomes, results.churned, cohort, digest)
    plan = results.whole(look.score)
    return PlanRead(
        plan=plan,
        actions=results.actions(look.score, may=plan.shown),
        money=results.money(look.score),
        look=ledger.number_of(digest),
        days=outcomes.days,
        final=outcomes.final,
        boundary=look.score,
        alpha_spent=look.spent,
        level=1.0 - ledger.alpha,
        planned=len(cohort.ids),
        known=int(outcomes.known.sum()),
        left_out=results.left_out,
        sample_ratio=_sample_ratio(cohort, results.treated),
        attrition=_attrition(results.treated, outcomes.known),
        ignored=outcomes.ignored,
        unassigned=outcomes.strangers,
    ), look


class _Results:
    """Plan and outcomes as arrays, compared within planned actions."""

    def __init__(self, cohort: PlanCohort, outcomes: PlanOutcomes) -> None:
        self._cohort, self._outcomes = cohort, outcomes
        self._names = sorted(set(cohort.planned))
        self._stratum = numpy.searchsorted(self._names, cohort.planned)
        self.treated, known = numpy.array(cohort.treated), outcomes.known
        planned = numpy.bincount(self._stratum[self.treated], minlength=len(self._names))
        self._strata = Strata(self._stratum[known], self.treated[known], planned)
        self.churned, self._score = outcomes.churned[known], numpy.array(cohort.score)[known]
        self._found = self._strata.differences(self.churned, self._score)
        if not self._found:
            raise DataError("outcomes", "no planned action has two known outcomes with it and two held out of it")

    @property
    def left_out(self) -> tuple[str, ...]:
        """Planned actions that cannot be compared."""
        return tuple(name for place, name in enumerate(self._names) if place not in self._found)

    def whole(self, boundary: float) -> PlanEffect:
        """The effect of the plan on all who can be compared."""
        return _effect("all", self._together(self._found), boundary, self._compared, self.treated, self._outcomes)

    def actions(self, boundary: float, *, may: bool) -> tuple[PlanEffect, ...]:
        """The effect of each planned action, at a level that holds for all of them together."""
        joint = float(-ndtri(nominal_p(boundary) / 2.0 / len(self._found)))
        return tuple(
            _effect(self._names[place], each, joint, self._stratum == place, self.treated, self._outcomes, may=may)
            for place, each in self._found.items()
        )

    def money(self, boundary: float) -> PlanMoney:
        """What the plan brought."""
        value = numpy.array(self._cohort.value)[self._outcomes.known]
        per_treated = self._together(self._strata.differences(self.churned * value, self._score * value))
        inside = self.treated & self._compared
        cost = float(numpy.array(self._cohort.cost)[inside].sum())
        return _money(per_treated, boundary, int(inside.sum()), cost)

    @property
    def _compared(self) -> numpy.ndarray:
        return numpy.isin(self._stratum, list(self._found))

    def _together(self, found: dict[int, Difference]) -> Difference:
        together = self._strata.together(found)
        if together is None:
            raise DataError("outcomes", "nobody for whom something was planned was treated")
        return together


def _effect(
    action: str,
    found: Difference,
    boundary: float,
    inside: numpy.ndarray,
    treated: numpy.ndarray,
    outcomes: PlanOutcomes,
    *,
    may: bool = True,
) -> PlanEffect:
    rows = inside & outcomes.known
    churn = float(outcomes.churned[rows & treated].mean()) + found.mean
    return PlanEffect(
        action=action,
        treated=int((inside & treated).sum()),
        control=int((inside & ~treated).sum()),
        absolute=found.mean,
        interval=found.interval(boundary),
        relative=found.mean / churn if churn > 0.0 else None,
        score=found.score,
        p_value=nominal_p(found.score),
        shown=may and abs(found.score) >= boundary,
    )


def _money(per_treated: Difference, boundary: float, treated: int, cost: float) -> PlanMoney:
    low, high = (treated * bound for bound in per_treated.interval(boundary))
    kept = treated * per_treated.mean
    return PlanMoney(kept, (low, high), cost, kept - cost, (low - cost, high - cost))


def _look(ledger: Ledger, outcomes: PlanOutcomes, churned: numpy.ndarray, cohort: PlanCohort, digest: str) -> TakenLook:
    """The look at these outcomes: the one of the ledger if they were looked at before, else the next.

    Everybody's time starts on one day, so what a look knows is how many have left by then: cumulative churn has
    independent increments in the odds of having left. Before the window is over no more is spent than the share of it
    that has passed allows: where more leave than was expected, a first look would otherwise spend everything.
    """
    again = next((look for look in ledger.taken if look.outcomes == digest), None)
    if again is not None:
        return again
    share = float(churned.mean())
    if not 0.0 < share < 1.0:
        who = "nobody" if share == 0.0 else "everybody"
        raise DataError("outcomes", f"{who} left within {outcomes.days} days of the plan, which tells nothing yet")
    information = len(churned) * share / (1.0 - share)
    expected = float(numpy.mean(cohort.score))
    planned = len(cohort.ids) * expected / (1.0 - expected) if expected < 1.0 else information
    fraction = 1.0 if outcomes.final else _fraction(information, planned, outcomes.days / ledger.window_days)
    already = ledger.taken[-1].spent if ledger.taken else 0.0
    until_now = max(already, spent(fraction, ledger.alpha)) if fraction > 0.0 else already
    before = [(look.information, look.score) for look in ledger.taken]
    if ledger.taken and ledger.taken[-1].days >= ledger.window_days:
        problem = f"the outcome window ended on {ledger.ends_on} and was read: all of alpha is spent"
        raise DataError("outcomes", problem)
    try:
        score = next_boundary(before, information, already, until_now)
    except ValueError as problem:
        raise DataError("outcomes", f"{problem} ({len(before)} were taken)") from None
    return TakenLook(digest, outcomes.days, information, until_now, score)


def _fraction(information: float, planned: float, passed: float) -> float:
    return min(_EARLY, passed, information / planned if planned > 0.0 else 1.0)


def _sample_ratio(cohort: PlanCohort, treated: numpy.ndarray) -> Check:
    share = float(numpy.mean(cohort.propensity))
    p_value = sample_ratio_p_value(
        {"treated": int(treated.sum()), "control": int((~treated).sum())}, {"treated": share, "control": 1.0 - share}
    )
    return Check(p_value, p_value < ALARM)


def _attrition(treated: numpy.ndarray, known: numpy.ndarray) -> Check:
    sides = [treated, ~treated]
    p_value = attrition_p_value([int(side.sum()) for side in sides], [int((side & known).sum()) for side in sides])
    return Check(p_value, p_value < ATTRITION_ALARM)
