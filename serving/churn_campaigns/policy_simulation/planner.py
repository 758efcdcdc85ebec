"""Our policy: learn from small randomised waves whom each action changes, then spend what is left of the budget.

The first wave gives actions by chance to customers for whom they could pay at all. Each later wave only tries what may
be good enough for the campaign as far as is known (optimism in the face of uncertainty, Auer et al. 2002), still by
chance against nothing, so that it earns while it teaches. The campaign then goes out in rounds: all of it is planned, a
part of what is planned is done, a few of those it was meant for are held back by chance, and what they teach goes into
the plan of the next round. Customers of waves and earlier rounds are not contacted again, and everything is paid out of
the same budget. The planner sees of the world only what a company would see: features, values, costs, and the outcomes
of customers who were given something or held back.
"""

from dataclasses import dataclass

import numpy

from churn_campaigns.campaign.allocation import allocate
from churn_campaigns.policy_simulation.assumptions import HIGHEST_ACCEPTANCE
from churn_campaigns.policy_simulation.world import NOTHING, World
from churn_campaigns.uplift.cross_fitting import FOLDS, CrossFitted, cross_fit
from churn_campaigns.uplift.evidence import Evidence, evidence, level_for
from churn_campaigns.uplift.learner import UpliftNotLearnable

UNTOUCHED = -2
WAVES_SHARE = 0.5  # of the budget, at most: most of it is for what was learned
ROUNDS = (1 / 3, 1 / 2, 1.0)  # of the campaign: share that is done of what is planned by then
HELD_BACK = 0.07  # share of a round, but the last, that is given nothing: without them it would teach nothing
CONTROLS = 0.3  # share of a wave that is given nothing
OPTIMISM = 1.0  # standard errors by which an effect may be larger than it looks, for waves
CONSIDERED = 8  # customers looked at for each one that a later wave takes; spares predictions for all

Array = numpy.ndarray


@dataclass(frozen=True)
class Planned:
    """What our policy did.

    Attributes:
        choice: int [customers], waves and campaign together, -1 for nothing.
        wave: bool [customers], part of a wave, as controls or with an action.
        used: the actions whose effect the waves have shown, and whose profit is above zero, by position.
    """

    choice: Array
    wave: Array
    used: tuple[int, ...]


def plan(world: World, risk: Array, budget: float, waves: tuple[int, ...], seed: int) -> Planned:
    """Learn in waves, then do the campaign in rounds.

    Args:
        world: its customers.
        risk: float [customers], churn probabilities by a model learned before.
        budget: money for waves and campaign.
        waves: how many customers each takes, controls among them.
        seed: of who is given what, and of learning.
    """
    trial = _Trial(world, risk, budget, seed)
    for size in waves:
        trial.run(size)
    wave = trial.given != UNTOUCHED
    used = trial.worthwhile()
    for share in ROUNDS:
        trial.go_on(share)
    return Planned(trial.done, wave, tuple(used))


@dataclass(frozen=True)
class _Learned:
    fitted: CrossFitted
    evidence: Evidence


