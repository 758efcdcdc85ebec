"""What is believed of an effect before models say how it differs, and how far they are then believed.

A campaign of a few hundred customers shows an average, hardly more. Who is at risk is known better, from all who ever
left; so an average is dealt out by risk, and models must show that they know better. It must not know campaigns.
"""

import numpy
import pandas
from scipy.optimize import nnls
from scipy.special import expit

from churn_campaigns.uplift.base_learners import CERTAIN
from churn_campaigns.uplift.encoding import CovariateEncoder

RISK = "churn log-odds before"
"""The column with what a model of before said, where it is known of everybody."""
SHOWN = 1.0
"""Standard errors by which models must beat what is believed without them (the rule of one standard error, in favour of
what is simpler: Breiman et al. 1984, "Classification and regression trees", section 3.4)."""

DOUBT = 0.5
"""Standard deviation of what an action does around what was assumed of it, as a share of that."""

Array = numpy.ndarray


class InformedEncoder:
    """Makes the matrix of customers: first the log-odds that a model of before gave them, where one did."""

    def __init__(self, features: pandas.DataFrame) -> None:
        self._first = [name for name in (RISK,) if name in features]
        self._encoder = CovariateEncoder(features.drop(columns=self._first))

    def encode(self, features: pandas.DataFrame) -> Array:
        """Float [customers, columns]."""
        return numpy.column_stack([features[self._first].to_numpy(dtype=float), self._encoder.encode(features)])


def settled(average: float, error: float, assumed: float) -> float:
    """The expected average effect, given what a campaign saw (a mean with its standard error) and what was ``assumed``:
    an effect that counts because it was large enough to be shown is smaller than it looks (the winner's curse), and
    least is taken back of what is known best (a normal prior; Efron 2011, "Tweedie's formula and selection bias")."""
    prior = (DOUBT * assumed) ** 2
    return assumed + prior / (prior + error**2) * (average - assumed) if prior > 0.0 else average


def with_risk(frame: pandas.DataFrame, probability: Array) -> pandas.DataFrame:
    """The customers with their churn probability (float [customers]) by a model of before as one more feature."""
    known = numpy.clip(probability, CERTAIN, 1.0 - CERTAIN)
    return frame.assign(**{RISK: numpy.log(known / (1.0 - known))})


def risk_of(frame: pandas.DataFrame, without: Array) -> Array:
    """Churn probability as a model of before said, or where none did, as ``without`` (float [customers]) says."""
    return numpy.asarray(expit(frame[RISK].to_numpy())) if RISK in frame else without


def by_risk(average: float, risk: Array, mean: float) -> Array:
    """What each effect is as far as only the average is known: float [customers]; as much as risk says, since
    nobody is kept who would not leave; where an action drives customers away, the same for all.

    Args:
        average: over the customers of the campaign.
        risk: float [customers], churn probability.
        mean: of the risk, over the customers of the campaign.
    """
    return average * risk / mean if average > 0.0 else numpy.full(len(risk), average)


def believed(away: Array, rest: Array) -> Array:
    """How far models are believed: float [models], stacking weights (non-negative, 1 at most in sum), the less the less
    sure it is that they beat what is believed without them, and none where that was not shown (shrinkage as by the
    positive part of James and Stein 1961).

    Args:
        away: float [customers, models], what each model says beyond that.
        rest: float [customers], scores less that.
    """
    weights = numpy.asarray(nnls(away, rest)[0])
    weights /= max(1.0, weights.sum())
    gain = rest**2 - (rest - away @ weights) ** 2
    error = gain.std(ddof=1) / numpy.sqrt(len(gain))
    gained = float(gain.mean())
    return numpy.asarray(weights * (1.0 - (error / gained) ** 2 if gained > SHOWN * error else 0.0))


def beginning(dealt: Array, said: Array, *, informed: bool) -> tuple[Array, Array]:
    """What is believed of each customer's effect before others are (float [customers]), and how far those are away from
    it (float [customers, others]): the response types where a model of before ``informed`` them, else the average
    ``dealt`` out by risk."""
    first, others = (said[:, 0], numpy.column_stack([dealt, said[:, 1:]])) if informed else (dealt, said)
    return first, others - first[:, None]
