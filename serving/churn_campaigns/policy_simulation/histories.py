"""How often past campaigns are believed wrongly, and how often the measured value of a plan is right.

Real customers, arms by chance, and outcomes that are known to hold no effect, or a known one: the campaign's own
functions learn from them and plan, in process. It must not print.
"""

import multiprocessing
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Self

import numpy
import pandas
from scipy.special import expit, logit
from scipy.stats import binomtest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.history import History
from churn_campaigns.campaign.learning import PROVEN, Lessons, Measured, learn_from
from churn_campaigns.campaign.measured_value import measured_value
from churn_campaigns.campaign.orders import Order
from churn_campaigns.campaign.plan import CampaignPlan, make_plan
from churn_campaigns.campaign.problem import NOTHING
from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.policy_simulation.kept import Kept
from churn_campaigns.uplift.base_learners import Churn
from churn_campaigns.uplift.cross_fitting import FOLDS, folds_of
from churn_campaigns.uplift.encoding import CovariateEncoder
from churn_data.dataset import Dataset
from churn_model.rules import ActionRule

ACTIONS = (
    ActionRule("offer", "An offer", cost=20.0, effect=0.2),
    ActionRule("support", "Support", cost=10.0, effect=0.12),
    ActionRule("call", "A call", cost=5.0, effect=0.08),
)
"""Their assumed effects are wrong in every world; what is measured is what counts."""
WRONG = 0.5  # log-odds by which the company's model is off for a customer
VALUE = 10.0  # monthly bills that a kept customer is worth
_MEDIUM, _HIGH = 0.3, 0.6

Array = numpy.ndarray


@dataclass(frozen=True)
class People:
    """Real customers: their data, their churn probability by models that had not seen them, what a company's own model,
    which is off by some, ``said`` of it, and what each is worth."""

    frame: pandas.DataFrame
    ids: list[str]
    churned: Array
    churn: Array
    said: Array
    value: Array

    @classmethod
    def of(cls, dataset: Dataset, seed: int = 0) -> "People":
        """The customers of a file, with the bill of the use case's value column."""
        known = CovariateEncoder(dataset.frame).encode(dataset.frame)
        ids = [f"c{row}" for row in range(len(dataset))]
        folds, churn = folds_of(ids), numpy.empty(len(ids))
        for fold in range(FOLDS):
            others = folds != fold
            churn[~others] = Churn(seed).fit(known[others], dataset.churned[others]).predict(known[~others])
        said = expit(logit(churn) + WRONG * numpy.random.default_rng([seed, 19]).normal(size=len(ids)))
        value = VALUE * dataset.frame[dataset.usecase.required_value().column].fillna(0.0).to_numpy(dtype=float)
        return cls(dataset.frame, ids, dataset.churned, churn, said, value)

    def effects(self) -> Array:
        """Known effects, by customer and action: some keep many of those who would leave and drive others away, one
        does a little for everybody at risk. Float [customers, actions]."""
        generator = numpy.random.default_rng(5)
        known = CovariateEncoder(self.frame).encode(self.frame)
        lines = known @ generator.normal(size=(known.shape[1], len(ACTIONS))) / numpy.sqrt(known.shape[1])
        kept = 1.0 / (1.0 + numpy.exp(-(numpy.array([0.2, -0.6, -1.2]) + 1.5 * lines)))
        driven = numpy.array([0.06, 0.03, 0.02]) / (1.0 + numpy.exp(2.0 * lines))
        return numpy.asarray(self.churn[:, None] * kept - (1.0 - self.churn[:, None]) * driven)


@dataclass(frozen=True)
class WorldResult:
    """One world: which actions were proven; what the plan with proven effects alone costs; of the plan with assumed
    effects beside them, how much money rests on each; the measured value of the plan with its interval (None: nothing
    measured), and the truth."""

    proven: tuple[str, ...]
    spent_proven_only: float
    spent_measured: float
    value: float | None
    interval: tuple[float, float] | None
    truth: float | None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """A world as JSON holds it, which knows lists only."""
        interval = document["interval"]
        pairs = {"proven": tuple(document["proven"]), "interval": None if interval is None else tuple(interval)}
        return cls(**{**document, **pairs})


@dataclass(frozen=True)
class Tally:
    """Worlds counted: share with a claim and its 95 % interval (Clopper and Pearson 1934), money spent by plans of
    proven effects in worlds without a claim, share of the intervals that hold the truth and its interval."""

    worlds: int
    claims: int
    claims_interval: tuple[float, float]
    spent_without_claim: float
    intervals: int
    covered: int
    covered_interval: tuple[float, float] | None


