"""The additive family: a weight for each level, a smooth curve for each number, by penalised logistic regression.

Fitted by scikit-learn on splines (Eilers and Marx 1996 penalise differences; here a ridge does), written as the plain
polynomials of churn_model.additive_estimator. It must not choose settings or know packages.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy
import pandas
from scipy.interpolate import BSpline, PPoly
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from churn_model.schema import Schema

EXPANSION = "expansion"
SCALER = "scaler"
ESTIMATOR = "estimator"
CUBIC = 3
FEWEST_KNOTS = 2
MOST_LEVELS = 100
"""Levels of a category that have a weight each; a column of thousands would cost gigabytes and bring nothing here."""
FEWEST_FOR_A_CURVE = 8
"""Distinct values below which a number is a straight line."""
WIDEST = 1000
"""Columns that all numbers' curves have together at most, as far as bends can be spared: thousands cost gigabytes, and
what is learnt of so many numbers is no curve of each."""


class AdditiveColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns a frame into the columns of an additive model: one a level, a spline basis a number, one for a missing
    number where training had any. A level that was not seen has zeros everywhere."""

    def __init__(self, categories: Sequence[str], knots: int = 6) -> None:
        self.categories = categories
        self.knots = knots

    def fit(self, frame: pandas.DataFrame, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn calls it so
        """Learn levels and knots; where there are very many numbers, their curves have fewer knots, none in the end."""
        knots = min(self.knots, WIDEST // max(1, len(frame.columns) - len(self.categories)) - CUBIC + 1)
        self.columns_: list[_Levels | _Spline] = [
            _Levels(frame[name]) if name in set(self.categories) else _Spline(frame[name], knots)
            for name in frame.columns
        ]
        return self

    def transform(self, frame: pandas.DataFrame) -> numpy.ndarray:
        """Float array [customers, columns]."""
        parts = [column.expand(frame[name]) for name, column in zip(frame.columns, self.columns_, strict=True)]
        return numpy.hstack(parts)


class _Levels:
    """A category's levels, None standing for missing where training had it. Of very many levels (zip codes) only the
    frequent ones have a weight; the others count as not seen."""

    def __init__(self, column: pandas.Series) -> None:
        known: list[str | None] = [*frequent_levels(column)]
        self.levels: list[str | None] = [*known, None] if column.isna().any() else known
        self.width = len(self.levels)

    def expand(self, column: pandas.Series) -> numpy.ndarray:
        codes = pandas.Categorical(column, categories=[level for level in self.levels if level is not None]).codes
        places = numpy.array([-1 if level is None else place for place, level in enumerate(self.levels)])
        unseen = (codes < 0) & column.notna().to_numpy()
        expanded: numpy.ndarray = (codes[:, None] == places) & ~unseen[:, None]
        return expanded.astype(float)


def frequent_levels(column: pandas.Series, most: int = MOST_LEVELS) -> list[str]:
    """A category's levels, sorted; of more than `most` those that occur most often."""
    counts = column.dropna().value_counts()
    return sorted(counts.sort_index(kind="stable").sort_values(ascending=False, kind="stable").index[:most])


class _Spline:
    """A number's cubic B-splines on quantiles, constant beyond the ends; a straight line where it has few values."""

    def __init__(self, column: pandas.Series, knots: int) -> None:
        known = column.dropna().to_numpy(dtype=float)
        shares = numpy.linspace(0, 1, max(knots, FEWEST_KNOTS))
        places = _distinct(numpy.quantile(known, shares)) if len(known) else numpy.zeros(1)
        enough = knots >= FEWEST_KNOTS and len(places) > 1
        curved = enough and len(numpy.unique(known)) >= FEWEST_FOR_A_CURVE
        self.degree = CUBIC if curved else 1
        # A constant column still needs a stretch to be a line on.
        inner = places if curved else numpy.array([places[0], max(places[-1], places[0] + 1.0)])
        self.knots = numpy.concatenate([[inner[0]] * self.degree, inner, [inner[-1]] * self.degree])
        self.has_missing = bool(column.isna().any())
        self.basis = len(self.knots) - self.degree - 1
        self.width = self.basis + self.has_missing

    @property
    def ends(self) -> tuple[float, float]:
        return float(self.knots[0]), float(self.knots[-1])

    def expand(self, column: pandas.Series) -> numpy.ndarray:
        values = column.to_numpy(dtype=float)
        missing = numpy.isnan(values)
        expanded = numpy.zeros((len(values), self.width))
        inside = numpy.clip(values[~missing], *self.ends)
        if len(inside):
            expanded[~missing, : self.basis] = BSpline.design_matrix(inside, self.knots, self.degree).toarray()
        if self.has_missing:
            expanded[missing, -1] = 1.0
        return expanded


def _distinct(places: numpy.ndarray) -> numpy.ndarray:
    """Rising places, without those so close to the one before that a curve between them could not be computed."""
    closest = 1e-6 * max(1e-6, places[-1] - places[0])
    kept: numpy.ndarray = places[numpy.append(True, numpy.diff(places) > closest)]
    return kept


def build_additive(parameters: dict[str, Any], categories: Sequence[str], seed: int) -> Pipeline:
    """An unfitted pipeline on raw frames; parameters: `C` (inverse penalty), `knots` (quantiles a curve bends at)."""
    estimator = LogisticRegression(C=parameters["C"], max_iter=2000, random_state=seed)
    expansion = AdditiveColumns(list(categories), parameters["knots"])
    return Pipeline([(EXPANSION, expansion), (SCALER, StandardScaler()), (ESTIMATOR, estimator)])


def additive_document(pipeline: Pipeline, schema: Schema, frame: pandas.DataFrame) -> dict[str, Any]:
    """The document of `additive.json` of a fitted pipeline.

    Args:
        pipeline: fitted, of :func:`build_additive`.
        schema: its features are the frame's columns.
        frame: the training customers, over whom each part's mean is taken.
    """
    scaler, model = pipeline.named_steps[SCALER], pipeline.named_steps[ESTIMATOR]
    weights = model.coef_[0] / scale_of(scaler)
    # What centring subtracts is the same for everybody.
    intercept = float(model.intercept_[0] - weights @ scaler.mean_)
    parts: list[dict[str, Any]] = []
    start = 0
    for feature, column in zip(schema.features, pipeline.named_steps[EXPANSION].columns_, strict=True):
        own = weights[start : start + column.width]
        start += column.width
        mean = float((column.expand(frame[feature.name]) @ own).mean())
        parts.append({**_part(column, own), "mean": mean})
    return {"format": 1, "intercept": intercept, "parts": parts}


def scale_of(scaler: StandardScaler) -> numpy.ndarray:
    """The scaler's divisors; a constant column has 1."""
    divisors: numpy.ndarray = scaler.scale_
    return divisors


def _part(column: _Levels | _Spline, weights: numpy.ndarray) -> dict[str, Any]:
    if isinstance(column, _Levels):
        table = dict(zip(column.levels, weights.tolist(), strict=True))
        return {"kind": "category", "missing": table.pop(None, 0.0), "unseen": 0.0, "table": table}
    spline = PPoly.from_spline(BSpline(column.knots, weights[: column.basis], column.degree))
    # Repeated end knots make pieces of no length.
    real = numpy.flatnonzero(numpy.diff(spline.x) > 0)
    powers = numpy.vstack([numpy.zeros((CUBIC - column.degree, len(real))), spline.c[:, real]])
    return {
        "kind": "number",
        "breaks": [*spline.x[real].tolist(), float(spline.x[real[-1] + 1])],
        "coefficients": powers.T.tolist(),
        "missing": float(weights[-1]) if column.has_missing else 0.0,
    }
