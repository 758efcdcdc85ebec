"""What a fit needs of a family of curves at one duration a customer: hazards, and how they change with the parameters.

Written out by hand, since a fit asks hundreds of times; tests hold every slope against differences and the fitted
curves against a library of survival analysis. It must not know who is fitted.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy
from scipy.special import expit, log_ndtr

SMALLEST = 1e-12
"""Months below which a duration counts as this, whose logarithm exists."""


class Local(NamedTuple):
    """At one duration a customer: cumulative ``hazard`` and the logarithm of the ``rate``, float [customers]; their
    derivatives by location, float [customers], and by each shape, float [customers, shapes]."""

    hazard: numpy.ndarray
    rate: numpy.ndarray
    hazard_by_location: numpy.ndarray
    rate_by_location: numpy.ndarray
    hazard_by_shape: numpy.ndarray
    rate_by_shape: numpy.ndarray


Slopes = Callable[[numpy.ndarray, numpy.ndarray, numpy.ndarray], Local]
"""(location [customers], shape [shapes], months [customers]) -> what holds there."""


def logarithm(months: numpy.ndarray) -> numpy.ndarray:
    """Of months, 0 counted as a moment."""
    found: numpy.ndarray = numpy.log(numpy.maximum(months, SMALLEST))
    return found


def weibull(location: numpy.ndarray, shape: numpy.ndarray, months: numpy.ndarray) -> Local:
    """H = (t / exp(location))^k, k = exp(shape)."""
    power, time = numpy.exp(shape[0]), logarithm(months)
    z = power * (time - location)
    hazard = numpy.exp(z)
    rate = z + shape[0] - time
    constant = numpy.full_like(z, -power)
    return Local(hazard, rate, -power * hazard, constant, (z * hazard)[:, None], (z + 1.0)[:, None])


def log_logistic(location: numpy.ndarray, shape: numpy.ndarray, months: numpy.ndarray) -> Local:
    """H = log(1 + (t / exp(location))^k), k = exp(shape)."""
    power, time = numpy.exp(shape[0]), logarithm(months)
    z = power * (time - location)
    share = expit(z)
    hazard = numpy.logaddexp(0.0, z)
    rate = z + shape[0] - time - hazard
    by_shape = (z * share)[:, None], (z * (1.0 - share) + 1.0)[:, None]
    return Local(hazard, rate, -power * share, -power * (1.0 - share), *by_shape)


def log_normal(location: numpy.ndarray, shape: numpy.ndarray, months: numpy.ndarray) -> Local:
    """The logarithm of the duration is normal around location with deviation exp(shape)."""
    deviation, time = numpy.exp(shape[0]), logarithm(months)
    u = (time - location) / deviation
    hazard = -log_ndtr(-u)
    density = -0.5 * u * u - 0.5 * numpy.log(2.0 * numpy.pi)
    mills = numpy.exp(density + hazard)
    rate = density - time - shape[0] + hazard
    by_u = mills - u
    by_shape = (-u * mills)[:, None], (-u * by_u - 1.0)[:, None]
    return Local(hazard, rate, -mills / deviation, -by_u / deviation, *by_shape)


def piecewise(edges: numpy.ndarray) -> Slopes:
    """The hazard is exp(location) up to the second edge, and that times exp(shape) in each interval after it."""

    def local(location: numpy.ndarray, shape: numpy.ndarray, months: numpy.ndarray) -> Local:
        spent = numpy.clip(months[:, None] - edges[:-1], 0.0, numpy.diff(edges))
        logs = numpy.concatenate([[0.0], shape])
        hazards = numpy.exp(location)[:, None] * spent * numpy.exp(logs)
        # A duration at an edge ends the interval before it.
        place = numpy.clip(numpy.searchsorted(edges, months, side="left") - 1, 0, len(shape))
        here = (place[:, None] == numpy.arange(1, len(edges) - 1)).astype(float)
        hazard = hazards.sum(axis=1)
        return Local(hazard, location + logs[place], hazard, numpy.ones_like(hazard), hazards[:, 1:], here)

    return local
