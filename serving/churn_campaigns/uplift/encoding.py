"""Customers as a matrix of numbers, alike for lines and trees.

Levels and scales are learned once when a model is fitted, so that a level nobody had seen then counts as "other" and
not as an error. It must not know outcomes: nothing here can leak them.
"""

import numpy
import pandas
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MISSING = "(missing)"
OTHER = "(other)"
LEVELS = 250  # of a category; what is rarer than the most frequent ones teaches nothing by itself

Array = numpy.ndarray


class CovariateEncoder:
    """Makes the matrix of any table that has the columns it was made with.

    Args:
        features: the customers a model is fitted on; numeric and boolean columns are numbers, all others categories.
    """

    def __init__(self, features: pandas.DataFrame) -> None:
        names = [str(name) for name in features.columns]
        self._numbers = [name for name in names if pandas.api.types.is_numeric_dtype(features[name])]
        self._levels = {name: _frequent(features[name]) for name in names if name not in self._numbers}
        imputer = SimpleImputer(strategy="median", keep_empty_features=True, add_indicator=True)
        self._scale = make_pipeline(imputer, StandardScaler())
        if self._numbers:
            self._scale.fit(self._known_numbers(features))

    def encode(self, features: pandas.DataFrame) -> Array:
        """Float [customers, columns]: scaled numbers, the median where missing, whether they are missing, and for each
        level of a category 1 or 0.

        Raises:
            KeyError: a column is missing; the caller, who knows the file, should have asked before.
        """
        numbers = self._known_numbers(features)
        parts = [self._scale.transform(numbers) if self._numbers else numbers]
        parts += [numpy.eye(len(levels))[_codes(features[name], levels)] for name, levels in self._levels.items()]
        return numpy.column_stack(parts)

    def _known_numbers(self, features: pandas.DataFrame) -> Array:
        columns = [features[name].to_numpy(dtype=float, na_value=numpy.nan) for name in self._numbers]
        return numpy.column_stack([numpy.empty((len(features), 0)), *columns])


def _frequent(column: pandas.Series) -> list[str]:
    codes, levels = _coded(column)
    counts = numpy.bincount(codes[codes >= 0], minlength=len(levels))
    # Ties are broken by name, so that the order of rows does not decide which rare levels are kept.
    order = sorted(range(len(levels)), key=lambda level: (-counts[level], levels[level]))
    return sorted({*(levels[level] for level in order[:LEVELS]), MISSING, OTHER})


def _codes(column: pandas.Series, levels: list[str]) -> Array:
    codes, found = _coded(column)
    place = {level: position for position, level in enumerate(levels)}
    # The last entry is where code -1, a missing cell, looks.
    positions = numpy.array([*(place.get(level, place[OTHER]) for level in found), place[MISSING]])
    return numpy.asarray(positions[codes])


def _coded(column: pandas.Series) -> tuple[Array, list[str]]:
    """Each cell's position among the column's distinct texts, -1 where it is missing."""
    codes, found = pandas.factorize(column)
    return numpy.asarray(codes), [str(level) for level in found]
