"""Every policy on many simulated worlds: what each brings, how sure that is, and how ours compares.

All policies of a seed meet the same customers with the same potential outcomes, so differences are paired. It must not
print or draw.
"""

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy
from scipy.stats import t as student
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from churn_campaigns.policy_simulation import policies
from churn_campaigns.policy_simulation.assumptions import BUDGET, CUSTOMERS, HISTORY, WAVES
from churn_campaigns.policy_simulation.planner import plan
from churn_campaigns.policy_simulation.world import NOTHING, World
from churn_campaigns.uplift.base_learners import Churn
from churn_campaigns.uplift.encoding import CovariateEncoder

OURS, ORACLE = "ours", "oracle"
RIVALS = ("nobody", "random", "highest risk", "highest risk × value")
POLICIES = (*RIVALS, OURS, ORACLE, "clairvoyant")
EARLIER = 1_000_000  # added to the seed of the earlier customers, so that they are never the world's own

Array = numpy.ndarray


@dataclass(frozen=True)
class Scenario:
    """A kind of world and how our policy learns in it: customers, budget per customer, how strong effects are (1: as
    assumed, 0: none at all), how many customers each wave takes."""

    name: str = "as assumed"
    customers: int = CUSTOMERS
    budget: float = BUDGET
    strength: float = 1.0
    waves: tuple[int, ...] = WAVES

    def with_waves(self, factor: float) -> "Scenario":
        """The same with smaller or larger waves."""
        return replace(self, waves=tuple(round(size * factor) for size in self.waves))


@dataclass(frozen=True)
class PolicyResult:
    """What one policy did in one world, against doing nothing there.

    Attributes:
        reduction: churn avoided as a share of all churn, among all customers.
        net: value kept less cost, per customer.
        expected_net: the same without the chance in who accepts.
        cost: per customer.
        contacted: share of the customers.
    """

    reduction: float
    net: float
    expected_net: float
    cost: float
    contacted: float


@dataclass(frozen=True)
class SeedResult:
    """One simulated world: its churn rate without any action, every policy's result, our waves by themselves, the
    actions ours went on with after them."""

    seed: int
    churn_rate: float
    results: Mapping[str, PolicyResult]
    waves: PolicyResult
    used: tuple[int, ...]


@dataclass(frozen=True)
class SeedMean:
    """A mean over seeds with its 95 % interval (Student's t)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Study:
    """A scenario on several seeds."""

    scenario: Scenario
    seeds: tuple[SeedResult, ...]

    def values(self, policy: str, measure: str) -> Array:
        """A measure (a field of `PolicyResult`) of a policy: float [seeds]."""
        return numpy.array([getattr(seed.results[policy], measure) for seed in self.seeds])

    def estimate(self, policy: str, measure: str) -> SeedMean:
        """Its mean."""
        return estimate(self.values(policy, measure))

    def advantage(self, policy: str, measure: str) -> SeedMean:
        """Ours less another policy, seed by seed."""
        return estimate(self.values(OURS, measure) - self.values(policy, measure))

    def share_of_oracle(self) -> SeedMean | None:
        """Our net value as a share of the oracle's; None where there is nothing to gain."""
        best = self.values(ORACLE, "net")
        return estimate(self.values(OURS, "net") / best) if (best > 0.0).all() else None

    def waves(self, measure: str) -> SeedMean:
        """A measure of our waves alone."""
        return estimate(numpy.array([getattr(seed.waves, measure) for seed in self.seeds]))

    def claims(self) -> int:
        """In how many worlds ours took an action's profit for proven."""
        return sum(bool(seed.used) for seed in self.seeds)


def estimate(values: Array) -> SeedMean:
    """Mean and 95 % interval of independent values; a single one has the whole line as its interval."""
    mean = float(values.mean())
    if len(values) == 1:
        return SeedMean(mean, -numpy.inf, numpy.inf)
    reach = float(student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / numpy.sqrt(len(values)))
    return SeedMean(mean, mean - reach, mean + reach)


def simulate_once(scenario: Scenario, seed: int) -> SeedResult:
    """Every policy in one world."""
    with threadpool_limits(1):
        world = World.simulate(scenario.customers, seed, scenario.strength)
        risk = _learned_risk(world, seed, scenario.strength)
        budget = scenario.budget * scenario.customers
        ours = plan(world, risk, budget, scenario.waves, seed)
        choices = {
            "nobody": policies.nobody(world),
            "random": policies.ranked(world, numpy.random.default_rng([seed, 2]).random(len(world)), budget),
            "highest risk": policies.ranked(world, risk, budget),
            "highest risk × value": policies.ranked(world, risk * world.value, budget),
            OURS: ours.choice,
            ORACLE: policies.oracle(world, budget),
            "clairvoyant": policies.clairvoyant(world, budget),
        }
    results = {name: _result(world, choice) for name, choice in choices.items()}
    waves = _result(world, numpy.where(ours.wave, ours.choice, NOTHING))
    return SeedResult(seed, float(world.leaves.mean()), results, waves, ours.used)


def run_study(scenario: Scenario, seeds: int, workers: int, done: Callable[[], None] = lambda: None) -> Study:
    """The scenario on seeds 0, 1, …; `done` is called after each. More workers change only the time it takes."""
    work = partial(simulate_once, scenario)
    if workers == 1:
        return Study(scenario, tuple(_counted(map(work, range(seeds)), done)))
    # A process that starts afresh does not inherit threads that numeric libraries hold.
    with multiprocessing.get_context("spawn").Pool(workers, _leave_interrupts_to_parent) as pool:
        results = _counted(pool.imap_unordered(work, range(seeds)), done)
        return Study(scenario, tuple(sorted(results, key=lambda result: result.seed)))


def _counted(results: Iterable[SeedResult], done: Callable[[], None]) -> list[SeedResult]:
    collected = []
    for result in results:
        collected.append(result)
        done()
    return collected


def _leave_interrupts_to_parent() -> None:
    # Ctrl-C reaches every process of a terminal; the parent ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _learned_risk(world: World, seed: int, strength: float) -> Array:
    """Churn probabilities by a model of earlier customers whom nobody had contacted: float [customers]."""
    earlier = World.simulate(HISTORY, EARLIER + seed, strength)
    encoder = CovariateEncoder(earlier.features)
    model = Churn(seed).fit(encoder.encode(earlier.features), earlier.leaves)
    return model.predict(encoder.encode(world.features))


def _result(world: World, choice: Array) -> PolicyResult:
    kept = world.leaves - world.outcome(choice)
    cost, customers = world.spent(choice), len(world)
    return PolicyResult(
        reduction=float(kept.sum() / world.leaves.sum()),
        net=float((kept @ world.value - cost) / customers),
        expected_net=policies.expected_net(world, choice) / customers,
        cost=cost / customers,
        contacted=float((choice != NOTHING).mean()),
    )
