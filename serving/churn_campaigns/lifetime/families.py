"""Families of survival curves as plain arithmetic on arrays: which shape the risk of leaving takes over time.

lifelines fits them (fitting.py); here a curve is evaluated for many customers, months and draws of the parameters at
once, which its predictions do one customer's frame at a time. It must not fit anything.

A parameter vector is the coefficients of the covariates (the first column is 1), then the shape.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy
from scipy.special import log_ndtr

Hazard = Callable[[numpy.ndarray, numpy.ndarray, numpy.ndarray], numpy.ndarray]
"""(location [customers, 1, draws], shape [draws, shapes], months [customers, times, 1]) -> cumulative hazard
[customers, times, draws]."""
SMALLEST = 1e-12


def _weibull(location: numpy.ndarray, shape: numpy.ndarray, months: numpy.ndarray) -> numpy.ndarray:
    hazard: numpy.ndarray = numpy.exp(numpy.exp(shape[:, 0]) * (_log(months) - location))
    return hazard


def _log_normal(location: numpy.ndarray, shape: numpy.ndarray, months: numpy.ndarray) -> numpy.ndarray:
    hazard: numpy.ndarray = -log_ndtr((location - _log(months)) / numpy.exp(shape[:, 0]))
    return hazard


def _log_logistic(location: numpy.ndarray, shape: numpy.ndarray, months: numpy.ndarray) -> numpy.ndarray:
    hazard: numpy.ndarray = numpy.logaddexp(0.0, numpy.exp(shape[:, 0]) * (_log(months) - location))
    return hazard


def _log(months: numpy.ndarray) -> numpy.ndarray:
    logarithm: numpy.ndarray = numpy.log(numpy.maximum(months, SMALLEST))
    return logarithm


@dataclass(frozen=True)
class Family:
    """A family: its name, the fitter of lifelines, that fitter's names of location and shapes, and its arithmetic."""

    name: str
    title: str
    fitter: str
    location: str
    shapes: tuple[str, ...]
    hazard: Hazard
    breakpoints: tuple[float, ...] = ()


ACCELERATED = (
    Family("weibull", "Weibull", "WeibullAFTFitter", "lambda_", ("rho_",), _weibull),
    Family("log-normal", "log-normal", "LogNormalAFTFitter", "mu_", ("sigma_",), _log_normal),
    Family("log-logistic", "log-logistic", "LogLogisticAFTFitter", "alpha_", ("beta_",), _log_logistic),
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

    shapes = tuple(f"log_lambda{number}_" for number in range(2, len(breakpoints) + 2))
    return Family(
        "piecewise", "proportional hazards", "CoxPHFitter", "beta_", shapes, hazard, tuple(map(float, breakpoints))
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
