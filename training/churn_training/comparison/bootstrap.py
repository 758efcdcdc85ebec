"""How sure a measure is: intervals and comparisons by resampling customers.

The nonparametric bootstrap with percentile intervals (Efron and Tibshirani 1993, "An Introduction to the Bootstrap",
chapters 6 and 13). Scores are sorted once; a sample only recounts who is at which score, so a thousand samples of seven
thousand customers take about a second. What is resampled are the customers of one evaluation: the model stays as it is,
so that how it might have turned out on other training data is not part of the interval. It must not know models.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy

from churn_model.evaluation import DISTANCES, Measure, evaluate_tally
from churn_model.profit import Tally, tally
from churn_model.usecase import ProfitRule

REPEATS = 1000
# Below this two measures differ by rounding alone.
EQUAL = 1e-12


class Resampler:
    """Tallies of samples of the same customers, drawn by their numbers.

    Args:
        churned: 0 or 1 a customer.
        scores: of the same customers; higher means more likely to leave.

    Raises:
        ValueError: there are no customers, or not as many scores.
    """

    def __init__(self, churned: numpy.ndarray, scores: numpy.ndarray) -> None:
        self.whole = tally(churned, scores)
        place = numpy.searchsorted(-self.whole.scores, -numpy.asarray(scores))
        self._cells = len(self.whole.scores)
        self._cell_of = place + self._cells * (numpy.asarray(churned) != 0)

    def __len__(self) -> int:
        return len(self._cell_of)

    def sample(self, drawn: numpy.ndarray) -> Tally:
        """The tally of the customers with these numbers, as often as each was drawn."""
        counts = numpy.bincount(self._cell_of[drawn], minlength=2 * self._cells).astype(float)
        stayers, leavers = counts[: self._cells], counts[self._cells :]
        present = stayers + leavers > 0
        return Tally(self.whole.scores[present], leavers[present], stayers[present])


@dataclass(frozen=True)
class Resampled:
    """Every measure of `evaluate`, of the customers themselves (`whole`) and of each sample of them, in the order in
    which they were drawn."""

    whole: Mapping[str, float]
    samples: Sequence[Mapping[str, float]]

    def values(self, name: str) -> list[float]:
        """A measure, by its name in `evaluate`, of each sample."""
        return [sample[name] for sample in self.samples]

    def intervals(self, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """As :func:`intervals`, of samples that have been measured."""
        edges = ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
        found = {name: _percentiles(self.values(name), edges) for name in self.whole}
        for name in DISTANCES:
            added = float(numpy.mean(self.values(name))) - self.whole[name]
            lower, upper = found[name]
            found[name] = max(0.0, lower - added), upper - added
        return found

    def probability_higher(self, other: "Resampled", name: str) -> float:
        """How probable it is that a measure is higher here than for another model, as :func:`probability_better` has
        it; both drew the same samples: of the same customers, with the same seed."""
        pairs = zip(self.values(name), other.values(name), strict=True)
        return _share_ahead(here - there for here, there in pairs)


def resample(
    churned: numpy.ndarray,
    probabilities: numpy.ndarray,
    rule: ProfitRule,
    seed: int,
    repeats: int = REPEATS,
    *,
    customers: numpy.ndarray | None = None,
) -> Resampled:
    """Draw samples and measure each; arguments as of `intervals`. Where one model is asked for intervals and compared,
    too, its samples are measured once."""
    resampler = Resampler(churned, probabilities)
    draws = _draws(len(resampler), customers, seed, repeats)
    return Resampled(
        evaluate_tally(resampler.whole, rule),
        [evaluate_tally(resampler.sample(drawn), rule) for drawn in draws],
    )


def intervals(
    churned: numpy.ndarray,
    probabilities: numpy.ndarray,
    rule: ProfitRule,
    seed: int,
    repeats: int = REPEATS,
    level: float = 0.95,
    *,
    customers: numpy.ndarray | None = None,
) -> dict[str, tuple[float, float]]:
    """Lower and upper end of the percentile interval of every measure of `evaluate`, by its name.

    Resampling adds noise of its own, which raises a distance: the interval of `ece` is moved down by as much as its
    samples lie above the measured value on average (the bootstrap's estimate of bias, Efron and Tibshirani 1993,
    chapter 10). Ends are NaN for a measure that no sample has.

    Args:
        churned: 0 or 1 a customer.
        probabilities: of churn, between 0 and 1.
        rule: the economics of the campaign.
        seed: the same seed draws the same customers.
        repeats: samples drawn.
        level: share of samples inside the interval.
        customers: a number a row, the same for rows of one customer; None: each row is a customer of its own.
    """
    return resample(churned, probabilities, rule, seed, repeats, customers=customers).intervals(level)


def probability_better(
    churned: numpy.ndarray,
    first: numpy.ndarray,
    second: numpy.ndarray,
    measure: Measure,
    seed: int,
    repeats: int = REPEATS,
    *,
    customers: numpy.ndarray | None = None,
) -> float:
    """How probable it is that the first model is better than the second: the share of paired bootstrap samples (the
    same customers for both) in which it is, samples that cannot tell them apart counting half.

    Args:
        churned: 0 or 1 a customer.
        first: probabilities of one model.
        second: probabilities of the other, for the same customers.
        measure: what is compared, e.g. `evaluation.measure("empc", rule)`; it knows which direction is better.
        seed: the same seed draws the same customers.
        repeats: samples drawn.
        customers: as of `intervals`.
    """
    one, other = Resampler(churned, first), Resampler(churned, second)
    sign = -1.0 if measure.lower_is_better else 1.0
    return _share_ahead(
        sign * (measure.of(one.sample(drawn)) - measure.of(other.sample(drawn)))
        for drawn in _draws(len(one), customers, seed, repeats)
    )


def _draws(rows: int, customers: numpy.ndarray | None, seed: int, repeats: int) -> Iterator[numpy.ndarray]:
    """Numbers of rows. Where customers have several, whole customers are drawn with all of theirs: rows of one are not
    so many independent observations (the cluster bootstrap, Davison and Hinkley 1997, section 3.8)."""
    generator = numpy.random.default_rng(seed)
    if customers is None:
        return (generator.integers(rows, size=rows) for _ in range(repeats))
    _, customer = numpy.unique(customers, return_inverse=True)
    count = int(customer.max()) + 1
    samples = (generator.integers(count, size=count) for _ in range(repeats))
    return (numpy.repeat(numpy.arange(rows), numpy.bincount(drawn, minlength=count)[customer]) for drawn in samples)


def _share_ahead(leads: Iterable[float]) -> float:
    return float(numpy.mean([0.5 if abs(lead) <= EQUAL else float(lead > 0) for lead in leads]))


def _percentiles(values: list[float], edges: tuple[float, float]) -> tuple[float, float]:
    known = numpy.array([value for value in values if not numpy.isnan(value)])
    if not len(known):
        return float("nan"), float("nan")
    lower, upper = numpy.quantile(known, edges)
    return float(lower), float(upper)
