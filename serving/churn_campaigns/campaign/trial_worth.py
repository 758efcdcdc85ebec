"""Whether a trial pays: what it is expected to teach, held against its cost and the time until its outcomes are known.

A trial that could show an effect may still cost more than anybody can earn with what it shows. So before it is made
its expected value of information is worked out (preposterior analysis: Raiffa and Schlaifer 1961, "Applied Statistical
Decision Theory"): what actions keep is drawn around what was assumed of them, and what a trial of that size lets one
believe of it moves the campaign that follows. It must not know outcomes, nor for whom effects differ: only averages
are taken for learned.
"""

from dataclasses import dataclass

import numpy
from scipy.stats import qmc

from churn_campaigns.campaign.allocation import allocate
from churn_campaigns.campaign.customers import Customers, Flags
from churn_campaigns.campaign.detectable import Compared, compared
from churn_campaigns.campaign.learning import ASSUMED
from churn_campaigns.campaign.orders import Order
from churn_campaigns.campaign.plan import CampaignPlan
from churn_campaigns.campaign.problem import NOTHING, Floats
from churn_campaigns.uplift.belief import DOUBT

YEAR_OF_DAYS = 365.0
"""For so long the money is there that is planned with, and what was learned is of use."""
DRAWS = 32
SAMPLE = 5_000  # customers: what is asked is how two sums compare, and both are of the same customers


@dataclass(frozen=True)
class Worth:
    """``with_trial``: money that trial and campaign are expected to bring; ``without``: a campaign today with the money
    of both; ``waiting``: share of what the campaign would bring that is lost until outcomes are known."""

    with_trial: float
    without: float
    waiting: float

    @property
    def pays(self) -> bool:
        """Whether to make the trial."""
        return self.with_trial > self.without


def waiting_for(days: int) -> float:
    """The share of a year that is over when outcomes are known after so many days, 1 at most."""
    return min(1.0, days / YEAR_OF_DAYS)


def worth_of_trial(trial: CampaignPlan, customers: Customers, then: Order, waiting: float) -> Worth:
    """What a trial and the campaign after it are expected to bring, and what a campaign does that begins today.

    What an action keeps of the would-be leavers is taken for normal around what was assumed, with
    :data:`~churn_campaigns.uplift.belief.DOUBT` of that as its standard deviation. Effects that were measured are not
    doubted.

    Args:
        trial: what was dealt.
        customers: all of whom it was dealt to some.
        then: of the campaign after it, whose money a campaign today has beside that of the trial.
        waiting: share of the campaign's value that is lost until the trial's outcomes are known, 0 to 1.
    """
    sample = _Sample(trial, customers, then)
    spent = float(trial.taken(numpy.broadcast_to(sample.cost, trial.offers.net.shape)).sum())
    without = sample.best(numpy.ones(sample.size, dtype=bool), numpy.ones(len(sample.cost)), then.budget + spent)
    taught = [sample.best(sample.untried, times, then.budget) for times in _beliefs(trial, customers)]
    own = float(trial.taken(trial.offers.net).sum())
    return Worth(own + (1.0 - waiting) * float(numpy.mean(taught)), without, waiting)


def worth_line(found: Worth, days: int) -> str:
    """Whether a trial pays, in a sentence."""
    advice = "so it pays" if found.pays else "so it does not pay: plan a campaign without --trial"
    return (
        f"this trial, and the campaign that knows its outcomes after {days} days of a year, are expected to bring "
        f"{found.with_trial:.2f}; a campaign today with the money of both {found.without:.2f}, if actions do what is "
        f"assumed, give or take {DOUBT:.0%} of it; {advice}"
    )


def _beliefs(trial: CampaignPlan, customers: Customers) -> Floats:
    """What actions may be believed to keep after the trial, as multiples of what is assumed: float [draws, actions]."""
    by_action = {each.action: each for each in compared(trial, customers)}
    spread = numpy.array(
        [
            _spread(by_action.get(index), action.effect) if action.source == ASSUMED else 0.0
            for index, action in enumerate(trial.actions)
        ]
    )
    drawn = qmc.MultivariateNormalQMC(numpy.zeros(len(spread)), seed=0).random(DRAWS)
    beliefs: Floats = numpy.maximum(1.0 + spread * drawn, 0.0)
    return beliefs


def _spread(found: Compared | None, assumed: float) -> float:
    """Standard deviation of what is believed afterwards, as a share of what is assumed: the more certain the trial, the
    nearer to that of what the action does."""
    if found is None or assumed <= 0.0:
        return 0.0
    error = numpy.sqrt(found.variance) / found.risk / assumed
    return float(DOUBT * numpy.sqrt(DOUBT**2 / (DOUBT**2 + error**2)))


class _Sample:
    """Customers spread evenly over all, and what the best campaign for them would bring to all."""

    def __init__(self, trial: CampaignPlan, customers: Customers, then: Order) -> None:
        rows = numpy.arange(0, len(customers), max(1, len(customers) // SAMPLE))
        self.size, self._share = len(rows), len(rows) / len(customers)
        offers, offer = trial.offers, numpy.array([action.offer for action in trial.actions])
        doubted = numpy.where(offers.measured[rows], 0.0, offers.effect[rows])
        self._net, self._moved = offers.net[rows], doubted * (customers.value[rows, None] - offer)
        self._room = numpy.where(then.capacity < 0, -1, (then.capacity * self._share).astype(int))
        self.untried: Flags = trial.planned.choice[rows] == NOTHING
        self.cost = numpy.array([action.cost for action in trial.actions])

    def best(self, whom: Flags, times: Floats, budget: float) -> float:
        """Money, when actions keep so many times what is assumed (float [actions]) and the budget is that for all."""
        net = self._net[whom] + (times - 1.0) * self._moved[whom]
        return allocate(net, self.cost, budget * self._share, self._room).value / self._share
