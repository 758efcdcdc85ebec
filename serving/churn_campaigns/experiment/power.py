"""How many customers an experiment needs, or what it can show with those there are.

It must not know files. The normal approximation is statsmodels' (pooled variance without an effect, separate ones with
it); looks multiply its result.
"""

from dataclasses import asdict, dataclass
from typing import Any

from scipy.optimize import brentq
from statsmodels.stats.proportion import power_proportions_2indep, samplesize_proportions_2indep_onetail

from churn_campaigns.experiment.boundaries import boundaries, equal_looks, inflation, require_level
from churn_campaigns.experiment.comparison import nominal_p
from churn_data.errors import DataError

LARGEST_REDUCTION = 1.0 - 1e-9


@dataclass(frozen=True)
class Look:
    """A planned look: share of the information (0 to 1), score to reach, and the ordinary p-value of that score."""

    information: float
    score: float
    nominal_p: float


@dataclass(frozen=True)
class Goal:
    """What an experiment shall be able to do: `base_rate` is the churn (0 to 1) of the control arm, `control_share` the
    share (0 to 1) of all customers in it, `looks` how often somebody looks, equally spaced, the last one included."""

    base_rate: float
    power: float = 0.8
    alpha: float = 0.05
    control_share: float = 0.5
    looks: int = 1


@dataclass(frozen=True)
class Size:
    """Customers in the control arm and in the treatment arm for a relative `reduction` (0 to 1) of churn."""

    reduction: float
    control: int
    treatment: int

    @property
    def total(self) -> int:
        """Customers in both arms."""
        return self.control + self.treatment


@dataclass(frozen=True)
class ExperimentPlan:
    """A goal, the looks that go with it, and what was asked: the size for a reduction (None: none was given), the
    smallest reduction that so many customers show (None: no number was given, or even no churn at all would not be
    shown), and the power of so many customers for the given reduction (None: not both were given)."""

    goal: Goal
    looks: tuple[Look, ...]
    inflation: float
    size: Size | None
    customers: int | None
    detectable: float | None
    power_of_customers: float | None

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON knows it."""
        document = asdict(self)
        if self.size is not None:
            document["size"]["total"] = self.size.total
        return document


def make_plan(goal: Goal, reduction: float | None = None, customers: int | None = None) -> ExperimentPlan:
    """ExperimentPlan an experiment with one treatment arm and a two-sided test.

    Args:
        goal: what it shall be able to do.
        reduction: relative reduction of churn to be shown, above 0 and below 1.
        customers: how many there are in both arms together.

    Raises:
        DataError: neither was given, a number is out of its bounds, or there are too many looks.
    """
    _check(goal, reduction, customers)
    information = equal_looks(goal.looks)
    scores = boundaries(information, goal.alpha)
    more = inflation(goal.looks, goal.alpha, goal.power)
    looks = tuple(Look(share, score, nominal_p(score)) for share, score in zip(information, scores, strict=True))
    return ExperimentPlan(
        goal=goal,
        looks=looks,
        inflation=more,
        size=None if reduction is None else _size(goal, reduction, more),
        customers=customers,
        detectable=None if customers is None else _detectable(goal, customers, more),
        power_of_customers=(
            None if reduction is None or customers is None else _power(goal, reduction, customers / more)
        ),
    )


def _check(goal: Goal, reduction: float | None, customers: int | None) -> None:
    for option, number in (
        ("--base-rate", goal.base_rate),
        ("--power", goal.power),
        ("--alpha", goal.alpha),
        ("--control-share", goal.control_share),
        ("--reduction", 0.5 if reduction is None else reduction),
    ):
        if not 0.0 < number < 1.0:
            raise DataError(option, f"{number:g} is not a number above 0 and below 1")
    if goal.power <= goal.alpha:
        raise DataError("--power", f"{goal.power:g} is not above --alpha {goal.alpha:g}, which chance alone gives")
    if reduction is None and customers is None:
        raise DataError("--reduction", "is missing, a reduction or --customers was expected")
    if customers is not None and customers < 2:  # noqa: PLR2004 - one an arm
        raise DataError("--customers", f"{customers} are too few, at least one an arm was expected")
    try:
        require_level(goal.alpha)
    except ValueError as problem:
        raise DataError("--alpha", str(problem)) from None
    try:
        equal_looks(goal.looks)
    except ValueError as problem:
        raise DataError("--looks", str(problem)) from None


def _size(goal: Goal, reduction: float, more: float) -> Size:
    """Rounded to the nearest customer: the normal approximation errs by more than one."""
    treatment = _treatment_size(goal, reduction) * more
    return Size(reduction, max(1, round(treatment * _ratio(goal))), max(1, round(treatment)))


def _treatment_size(goal: Goal, reduction: float) -> float:
    difference = -reduction * goal.base_rate
    return float(
        samplesize_proportions_2indep_onetail(difference, goal.base_rate, goal.power, _ratio(goal), goal.alpha)
    )


def _ratio(goal: Goal) -> float:
    return goal.control_share / (1.0 - goal.control_share)


def _detectable(goal: Goal, customers: int, more: float) -> float | None:
    treatment = customers * (1.0 - goal.control_share) / more

    def surplus(reduction: float) -> float:
        return _treatment_size(goal, reduction) - treatment

    if surplus(LARGEST_REDUCTION) > 0.0:
        return None
    return float(brentq(surplus, 1e-9, LARGEST_REDUCTION, xtol=1e-10))


def _power(goal: Goal, reduction: float, customers: float) -> float:
    """What looks cost is counted as customers that are not there, as it is counted in a size."""
    difference, treatment = -reduction * goal.base_rate, customers * (1.0 - goal.control_share)
    found = power_proportions_2indep(difference, goal.base_rate, treatment, _ratio(goal), goal.alpha)
    return float(found.power)