def one_world(people: People, seed: int, *, effective: bool) -> WorldResult:
    """A history of these customers, what is learned of it, and the plan for the same customers.

    Without effects the outcomes are the real ones; with effects they are drawn anew by known probabilities.
    """
    generator = numpy.random.default_rng([seed, 13])
    arms = generator.integers(0, len(ACTIONS) + 1, len(people.ids)) - 1
    effects = people.effects() if effective else numpy.zeros((len(people.ids), len(ACTIONS)))
    churned = people.churned
    if effective:
        given = numpy.where(arms == NOTHING, 0.0, effects[numpy.arange(len(arms)), numpy.maximum(arms, 0)])
        churned = (generator.random(len(arms)) < people.churn - given).astype(int)
    names = numpy.array([*(action.id for action in ACTIONS), CONTROL])[arms]
    nothing = numpy.full(len(arms), "")
    unknown = numpy.full(len(arms), numpy.nan)
    history = History("history", people.frame, churned, people.ids, names, nothing, nothing, unknown, people.said)
    with threadpool_limits(1):
        lessons = learn_from(history, ACTIONS, people.value, seed)
        customers = _asked(people, lessons, seed)
    only, both = (_planned(customers, proven_only=proven) for proven in (True, False))
    value = measured_value(only, customers, lessons)
    cost = numpy.array([*(action.cost for action in ACTIONS), 0.0])
    return WorldResult(
        tuple(name for name, lesson in lessons.by_action.items() if lesson.verdict == PROVEN),
        float(cost[only.choice].sum()),
        float(cost[both.choice[both.measured]].sum()),
        None if value is None else value.mean,
        None if value is None else value.interval(0.95),
        None if value is None else _truth(only, effects, people.value),
    )


def run_worlds(
    people: People, worlds: int, workers: int, done: Callable[[], None], kept: Kept, *, effective: bool
) -> list[WorldResult]:
    """Worlds 0, 1, …, but for those that are kept; ``done`` is called after each."""
    work = partial(one_world, people, effective=effective)
    keys = [f"{'effects' if effective else 'no effect'} {seed}" for seed in range(worlds)]
    missing = [seed for seed, key in enumerate(keys) if key not in kept]
    for _ in range(worlds - len(missing)):
        done()
    if workers == 1:
        for seed in missing:
            kept.add(keys[seed], asdict(work(seed)))
            done()
    elif missing:
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            for seed, result in zip(missing, pool.imap(work, missing), strict=True):
                kept.add(keys[seed], asdict(result))
                done()
    return [WorldResult.of(kept.of(key)) for key in keys]


def tally(results: list[WorldResult]) -> Tally:
    """Worlds counted."""
    claims = sum(bool(result.proven) for result in results)
    judged = [result for result in results if result.interval is not None and result.truth is not None]
    covered = sum(result.interval[0] <= result.truth <= result.interval[1] for result in judged)  # type: ignore[index, operator]
    return Tally(
        len(results),
        claims,
        _share(claims, len(results)),
        sum(result.spent_proven_only for result in results if not result.proven),
        len(judged),
        covered,
        _share(covered, len(judged)) if judged else None,
    )


def _share(count: int, total: int) -> tuple[float, float]:
    found = binomtest(count, total).proportion_ci()
    return float(found.low), float(found.high)


def _asked(people: People, lessons: Lessons, seed: int) -> Customers:
    measured = {
        action: Measured(lesson, lessons.frame.iloc[lesson.comparison.rows], people.frame, seed).answer(
            people.frame, people.ids, people.said
        )
        for action, lesson in lessons.measured.items()
    }
    count = len(people.ids)
    never = numpy.full(count, numpy.nan)
    risk = (people.said >= _MEDIUM).astype(int) + (people.said >= _HIGH)
    segment = numpy.ones(count, dtype=int)
    return Customers(people.ids, people.said, segment, risk, people.value, measured, {}, never, never)


def _planned(customers: Customers, *, proven_only: bool) -> CampaignPlan:
    budget = 3.0 * len(customers)
    order = Order(budget, numpy.full(len(ACTIONS), -1), 0.0, "", proven_only=proven_only)
    return make_plan(customers, ACTIONS, order)


def _truth(plan: CampaignPlan, effects: Array, value: Array) -> float:
    rows = numpy.flatnonzero(plan.measured)
    chosen = plan.choice[rows]
    cost = numpy.array([action.cost for action in ACTIONS])
    return float((effects[rows, chosen] * value[rows] - cost[chosen]).sum())
