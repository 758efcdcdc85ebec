"""Fits survival curves with lifelines and says how sure their parameters are.

It must not read customers or know what time is worth.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from churn_campaigns.lifetime.families import Family
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


@dataclass(frozen=True)
class Fitted:
    """A fitted family: the most likely parameters, float [coefficients + shapes], and their covariance (the inverse of
    the penalised information, Gray 1992)."""

    family: Family
    parameters: numpy.ndarray
    covariance: numpy.ndarray

    def draws(self, count: int, seed: int) -> numpy.ndarray:
        """Parameters as they might be too, float [count, parameters], from the normal distribution around the fit."""
        generator = numpy.random.default_rng(seed)
        return generator.multivariate_normal(self.parameters, self.covariance, size=count, method="eigh")


def breakpoints_for(months: numpy.ndarray, left: numpy.ndarray) -> tuple[float, ...]:
    """Where a piecewise hazard changes: quantiles of leavers' durations, none where there are too few leavers."""
    leavers = months[left == 1]
    intervals = min(MOST_INTERVALS, len(leavers) // LEAVERS_AN_INTERVAL)
    quantiles = [*numpy.linspace(0, 1, intervals + 1)[1:-1], *(TAIL if len(leavers) >= MANY_LEAVERS else ())]
    found = numpy.unique(numpy.quantile(leavers, quantiles)) if quantiles else numpy.array([])
    return tuple(found[found < leavers.max()].tolist())


def fit(family: Family, matrix: numpy.ndarray, months: numpy.ndarray, left: numpy.ndarray) -> Fitted:
    """The family's most likely curves.

    Args:
        family: what to fit.
        matrix: covariates, float [customers, coefficients], the first column 1.
        months: how long each has been a customer, above 0.
        left: 1 who left then, 0 who was still there.

    Raises:
        Failure: no curve is the most likely one.
    """
    import lifelines
    from lifelines.exceptions import ConvergenceError

    unit = float(months.mean())  # Times around 1 are what the optimiser starts from.
    names = [f"covariate{number}" for number in range(1, matrix.shape[1])]
    frame = pandas.DataFrame(matrix[:, 1:], columns=names).assign(months=months / unit, left=left)
    options: dict[str, Any] = {"penalizer": PENALTY}
    if family.breakpoints:
        options["baseline_estimation_method"] = "piecewise"
        options["breakpoints"] = [breakpoint_ / unit for breakpoint_ in family.breakpoints]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of its own arithmetic; what matters is checked on held-out customers.
            fitter = getattr(lifelines, family.fitter)(**options).fit(frame, "months", "left")
    except (ConvergenceError, numpy.linalg.LinAlgError) as error:
        raise Failure(f"{family.title} curves do not fit these customers") from error
    return _fitted(family, fitter, names, unit)


def _fitted(family: Family, fitter: Any, names: list[str], unit: float) -> Fitted:
    order = [(family.location, "Intercept"), *((family.location, name) for name in names)]
    order += [(shape, "Intercept") for shape in family.shapes]
    parameters = fitter.params_.loc[order].to_numpy(dtype=float)
    covariance = fitter.variance_matrix_.loc[order, order].to_numpy(dtype=float)
    if not (numpy.isfinite(parameters).all() and numpy.isfinite(covariance).all()):
        raise Failure(f"{family.title} curves do not fit these customers")
    # Back from the optimiser's unit to months: a scale of time moves by log(unit), a rate against it.
    parameters[0] += -numpy.log(unit) if family.breakpoints else numpy.log(unit)
    return Fitted(family, parameters, (covariance + covariance.T) / 2)
