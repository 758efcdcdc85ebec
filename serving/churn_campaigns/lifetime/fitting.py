"""Fits survival curves and says how sure their parameters are.

The likelihood is that of leaving, or staying, given that the customer was still there when observation began. It must
not read customers or know what time is worth.
"""

from dataclasses import dataclass

import numpy
from scipy.optimize import minimize

from churn_campaigns.lifetime.durations import Durations
from churn_campaigns.lifetime.families import Family, piecewise
from churn_data.errors import Failure

PENALTY = 0.001
"""Ridge on standardised coefficients beside the mean log-likelihood: weighs as much as a customer in a thousand, enough
to keep a level nobody left from running away."""
MOST_INTERVALS = 10
LEAVERS_AN_INTERVAL = 20
TAIL = (0.95, 0.98)
"""Quantiles of leavers' durations at which many leavers get further breakpoints: after the last one the hazard goes on,
and long-standing customers are where it does."""
MANY_LEAVERS = 1000
FLAT = 1e-7
"""Length of the gradient of the mean log-likelihood at which the top is reached."""
DIFFERENCE = 1e-5


@dataclass(frozen=True)
class Fitted:
    """A fitted family: the most likely parameters, float [coefficients + shapes], their covariance (the inverse of the
    penalised information, Gray 1992), and the log-likelihood that they reach."""

    family: Family
    parameters: numpy.ndarray
    covariance: numpy.ndarray
    log_likelihood: float = 0.0

    @property
    def akaike(self) -> float:
        """Akaike's criterion, lower is better: what the likelihood promises less what its parameters cost."""
        return 2.0 * (len(self.parameters) - self.log_likelihood)

    def draws(self, count: int, seed: int) -> numpy.ndarray:
        """Parameters as they might be too, float [count, parameters], from the normal distribution around the fit."""
        generator = numpy.random.default_rng(seed)
        return generator.multivariate_normal(self.parameters, self.covariance, size=count, method="eigh")


