"""Whether a randomised campaign has shown that an action does anything, and for whom.

An effect counts as measured only when an interval of a randomised comparison excludes zero, however many actions were
tried: the average effect on everybody, or that on those whom models that had not seen them would have chosen (Athey and
Wager 2021, "Policy learning with observational data", section 2). Everything else is noise that looks like effect. It
must not know files, nor what is done with an effect that was not shown.
"""

from dataclasses import dataclass
from typing import Self

import numpy
from scipy.stats import norm

from churn_campaigns.uplift.cross_fitting import CrossFitted
from churn_campaigns.uplift.measures import qini_coefficient

ALPHA = 0.05
"""How often a history without any effect may show one, over all its actions."""
WAYS = 2  # to be shown: the average, and that of the chosen
_FEWEST = 2  # a spread needs two

Array = numpy.ndarray


@dataclass(frozen=True)
class Estimate:
    """A mean and its standard error."""

    mean: float
    error: float

    @classmethod
    def of(cls, values: Array, clusters: Array | None = None) -> Self | None:
        """The mean of independent values, or of values that belong together where ``clusters`` (int [values]) are
        equal, as those of one customer in two campaigns; None of fewer than two."""
        if len(values) < _FEWEST:
            return None
        mean = float(values.mean())
        groups = numpy.arange(len(values)) if clusters is None else numpy.unique(clusters, return_inverse=True)[1]
        deviations = numpy.bincount(groups, values - mean)
        return cls(mean, float(numpy.sqrt((deviations**2).sum() / (len(values) * (len(values) - 1.0)))))

    @property
    def score(self) -> float:
        """Mean by error; 0 where there is no spread, which shows nothing."""
        return self.mean / self.error if self.error > 0.0 else 0.0

    def interval(self, level: float) -> tuple[float, float]:
        """The normal interval of this level."""
        reach = float(norm.ppf(0.5 + level / 2.0)) * self.error
        return self.mean - reach, self.mean + reach


@dataclass(frozen=True)
class Evidence:
    """What a campaign has shown of one action.

    Attributes:
        treated: customers who were given it.
        control: customers they are compared with.
        average: reduction of churn probability, on average over both.
        chosen: customers among them whom models that had not seen them would give it.
        targeted: the reduction of churn probability among those (None: fewer than two).
        profit: money kept less cost for each of those (None: as above).
        qini: the Qini coefficient of the models' ranking (0: by chance).
    """

    treated: int
    control: int
    average: Estimate
    chosen: int
    targeted: Estimate | None
    profit: Estimate | None
    qini: float

    def helps(self, level: float) -> bool:
        """Whether an interval of this level lies above zero: of the average, or of the chosen."""
        estimates = (self.average, self.targeted)
        return any(each is not None and each.interval(level)[0] > 0.0 and each.error > 0.0 for each in estimates)

    def harms(self, level: float) -> bool:
        """Whether the interval of the average lies below zero, and nothing speaks for the chosen."""
        return self.average.error > 0.0 and self.average.interval(level)[1] < 0.0 and not self.helps(level)


def level_for(actions: int, alpha: float = ALPHA) -> float:
    """The level at which the intervals of so many actions hold all together (Bonferroni)."""
    return 1.0 - alpha / (WAYS * max(1, actions))


def evidence(
    fitted: CrossFitted, treated: Array, churned: Array, value: Array, cost: float, clusters: Array | None = None
) -> Evidence:
    """Hold an action's cross-fitted effects against the campaign.

    Args:
        fitted: effects and scores of the campaign's customers.
        treated: int [customers], 1 for treated.
        churned: int [customers], 1 for left.
        value: float [customers], money lost when the customer leaves.
        cost: of giving the action to one customer.
        clusters: int [customers], equal for rows of one customer (None: each row is another).
    """
    chosen = fitted.effects * value > cost
    profit = fitted.scores * value - cost
    groups = None if clusters is None else clusters[chosen]
    average = Estimate.of(fitted.scores, clusters)
    return Evidence(
        treated=int(treated.sum()),
        control=int(len(treated) - treated.sum()),
        average=average or Estimate(0.0, numpy.inf),
        chosen=int(chosen.sum()),
        targeted=Estimate.of(fitted.scores[chosen], groups),
        profit=Estimate.of(profit[chosen], groups),
        qini=qini_coefficient(churned, treated, fitted.effects),
    )
