"""Every policy on many simulated worlds: what each brings, how sure that is, and how ours compares.

All policies of a seed meet the same customers with the same potential outcomes, so differences are paired. It must not
print or draw.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy
from scipy.stats import t as student
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from churn_campaigns.policy_simulation import policies
from churn_campaigns.policy_simulation.assumptions import BUDGET, HISTORY
from churn_campaigns.policy_simulation.company import Waiting, plan
from churn_campaigns.policy_simulation.world import KIND, NOTHING, Kind, World
from churn_campaigns.uplift.base_learners import Churn
from churn_campaigns.uplift.encoding import CovariateEncoder

OURS, ORACLE, RISK_VALUE = "ours", "oracle", "highest risk × value"
RIVALS = ("nobody", "random", "highest risk", RISK_VALUE)
POLICIES = (*RIVALS, OURS, ORACLE, "clairvoyant")
EARLIER = 1_000_000  # added to the seed of the earlier customers, so that they are never the world's own

Array = numpy.ndarray


@dataclass(frozen=True)
class Scenario:
    """A kind of world and a company in it: how many customers, budget for each, and the share of would-be leavers who
    are gone before the outcomes of its trial are known."""

    name: str = "as assumed"
    customers: int = 100_000
    kind: Kind = KIND
    gone: float = 0.0
    budget: float = BUDGET

    @property
    def key(self) -> str:
        """The scenario in one word a number."""
        kind = self.kind
        family = "neighbours" if kind.neighbours else "log-odds"
        return f"{family} {self.customers} {self.budget:g} {kind.strength:g} {kind.hidden:g} {self.gone:g}"


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
    """One simulated world: its churn rate without any action, every policy's result, our trial by itself, the actions
    whose effect it has shown."""

    seed: int
    churn_rate: float
    results: Mapping[str, PolicyResult]
    trial: PolicyResult
    proven: tuple[str, ...]


@dataclass(frozen=True)
class SeedMean:
    """A mean over seeds with its 95 % interval (Student's t)."""

    mean: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there is an interval: one world has none."""
        return bool(numpy.isfinite(self.low))


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

    def trial(self, measure: str) -> SeedMean:
        """A measure of our trial alone."""
        return estimate(numpy.array([getattr(seed.trial, measure) for seed in self.seeds]))

    def claims(self) -> int:
        """In how many worlds ours took an action's effect for shown."""
        return sum(bool(seed.proven) for seed in self.seeds)


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
        world = World.simulate(scenario.customers, seed, scenario.kind)
        risk = _learned_risk(world, seed, scenario.kind)
        budget = scenario.budget * scenario.customers
        early = numpy.random.default_rng([seed, 3]).random(len(world)) < scenario.gone
        ours = plan(world, risk, budget, Waiting(scenario.gone, early & (world.leaves == 1)), seed)
        choices = {
            "nobody": policies.nobody(world),
            "random": policies.ranked(world, numpy.random.default_rng([seed, 2]).random(len(world)), budget),
            "highest risk": policies.ranked(world, risk, budget),
            RISK_VALUE: policies.ranked(world, risk * world.value, budget),
            OURS: ours.choice,
            ORACLE: policies.oracle(world, budget),
            "clairvoyant": policies.clairvoyant(world, budget),
        }
    results = {name: _result(world, choice) for name, choice in choices.items()}
    trial = _result(world, numpy.where(ours.trial, ours.choice, NOTHING))
    return SeedResult(seed, float(world.leaves.mean()), results, trial, ours.proven)


def _learned_risk(world: World, seed: int, kind: Kind) -> Array:
    """Churn probabilities by a model of earlier customers whom nobody had contacted: float [customers]."""
    earlier = World.simulate(HISTORY, EARLIER + seed, kind, rules=seed)
    encoder = CovariateEncoder(earlier.visible)
    model = Churn(seed).fit(encoder.encode(earlier.visible), earlier.leaves)
    return model.predict(encoder.encode(world.visible))


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