def breakpoints_for(months: numpy.ndarray, left: numpy.ndarray) -> tuple[float, ...]:
    """Where a piecewise hazard changes: quantiles of leavers' durations, none where there are too few leavers; never at
    a duration that occurs, where nobody could say which hazard holds."""
    leavers = months[left == 1]
    intervals = min(MOST_INTERVALS, len(leavers) // LEAVERS_AN_INTERVAL)
    quantiles = [*numpy.linspace(0, 1, intervals + 1)[1:-1], *(TAIL if len(leavers) >= MANY_LEAVERS else ())]
    if not quantiles:
        return ()
    occurring, wanted = numpy.unique(leavers), numpy.quantile(leavers, quantiles)
    wanted = wanted[wanted < occurring[-1]]
    after = numpy.searchsorted(occurring, wanted, side="right")
    between = (occurring[after - 1] + occurring[after]) / 2
    return tuple(numpy.unique(numpy.where(wanted == occurring[after - 1], between, wanted)).tolist())


def scaled(family: Family, unit: float) -> Family:
    """The same family where time is counted in units of so many months."""
    return piecewise(tuple(edge / unit for edge in family.breakpoints)) if family.breakpoints else family


def fit(family: Family, matrix: numpy.ndarray, durations: Durations) -> Fitted:
    """The family's most likely curves, given that customers were still there when they began to be watched.

    Args:
        family: what to fit.
        matrix: covariates, float [customers, coefficients], the first column 1.
        durations: of the same customers.

    Raises:
        Failure: no curve is the most likely one.
    """
    target = _Target(family, matrix, durations)
    start = target.start()
    found = minimize(target, start, jac=True, hess=target.curvature, method="trust-exact", options={"gtol": FLAT})
    if not (found.success and numpy.isfinite(found.fun)):
        raise Failure(f"{family.title} curves do not fit these customers")
    information = target.curvature(found.x) * len(durations)
    covariance = _inverse(family, information) * _spent(len(start), int(durations.left.sum()))
    parameters, likelihood = target.in_months(found.x), target.log_likelihood(found.x)
    return Fitted(family, parameters, covariance, likelihood)


def _spent(parameters: int, leavers: int) -> float:
    """By how much more an expectation varies than the information says, since as many leavers as there are parameters
    went into finding them; as the residual variance of a regression is estimated, and 1 where leavers are many."""
    return leavers / max(leavers - parameters, 1)


def _inverse(family: Family, information: numpy.ndarray) -> numpy.ndarray:
    try:
        covariance = numpy.linalg.inv(information)
    except numpy.linalg.LinAlgError as error:
        raise Failure(f"{family.title} curves do not fit these customers") from error
    if not (numpy.isfinite(covariance).all() and (covariance.diagonal() > 0).all()):
        raise Failure(f"{family.title} curves do not fit these customers")
    inverse: numpy.ndarray = (covariance + covariance.T) / 2
    return inverse


class _Target:
    """Minus the penalised mean log-likelihood a customer, and its gradient; times are in units of the mean duration, so
    that the optimiser starts near 1."""

    def __init__(self, family: Family, matrix: numpy.ndarray, durations: Durations) -> None:
        self._watched, self._customers = durations.watched(), len(durations)
        self._unit = float(durations.months.mean())
        self._family = scaled(family, self._unit)
        self._matrix = matrix[self._watched.customer]
        self._until, self._entry = self._watched.until / self._unit, self._watched.entry / self._unit
        self._penalties = PENALTY * matrix.var(axis=0)

    def start(self) -> numpy.ndarray:
        """Everybody alike, at a constant hazard (log-normal: about that)."""
        watched = self._watched
        rate = (watched.weight @ watched.left) / (watched.weight @ (self._until - self._entry))
        parameters = numpy.zeros(self._matrix.shape[1] + self._family.shapes)
        parameters[0] = -numpy.log(rate) if self._family.accelerated else numpy.log(rate)
        return parameters

    def __call__(self, parameters: numpy.ndarray) -> tuple[float, numpy.ndarray]:
        value, gradient = self._likelihood(parameters)
        coefficients = self._matrix.shape[1]
        weights = parameters[:coefficients] * self._penalties
        gradient[:coefficients] -= weights
        return 0.5 * float(weights @ parameters[:coefficients]) - value, -gradient

    def curvature(self, parameters: numpy.ndarray) -> numpy.ndarray:
        """Second derivatives, float [parameters, parameters], by differences of the slopes of each customer: one of
        the location serves all coefficients."""
        location, shape = self._split(parameters)
        count, found = len(parameters) - len(shape), numpy.diag(numpy.append(self._penalties, shape * 0.0))
        by_location, by_shape = self._bend(location, shape, numpy.ones_like(location), shape * 0.0)
        found[:count, :count] -= self._matrix.T @ (by_location[:, None] * self._matrix)
        found[count:, :count] -= by_shape.T @ self._matrix
        for index, step in enumerate(numpy.eye(len(shape))):
            found[count + index, count:] -= self._bend(location, shape, location * 0.0, step)[1].sum(axis=0)
        found[:count, count:] = found[count:, :count].T
        symmetric: numpy.ndarray = (found + found.T) / 2
        return symmetric

    def _bend(
        self, location: numpy.ndarray, shape: numpy.ndarray, along: numpy.ndarray, along_shape: numpy.ndarray
    ) -> tuple[numpy.ndarray, numpy.ndarray]:
        """How the slopes of each stretch change in a direction."""
        further = self._local(location + DIFFERENCE * along, shape + DIFFERENCE * along_shape)
        nearer = self._local(location - DIFFERENCE * along, shape - DIFFERENCE * along_shape)
        return (further[1] - nearer[1]) / (2 * DIFFERENCE), (further[2] - nearer[2]) / (2 * DIFFERENCE)

    def log_likelihood(self, parameters: numpy.ndarray) -> float:
        """Of all customers together, without penalty."""
        return self._likelihood(parameters)[0] * self._customers

    def in_months(self, parameters: numpy.ndarray) -> numpy.ndarray:
        """Back from the unit to months: a scale of time moves by log(unit), a rate against it."""
        moved = parameters.copy()
        moved[0] += numpy.log(self._unit) if self._family.accelerated else -numpy.log(self._unit)
        return moved

    def _split(self, parameters: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
        coefficients = self._matrix.shape[1]
        return self._matrix @ parameters[:coefficients], parameters[coefficients:]

    def _likelihood(self, parameters: numpy.ndarray) -> tuple[float, numpy.ndarray]:
        value, by_location, by_shape = self._local(*self._split(parameters))
        return value, numpy.concatenate([by_location @ self._matrix, by_shape.sum(axis=0)])

    def _local(self, location: numpy.ndarray, shape: numpy.ndarray) -> tuple[float, numpy.ndarray, numpy.ndarray]:
        """The mean log-likelihood a customer, and each stretch's slopes of it by location and by shape."""
        left, share = self._watched.left, self._watched.weight / self._customers
        with numpy.errstate(over="ignore", invalid="ignore"):  # A step too far; the optimiser comes back.
            ends = self._family.slopes(location, shape, self._until)
            starts = self._family.slopes(location, shape, self._entry)
            value = float(share @ (left * ends.rate - ends.hazard + starts.hazard))
            by_location = left * ends.rate_by_location - ends.hazard_by_location + starts.hazard_by_location
            by_shape = left[:, None] * ends.rate_by_shape - ends.hazard_by_shape + starts.hazard_by_shape
        return value, share * by_location, share[:, None] * by_shape
