"""What a plan has brought so far: plan, outcomes and ledger in, effects in churn and in money out.

The plan as a whole is tested first, at the level that its ledger has left; planned actions are told apart only after
that has shown something, corrected for their number (a fixed sequence, so all of it errs in alpha of all experiments).
It must not word anything or write files.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy
from scipy.special import ndtri

from churn_campaigns.experiment.analysis import Check
from churn_campaigns.experiment.comparison import Interval, nominal_p
from churn_campaigns.experiment.ledger import Ledger, TakenLook
from churn_campaigns.experiment.plan_checks import attrition, explained_by_missing, sample_ratio
from churn_campaigns.experiment.plan_cohort import PlanCohort
from churn_campaigns.experiment.plan_look import next_look
from churn_campaigns.experiment.plan_outcomes import PlanOutcomes
from churn_campaigns.experiment.stratified import Difference, Strata
from churn_data.errors import DataError


def says_nothing(interval: Interval) -> bool:
    """Whether an interval of a reduction of churn holds every one that there can be."""
    return interval[0] <= -1.0 and interval[1] >= 1.0


@dataclass(frozen=True)
class PlanEffect:
    """The reduction of churn among those for whom an action was planned (control less treated, 0 to 1), or among all.

    `treated`, `control`: customers, outcome known or not. `churn`: of the control customers, adjusted to those treated.
    `score`: standard normal; `shown`: whether the interval leaves out zero and the effect may be declared: customers
    were dealt as planned, and uneven gaps in the outcomes could not explain it.
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

    @property
    def says_nothing(self) -> bool:
        """Whether the interval holds every effect that there can be, as at a look that spends next to no alpha."""
        return says_nothing(self.interval)


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
    look = next_look(ledger, outcomes, results.churned, cohort, digest)
    plan = results.whole(look.score)
    checks = sample_ratio(cohort, results.treated), attrition(results.treated, outcomes.known)
    plan = replace(
        plan, shown=plan.shown and not checks[0].alarm and not (checks[1].alarm and results.explained(look.score))
    )
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
        sample_ratio=checks[0],
        attrition=checks[1],
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

    def explained(self, boundary: float) -> bool:
        """Whether missing outcomes alone could explain the plan's effect."""

        def score_of(churned: numpy.ndarray) -> float:
            return _Results(self._cohort, replace(self._outcomes, churned=churned)).whole(boundary).score

        found = self.whole(boundary).score
        return explained_by_missing(found, boundary, (self._outcomes.churned, self.treated), score_of)

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
