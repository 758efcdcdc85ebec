"""Whether a campaign has reached customers like these, so that what it showed may be carried to them.

An effect is known where somebody was treated and somebody was not. A model answers for everybody else too, and nothing
says that it is right there. It must not know effects or outcomes.
"""

import numpy
import pandas

from churn_campaigns.uplift.base_learners import Churn
from churn_campaigns.uplift.encoding import CovariateEncoder

RAREST = 10  # customers of a level, or beyond a number, that a campaign must have reached
SELDOM = 1.0 / 50.0  # of what would be usual: customers as rare as this in the campaign were not reached by it
SAMPLE = 20_000  # customers on each side that are enough to tell the two apart

Array = numpy.ndarray


class Reach:
    """Whom a campaign reached.

    Args:
        history: features of its customers.
        now: features of the customers to come, or of some of them.
        seed: of the sample and the model that tells the two apart.
    """

    def __init__(self, history: pandas.DataFrame, now: pandas.DataFrame, seed: int) -> None:
        self._numbers = {str(name): _bounds(history[name]) for name in history if _is_number(history[name])}
        others = [str(name) for name in history if str(name) not in self._numbers]
        self._levels = {name: _usual(history[name]) for name in others}
        self._encoder = CovariateEncoder(history)
        generator = numpy.random.default_rng([seed, 11])
        known, asked = (_sample(frame, generator) for frame in (history, now))
        both = numpy.vstack([self._encoder.encode(known), self._encoder.encode(asked)])
        here = numpy.repeat([1, 0], [len(known), len(asked)])
        self._usual = len(known) / len(asked)
        self._model = Churn(seed).fit(both, here)

    def reached(self, frame: pandas.DataFrame) -> Array:
        """Whether the campaign reached customers like each of these: bool [customers]."""
        probability = self._model.predict(self._encoder.encode(frame))
        found = probability / (1.0 - probability) >= SELDOM * self._usual
        for name, (low, high) in self._numbers.items():
            values = frame[name].to_numpy(dtype=float, na_value=numpy.nan)
            found &= ~((values < low) | (values > high))
        for name, levels in self._levels.items():
            found &= frame[name].isna().to_numpy() | frame[name].astype(str).isin(levels).to_numpy()
        return numpy.asarray(found)


def _is_number(column: pandas.Series) -> bool:
    return bool(pandas.api.types.is_numeric_dtype(column))


def _bounds(column: pandas.Series) -> tuple[float, float]:
    """Between which numbers the campaign's customers lie, with as much again as the outermost ten span."""
    values = numpy.sort(column.dropna().to_numpy(dtype=float))
    if not len(values):
        return -numpy.inf, numpy.inf
    few = min(RAREST, len(values) - 1)
    return float(2 * values[0] - values[few]), float(2 * values[-1] - values[-1 - few])


def _usual(column: pandas.Series) -> frozenset[str]:
    counts = column.dropna().astype(str).value_counts()
    return frozenset(str(level) for level in counts[counts >= RAREST].index)


def _sample(frame: pandas.DataFrame, generator: numpy.random.Generator) -> pandas.DataFrame:
    if len(frame) <= SAMPLE:
        return frame
    return frame.iloc[generator.choice(len(frame), SAMPLE, replace=False)]
