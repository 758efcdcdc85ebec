"""Weighs families of curves against each other, and judges them on held-out customers.

No family is the true one, and which is nearest is itself uncertain: each counts by its Akaike weight (Burnham and
Anderson 2002, chapter 4), so that intervals hold the uncertainty of the choice too. What is reported beside it is
measured on customers held out: the log-likelihood, a proper score, and calibration. It must not know values.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy

from churn_campaigns.lifetime.durations import Durations, Watched
from churn_campaigns.lifetime.families import ACCELERATED, Family, cumulative_hazard, piecewise
from churn_campaigns.lifetime.fitting import Fitted, breakpoints_for, fit
from churn_data.errors import DataError, Failure

HELD_OUT = 0.3
FEWEST_LEAVERS = 50
YEAR = 12.0
STEP = 1e-4  # relative, for the derivative of the cumulative hazard
LEAST_WEIGHT = 0.01


@dataclass(frozen=True)
class Judged:
    """How a family did on held-out customers.

    ``log_likelihood`` is the mean a customer (nats, higher is better), ``concordance`` the share of comparable pairs in
    the right order (Harrell 1982): one left, and the other was watched at the same duration and still there. ``years``
    tells for each year of duration how many left in it and how many the curves expected, that is, the hazard that each
    customer has gone through in it (Crowson, Atkinson & Therneau 2016); the first is the calibration at 12 months.
    """

    family: Family
    log_likelihood: float
    concordance: float
    years: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Member:
    """A fitted family and how much it counts; the weights of all members add up to 1."""

    fitted: Fitted
    weight: float


@dataclass(frozen=True)
class Selection:
    """The families that count, by falling weight; how each did on held-out customers, in the same order; and lines
    about those that could not be fitted."""

    members: tuple[Member, ...]
    judged: tuple[Judged, ...]
    warnings: tuple[str, ...]


def select(matrix: numpy.ndarray, durations: Durations, file: str, seed: int, *, judging: bool = True) -> Selection:
    """Fit every family on all customers, weigh them, and judge those that count on 30 % after fitting on the others.

    Args:
        matrix: covariates, float [customers, coefficients].
        durations: of the same customers.
        file: for messages.
        seed: of the split, in which leavers are spread evenly.
        judging: whether they are judged; what they say is the same without.

    Raises:
        DataError: fewer than 50 customers left.
        Failure: no family fits.
    """
    gone = int(durations.left.sum())
    if gone < FEWEST_LEAVERS:
        raise DataError(file, f"{gone} customers left, at least {FEWEST_LEAVERS} are needed to learn when")
    fitted, problems = _fit_all(matrix, durations)
    if not fitted:
        raise Failure(f"{file}: no family of survival curves fits these customers")
    members = _weighed(fitted)
    judged = [_judged(member.fitted.family, matrix, durations, seed) for member in members if judging]
    return Selection(members, tuple(judged), tuple(problems))


def _fit_all(matrix: numpy.ndarray, durations: Durations) -> tuple[list[Fitted], list[str]]:
    breakpoints = breakpoints_for(durations.months, durations.left)
    fitted: list[Fitted] = []
    problems: list[str] = []
    for family in (*ACCELERATED, *([piecewise(breakpoints)] if breakpoints else [])):
        try:
            fitted.append(fit(family, matrix, durations))
        except Failure as problem:
            problems.append(str(problem))
    return fitted, problems


def _weighed(fitted: list[Fitted]) -> tuple[Member, ...]:
    criteria = numpy.array([one.akaike for one in fitted])
    weights = numpy.exp((criteria.min() - criteria) / 2.0)
    weights /= weights.sum()
    weights = numpy.where(weights < LEAST_WEIGHT, 0.0, weights)
    weights /= weights.sum()
    order = numpy.argsort(-weights, kind="stable")
    return tuple(Member(fitted[index], float(weights[index])) for index in order if weights[index] > 0)


def _judged(family: Family, matrix: numpy.ndarray, durations: Durations, seed: int) -> Judged:
    from sklearn.model_selection import train_test_split

    positions = numpy.arange(len(durations))
    learn, test = train_test_split(positions, test_size=HELD_OUT, stratify=durations.left, random_state=seed)
    return judge(fit(family, matrix[learn], durations.take(learn)), matrix[test], durations.take(test))


def judge(fitted: Fitted, matrix: numpy.ndarray, durations: Durations) -> Judged:
    """Measures of a fitted family on customers it has not seen; arguments as of :func:`select`."""
    watched = durations.watched()

    def hazard(times: numpy.ndarray) -> numpy.ndarray:
        given = matrix[watched.customer]
        found: numpy.ndarray = cumulative_hazard(fitted.family, fitted.parameters[None, :], given, times)[:, :, 0]
        return found

    before, at, after, entry = hazard(
        numpy.stack([watched.until * (1.0 - STEP), watched.until, watched.until * (1.0 + STEP), watched.entry], axis=1)
    ).T
    rate = (after - before) / (2 * STEP * watched.until)
    likelihood = numpy.where(watched.left == 1, numpy.log(numpy.maximum(rate, 1e-300)), 0.0) - (at - entry)
    middle = numpy.full((len(watched.until), 1), numpy.median(durations.months))
    return Judged(
        family=fitted.family,
        log_likelihood=float(watched.weight @ likelihood / len(durations)),
        concordance=_concordance(watched, hazard(middle)[:, 0]),
        years=_years(hazard, watched),
    )


def _concordance(watched: Watched, risk: numpy.ndarray) -> float:
    """Of pairs of a leaver and somebody watched at that duration who was still there, the share in which the leaver had
    the higher risk; equal ones count half."""
    right = pairs = 0.0
    _, leavers = numpy.unique(numpy.where(watched.left == 1, watched.customer, -1), return_index=True)
    for leaver in leavers[watched.left[leavers] == 1]:
        until = watched.until[leaver]
        # Who was last seen in the very month is taken to have been there at its end.
        there = (watched.entry < until) & ((watched.until > until) | ((watched.until == until) & (watched.left == 0)))
        right += float(watched.weight[there] @ ((risk[leaver] > risk[there]) + 0.5 * (risk[leaver] == risk[there])))
        pairs += float(watched.weight[there].sum())
    return right / pairs if pairs else 0.5


def _years(hazard: Callable[[numpy.ndarray], numpy.ndarray], watched: Watched) -> tuple[tuple[int, float], ...]:
    edges = numpy.arange(0.0, watched.until.max() + YEAR, YEAR)
    lived = hazard(numpy.clip(edges[None, :], watched.entry[:, None], watched.until[:, None]))
    expected = watched.weight @ numpy.diff(lived, axis=1)
    observed, _ = numpy.histogram(watched.until, edges, weights=watched.weight * watched.left)
    return tuple((round(float(seen)), float(foretold)) for seen, foretold in zip(observed, expected, strict=True))
