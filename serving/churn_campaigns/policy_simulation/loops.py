"""How often reading a plan shows an effect that is not there, and how often its intervals hold the truth, with looks.

Simulated customers go from the plan to its result by the functions that the commands use. It must not print.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy
from scipy.special import expit, logit
from scipy.stats import binomtest

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.orders import Order
from churn_campaigns.campaign.plan import CampaignPlan, make_plan
from churn_campaigns.campaign.problem import NOTHING
from churn_campaigns.experiment.ledger import Ledger
from churn_campaigns.experiment.plan_cohort import PlanCohort
from churn_campaigns.experiment.plan_outcomes import PlanOutcomes
from churn_campaigns.experiment.plan_reading import read_results
from churn_model.rules import ActionRule

ACTIONS = (ActionRule("offer", "An offer", 20.0, 0.2), ActionRule("call", "A call", 8.0, 0.1, capacity=300))
KEPT = (0.35, 0.2)  # share of those who would leave whom each action keeps, where it does anything
CUSTOMERS, HOLDOUT, WINDOW = 2_000, 0.25, 90
WRONG = 0.5  # log-odds by which the model is off for a customer
ALPHA = 0.05

Array = numpy.ndarray


@dataclass(frozen=True)
class LoopResult:
    """One loop: whether any look showed an effect; whether every look's interval held the truth, and the last look's;
    the same for the money of the last look."""

    shown: bool
    always_held: bool
    held: bool
    money_held: bool


@dataclass(frozen=True)
class LoopTally:
    """Loops counted, shares from 0 to 1 with their 95 % intervals (Clopper and Pearson 1934)."""

    loops: int
    looks: int
    shown: float
    shown_interval: tuple[float, float]
    always_held: float
    held: float
    held_interval: tuple[float, float]
    money_held: float


def one_loop(seed: int, looks: int, *, effective: bool) -> LoopResult:
    """Plan, assign, wait, read at each month's end, until the outcome window is over."""
    generator = numpy.random.default_rng([seed, 17])
    customers = _customers(generator)
    capacity = numpy.array([-1, 300])
    plan = make_plan(customers, ACTIONS, Order(12_000.0, capacity, HOLDOUT, f"loop {seed}"))
    planned = numpy.flatnonzero(plan.planned.choice != NOTHING)
    treated = ~plan.held_out[planned]
    truth = expit(logit(customers.probability[planned]) + WRONG * generator.normal(size=len(planned)))
    effect = numpy.array(KEPT)[plan.planned.choice[planned]] * truth * effective
    leaves = generator.random(len(planned)) < truth - effect * treated
    day = numpy.where(leaves, generator.integers(1, WINDOW + 1, len(planned)), WINDOW + 1)
    cohort, ledger = _frozen(plan, customers, planned, treated, (looks, seed))
    held, shown, money = [], False, False
    for look in range(1, looks + 1):
        days = WINDOW * look // looks
        outcomes = PlanOutcomes((day <= days).astype(float), days, look == looks, 0, 0)
        read, taken = read_results(cohort, outcomes, ledger, f"outcomes {look}")
        ledger = ledger.with_look(taken)
        reduction = float(effect[treated].mean()) * days / WINDOW
        held.append(read.plan.interval[0] <= reduction <= read.plan.interval[1])
        kept = float((effect * customers.value[planned])[treated].sum()) * days / WINDOW
        money = read.money.kept_interval[0] <= kept <= read.money.kept_interval[1]
        shown |= read.plan.shown
    return LoopResult(shown, all(held), held[-1], money)


def run_loops(loops: int, looks: int, done: Callable[[], None], *, effective: bool) -> LoopTally:
    """Loops 0, 1, …; ``done`` is called after each."""
    results = []
    for seed in range(loops):
        results.append(one_loop(seed, looks, effective=effective))
        done()
    shown, held = (sum(getattr(result, name) for result in results) for name in ("shown", "held"))
    return LoopTally(
        loops,
        looks,
        shown / loops,
        _interval(shown, loops),
        sum(result.always_held for result in results) / loops,
        held / loops,
        _interval(held, loops),
        sum(result.money_held for result in results) / loops,
    )


def _customers(generator: numpy.random.Generator) -> Customers:
    chance = generator.beta(2.0, 4.0, CUSTOMERS)
    never = numpy.full(CUSTOMERS, numpy.nan)
    return Customers(
        ids=[f"customer {number}" for number in range(CUSTOMERS)],
        probability=chance,
        segment=numpy.ones(CUSTOMERS, dtype=int),
        risk=numpy.ones(CUSTOMERS, dtype=int),
        value=generator.gamma(2.0, 200.0, CUSTOMERS),
        measured={},
        consent={},
        days_since=never,
        last_year=never,
    )


def _frozen(
    plan: CampaignPlan, customers: Customers, planned: Array, treated: Array, how: tuple[int, int]
) -> tuple[PlanCohort, Ledger]:
    looks, seed = how
    choice = plan.planned.choice[planned]
    cohort = PlanCohort(
        [customers.ids[place] for place in planned],
        [ACTIONS[action].id for action in choice],
        treated.tolist(),
        [1.0 - HOLDOUT] * len(planned),
        customers.probability[planned].tolist(),
        customers.value[planned].tolist(),
        [ACTIONS[action].cost for action in choice],
    )
    return cohort, Ledger("simulated", f"loop {seed}", date(2026, 1, 1), ALPHA, looks, WINDOW, len(customers), "")


def _interval(count: int, total: int) -> tuple[float, float]:
    found = binomtest(count, total).proportion_ci()
    return float(found.low), float(found.high)
