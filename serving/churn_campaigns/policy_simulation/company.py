"""A company that plans as this product does: a trial where it can teach anything, then a campaign with what it taught.

Every decision is one of the functions that `churn campaign` calls, with what its options say: `--trial --holdout`, then
`--history --leave-out`. The company sees of the world features, values, costs, and the outcomes of its trial. It must
not decide anything by itself but how large the trial is and whether it is worth its money.
"""

from dataclasses import dataclass, replace

import numpy

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.detectable import detectable
from churn_campaigns.campaign.history import History
from churn_campaigns.campaign.learning import Lessons, Measured, learn_from
from churn_campaigns.campaign.orders import Order
from churn_campaigns.campaign.plan import CampaignPlan, make_plan
from churn_campaigns.campaign.problem import NOTHING
from churn_campaigns.campaign.second_look import SAMPLE
from churn_campaigns.campaign.trial_worth import worth_of_trial
from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.policy_simulation.assumptions import ALPHA, TRIAL_HOLDOUT, TRIAL_SHARE, WHAT_ACTIONS_SAY
from churn_campaigns.policy_simulation.world import World
from churn_model.holdout import salt_id
from churn_model.rules import RiskRule

Array = numpy.ndarray
_RISK = RiskRule()


@dataclass(frozen=True)
class Planned:
    """What the company did.

    Attributes:
        choice: int [customers], trial and campaign together, -1 for nothing.
        trial: bool [customers], part of the trial, held out or with an action.
        proven: the actions whose effect the trial has shown.
    """

    choice: Array
    trial: Array
    proven: tuple[str, ...]


@dataclass(frozen=True)
class Waiting:
    """``share``: of the would-be leavers, who are gone by the time a trial's outcomes are known, as the company knows;
    ``gone``: bool [customers], who they are, if not in it."""

    share: float
    gone: Array


def plan(world: World, risk: Array, budget: float, waiting: Waiting, seed: int) -> Planned:
    """A trial out of a share of the budget, then the campaign.

    Args:
        world: its customers.
        risk: float [customers], churn probabilities by a model learned before.
        budget: money for both.
        waiting: what it takes until the trial's outcomes are known.
        seed: of who is given what, and of learning.
    """
    company = _Company(world, risk, seed)
    salt = f"trial {seed}"
    trial = company.decide(Order(TRIAL_SHARE * budget, company.no_limit, TRIAL_HOLDOUT, salt, trial=True))
    customers = company.customers({})
    found = detectable(trial, customers, ALPHA, 1)
    rest = budget - world.spent(trial.choice)
    then = Order(rest, company.no_limit, 0.0, "")
    if (
        found is None
        or found.absolute > found.expected
        or not worth_of_trial(trial, customers, then, waiting.share).pays
    ):
        campaign = company.decide(Order(budget, company.no_limit, 0.0, ""))
        return Planned(campaign.choice, numpy.zeros(len(world), dtype=bool), ())
    tried = trial.planned.choice != NOTHING
    lessons = company.learn(trial, tried, salt)
    left_out = frozenset(numpy.array(company.ids)[tried | waiting.gone])
    campaign = company.decide(replace(then, left_out=left_out), lessons)
    proven = tuple(name for name, lesson in lessons.by_action.items() if lesson.measured)
    return Planned(numpy.where(tried, trial.choice, campaign.choice), tried, proven)


class _Company:
    def __init__(self, world: World, risk: Array, seed: int) -> None:
        self._world, self._risk, self._seed = world, risk, seed
        self.ids = [f"{seed}-{number}" for number in range(len(world))]
        self.no_limit = numpy.full(len(WHAT_ACTIONS_SAY), -1)

    def customers(self, measured: dict[str, Measured]) -> Customers:
        """What `churn campaign` knows of each after reading the file."""
        count = len(self.ids)
        never = numpy.full(count, numpy.nan)
        level = (self._risk >= _RISK.medium).astype(int) + (self._risk >= _RISK.high)
        answers = {name: model.answer(self._world.visible, self.ids, self._risk) for name, model in measured.items()}
        return Customers(
            self.ids, self._risk, numpy.ones(count, int), level, self._world.value, answers, {}, never, never
        )

    def decide(self, order: Order, lessons: Lessons | None = None) -> CampaignPlan:
        """The plan of `churn campaign`, without or with a history."""
        if lessons is None:
            return make_plan(self.customers({}), WHAT_ACTIONS_SAY, order)
        now = self._world.visible.iloc[:: max(1, len(self.ids) // SAMPLE)]
        measured = {
            name: Measured(lesson, lessons.frame.iloc[lesson.comparison.rows], now, self._seed)
            for name, lesson in lessons.measured.items()
        }
        return make_plan(self.customers(measured), lessons.corrected(WHAT_ACTIONS_SAY), order)

    def learn(self, trial: CampaignPlan, tried: Array, salt: str) -> Lessons:
        """What the history that `churn experiment read` writes teaches."""
        rows = numpy.flatnonzero(tried)
        planned = numpy.array([action.id for action in trial.actions])[trial.planned.choice[rows]]
        history = History(
            file="history",
            frame=self._world.visible.iloc[rows].reset_index(drop=True),
            churned=self._world.outcome(trial.choice)[rows],
            ids=[self.ids[row] for row in rows],
            arms=numpy.where(trial.held_out[rows], CONTROL, planned),
            planned=planned,
            campaigns=numpy.full(len(rows), salt_id(salt)),
            propensity=numpy.full(len(rows), 1.0 - TRIAL_HOLDOUT),
            scores=self._risk[rows],
        )
        return learn_from(history, trial.actions, self._world.value[rows], self._seed)
