"""Chooses the family of curves that foretells best when held-out customers leave.

Judged by the log-likelihood of held-out customers, a proper score: it rewards ranking and calibration at once, and
needs no model of who is still there when the file is written (Gneiting & Raftery 2007). It must not know values.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy

from churn_campaigns.lifetime.families import ACCELERATED, Family, cumulative_hazard, piecewise
from churn_campaigns.lifetime.fitting import Fitted, breakpoints_for, fit
from churn_data.errors import DataError, Failure

HELD_OUT = 0.3
FEWEST_LEAVERS = 50
YEAR = 12.0
STEP = 1e-4  # relative, for the derivative of the cumulative hazard


@dataclass(frozen=True)
class Judged:
    """How a family did on held-out customers.

    ``log_likelihood`` is the mean a customer (nats, higher is better), ``concordance`` the share of comparable pairs in
    the right order (Harrell 1982). ``years`` tells for each year of duration how many left in it and how many the
    curves expected, that is, the hazard that each customer has gone through in it (Crowson, Atkinson & Therneau 2016);
    the first is the calibration at 12 months.
    """

    family: Family
    log_likelihood: float
    concordance: float
    years: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Selection:
    """Every family that could be fitted, best first, and lines about those that could not."""

    judged: tuple[Judged, ...]
    warnings: tuple[str, ...]


def select(matrix: numpy.ndarray, months: numpy.ndarray, left: numpy.ndarray, file: str, seed: int) -> Selection:
    """Fit every family on 70 % of the customers and judge it on the others.

    Args:
        matrix: covariates, float [customers, coefficients].
        months: durations.
        left: 1 who left then, 0 who was still there.
        file: for messages.
        seed: of the split, in which leavers are spread evenly.

    Raises:
        DataError: fewer than 50 customers left.
        Failure: no family fits.
    """
    from sklearn.model_selection import train_test_split

    if left.sum() < FEWEST_LEAVERS:
        raise DataError(file, f"{int(left.sum())} customers left, at least {FEWEST_LEAVERS} are needed to learn when")
    learn, test = train_test_split(numpy.arange(len(left)), test_size=HELD_OUT, stratify=left, random_state=seed)
    breakpoints = breakpoints_for(months[learn], left[learn])
    judged: list[Judged] = []
    problems: list[str] = []
    for family in (*ACCELERATED, *([piecewise(breakpoints)] if breakpoints else [])):
        try:
            fitted = fit(family, matrix[learn], months[learn], left[learn])
        except Failure as problem:
            problems.append(str(problem))
        else:
            judged.append(judge(fitted, matrix[test], months[test], left[test]))
    if not judged:
        raise Failure(f"{file}: no family of survival curves fits these customers")
    return Selection(tuple(sorted(judged, key=lambda found: -found.log_likelihood)), tuple(problems))


def judge(fitted: Fitted, matrix: numpy.ndarray, months: numpy.ndarray, left: numpy.ndarray) -> Judged:
    """Measures of a fitted family on customers it has not seen; arguments as of :func:`select`."""
    from lifelines.utils import concordance_index

    def hazard(times: numpy.ndarray) -> numpy.ndarray:
        found: numpy.ndarray = cumulative_hazard(fitted.family, fitted.parameters[None, :], matrix, times)[:, :, 0]
        return found

    around = hazard(months[:, None] * numpy.array([1.0 - STEP, 1.0, 1.0 + STEP]))
    rate = (around[:, 2] - around[:, 0]) / (2 * STEP * months)
    likelihood = numpy.where(left == 1, numpy.log(numpy.maximum(rate, 1e-300)), 0.0) - around[:, 1]
    middle = numpy.full((len(months), 1), numpy.median(months))
    return Judged(
        family=fitted.family,
        log_likelihood=float(likelihood.mean()),
        concordance=float(concordance_index(months, -hazard(middle)[:, 0], left)),
        years=_years(hazard, months, left),
    )


def _years(
    hazard: Callable[[numpy.ndarray], numpy.ndarray], months: numpy.ndarray, left: numpy.ndarray
) -> tuple[tuple[int, float], ...]:
    edges = numpy.arange(0.0, months.max() + YEAR, YEAR)
    lived = hazard(numpy.minimum(months[:, None], edges[None, :]))
    expected = numpy.diff(lived, axis=1).sum(axis=0)
    observed, _ = numpy.histogram(months[left == 1], edges)
    return tuple((int(seen), float(foretold)) for seen, foretold in zip(observed, expected, strict=True))
