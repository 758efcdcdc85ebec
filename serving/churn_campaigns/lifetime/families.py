"""Families of survival curves as plain arithmetic on arrays: which shape the risk of leaving takes over time.

A curve is evaluated for many customers, months and draws of the parameters at once; what a fit needs of it stands in
slopes.py. It must not fit anything.

A parameter vector is the coefficients of the covariates (the first column is 1), then the shape.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy
from scipy.special import log_ndtr

from churn_campaigns.lifetime import slopes
from churn_campaigns.lifetime.slopes import Slopes, logarithm

Hazard = Callable[[numpy.ndarray, numpy.ndarray, numpy.ndarray], numpy.ndarray]
"""(location [customers, 1, draws], shape [draws, shapes], months [customers, times, 1]) -> cumulative hazard
[customers, times, draws]."""


def _weibull(location: numpy.ndarray, shape: numpy.ndarray, months: numpy.ndarray) -> numpy.ndarray:
    hazard: numpy.ndarray = numpy.exp(numpy.exp(shape[:, 0]) * (logarithm(months) - location))
    return hazard


def _log_normal(location: numpy.ndarray, shape: numpy.ndarray, months: numpy.ndarray) -> numpy.ndarray:
    hazard: numpy.ndarray = -log_ndtr((location - logarithm(months)) / numpy.exp(shape[:, 0]))
    return hazard


def _log_logistic(location: numpy.ndarray, shape: numpy.ndarray, months: numpy.ndarray) -> numpy.ndarray:
    hazard: numpy.ndarray = numpy.logaddexp(0.0, numpy.exp(shape[:, 0]) * (logarithm(months) - location))
    return hazard


@dataclass(frozen=True)
class Family:
    """A family: its name, in words too, how many shape parameters it has, its cumulative hazard, and what a fit needs
    of it. Without ``breakpoints`` covariates stretch or shrink time, with them they multiply the hazard."""

    name: str
    title: str
    shapes: int
    hazard: Hazard
    slopes: Slopes
    breakpoints: tuple[float, ...] = ()

    @property
    def accelerated(self) -> bool:
        """Whether the location is the logarithm of a time; else it is that of a rate."""
        return not self.breakpoints


ACCELERATED = (
    Family("weibull", "Weibull", 1, _weibull, slopes.weibull),
    Family("log-normal", "log-normal", 1, _log_normal, slopes.log_normal),
    Family("log-logistic", "log-logistic", 1, _log_logistic, slopes.log_logistic),
)
"""Accelerated failure time: covariates stretch or shrink time (Kalbfleisch & Prentice 2002, chapter 2)."""


def piecewise(breakpoints: tuple[float, ...]) -> Family:
    """Proportional hazards whose baseline is constant between months (Friedman 1982): Cox's model with a curve that is
    known at every time. After the last breakpoint its last hazard goes on."""
    edges = numpy.array([0.0, *breakpoints, numpy.inf])

    def hazard(location: numpy.ndarray, shape: numpy.ndarray, months: numpy.ndarray) -> numpy.ndarray:
        spent = numpy.clip(months - edges[:-1], 0.0, numpy.diff(edges))  # [customers, times, intervals]
        relative = numpy.concatenate([numpy.ones((len(shape), 1)), numpy.exp(shape)], axis=1)
        total: numpy.ndarray = numpy.exp(location) * (spent @ relative.T)
        return total

    return Family(
        "piecewise",
        "proportional hazards",
        len(breakpoints),
        hazard,
        slopes.piecewise(edges),
        tuple(map(float, breakpoints)),
    )


def cumulative_hazard(
    family: Family, parameters: numpy.ndarray, matrix: numpy.ndarray, months: numpy.ndarray
) -> numpy.ndarray:
    """Cumulative hazard, -log of the share still there: float [customers, times, draws].

    Args:
        family: the shape of the curves.
        parameters: float [draws, coefficients + shapes].
        matrix: covariates, float [customers, coefficients], the first column 1.
        months: times, float [customers, times].
    """
    coefficients = matrix.shape[1]
    location = (matrix @ parameters[:, :coefficients].T)[:, None, :]
    return family.hazard(location, parameters[:, coefficients:], months[:, :, None])