class _Trial:
    """Waves and rounds so far. `given`: int [customers], -1 for nothing (a control), -2 for not yet part of any."""

    def __init__(self, world: World, risk: Array, budget: float, seed: int) -> None:
        self._world, self._budget, self._seed = world, budget, seed
        self.given = numpy.full(len(world), UNTOUCHED)
        # Where an action could not pay even if it did all that is thought possible, there is nothing to learn.
        self.possible = (HIGHEST_ACCEPTANCE * risk * world.value)[:, None] > world.cost
        self._admitted = numpy.zeros(self.possible.shape, dtype=bool)
        self._controls = numpy.full(len(world), CONTROLS)
        self._generator = numpy.random.default_rng([seed, 1])
        self._folds = numpy.arange(len(world)) % FOLDS
        self._features = world.features.assign(churn_log_odds=numpy.log(risk / (1.0 - risk)))
        self._learned: dict[int, _Learned] | None = None

    @property
    def done(self) -> Array:
        """What was given: int [customers], -1 for nothing."""
        return numpy.asarray(numpy.maximum(self.given, NOTHING))

    def run(self, size: int) -> None:
        """Give customers nothing or, with equal probabilities, one of the actions admitted for them; learn from it."""
        rows = self._generator.permutation(numpy.flatnonzero(self.given == UNTOUCHED))
        if self._learned is None:
            admitted = self.possible[rows]
        else:
            rows = rows[: CONSIDERED * size]
            admitted = self._promising(self.profit(rows, OPTIMISM))
        taken = numpy.flatnonzero(admitted.any(axis=1))[:size]
        self._draw(rows[taken], admitted[taken])
        # Without anybody in it a wave teaches nothing new.
        if len(taken):
            self._learn_all()

    def go_on(self, share: float) -> None:
        """Plan the campaign as if for good, and do a share of it; learn from that if it is not all."""
        chosen, choice = self._campaign()
        now = self._generator.permutation(len(chosen))[: round(share * len(chosen))]
        rows, actions = chosen[now], choice[now]
        self._admitted[rows, actions] = True
        self._controls[rows] = HELD_BACK if share < 1.0 else 0.0
        self.given[rows] = numpy.where(self._generator.random(len(rows)) < self._controls[rows], NOTHING, actions)
        if share < 1.0 and len(rows):
            self._learn_all()

    def _campaign(self) -> tuple[Array, Array]:
        """Customers who would be given something if all that is left were spent now, and what."""
        free = numpy.flatnonzero(self.given == UNTOUCHED)
        used = self.worthwhile()
        if not used:
            return free[:0], self.given[:0]
        profit = self.profit(free)
        profit[:, numpy.isin(numpy.arange(len(self._world.cost)), used, invert=True)] = -numpy.inf
        choice = allocate(profit, self._world.cost, self._budget - self._world.spent(self.done)).choice
        chosen = choice != NOTHING
        return free[chosen], choice[chosen]

    def _learn_all(self) -> None:
        models = {action: self._learn(action) for action in range(len(self._world.cost))}
        self._learned = {action: learned for action, learned in models.items() if learned is not None}

    def _promising(self, profit: Array) -> Array:
        """Where an action earns at least half of what the last money of a campaign would earn: bool, as `profit`."""
        cost, share = self._world.cost, len(profit) / len(self._world)
        chosen = allocate(profit, cost, share * self._budget).choice
        rows = numpy.flatnonzero(chosen != NOTHING)
        yields = profit / cost
        last = yields[rows, chosen[rows]].min() if len(rows) else 0.0
        return numpy.asarray((profit > 0.0) & (yields >= last / 2.0))

    def _draw(self, rows: Array, admitted: Array) -> None:
        lots = self._generator.random(admitted.shape)
        lots[~admitted] = -1.0
        given = numpy.where(self._generator.random(len(rows)) < CONTROLS, NOTHING, lots.argmax(axis=1))
        cost = numpy.where(given == NOTHING, 0.0, self._world.cost[given])
        left = WAVES_SHARE * self._budget - self._world.spent(self.done)
        affordable = numpy.cumsum(cost) <= left
        self.given[rows[affordable]] = given[affordable]
        self._admitted[rows[affordable]] = admitted[affordable]

    def _learn(self, action: int) -> _Learned | None:
        either = (self.given == action) | (self.given == NOTHING)
        rows = numpy.flatnonzero(either & self._admitted[:, action])
        treated = (self.given[rows] == action).astype(int)
        # Of those who were given this action or nothing: how likely it was this action.
        chance = (1.0 - self._controls[rows]) / self._admitted[rows].sum(axis=1)
        propensity = chance / (chance + self._controls[rows])
        churned = self._world.outcome(self.done)[rows]
        try:
            fitted = cross_fit(self._features.iloc[rows], treated, churned, self._folds[rows], self._seed, propensity)
        except UpliftNotLearnable:
            return None
        found = evidence(fitted, treated, churned, self._world.value[rows], float(self._world.cost[action]))
        return _Learned(fitted, found)

    def profit(self, rows: Array, optimism: float = 0.0) -> Array:
        """Expected value kept less cost as the waves make it look: float [rows, actions], -inf where not possible; each
        effect raised by `optimism` standard errors of the action's average effect."""
        profit = numpy.full((len(rows), len(self._world.cost)), -numpy.inf)
        for action, learned in (self._learned or {}).items():
            asked = self.possible[rows, action]
            effect, _ = learned.fitted.predict(self._features.iloc[rows[asked]], self._folds[rows[asked]])
            effect += optimism * learned.evidence.average.error
            profit[asked, action] = effect * self._world.value[rows[asked]] - self._world.cost[action]
        return profit

    def worthwhile(self) -> list[int]:
        """The actions to go on with: those whose effect was shown, by the rule of every campaign, and that made a
        profit from customers whom models that had not seen them would have chosen."""
        level = level_for(len(self._world.cost))
        return [
            action
            for action, learned in (self._learned or {}).items()
            if learned.evidence.helps(level)
            and learned.evidence.profit is not None
            and learned.evidence.profit.mean > 0.0
        ]
