"""Finds groups of customers by what they do, never by whether they left.

K-means in a space where a number and a category weigh alike; the result is compiled to the linear form of
churn_model.segments, so that training and serving assign by the same arithmetic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
from sklearn.cluster import KMeans

from churn_data.dataset import Dataset, rows_of
from churn_data.errors import DataError
from churn_model.schema import Schema, SchemaFeature
from churn_model.segments import Segmenter
from churn_training.segments.matching import match_segments, matching_warnings
from churn_training.segments.names import describe_segments

TYPICAL = (0.05, 0.95)
"""Quantiles to which numbers are cut while groups are sought, so that a few giants do not become a group of their own;
everybody is assigned to the nearest group all the same."""
SOUGHT_ROWS = 20_000
"""Customers among whom groups are sought at most: more move the centres by less than another start does."""
MOST_LEVELS, FEWEST_LEVELS, WIDEST = 100, 5, 1_000
"""Levels of a category that have an axis each; fewer, down to so few, where all categories together would have more
axes than the last: the space is 160 MB of those whom groups are sought among, and a handful of copies of that."""
LARGEST_CATEGORY_SCALE = 2.0
"""Keeps a column in which nearly everybody has the same level from making a segment of the few others."""


@dataclass(frozen=True)
class _Axes:
    """One behaviour feature's columns of the space: their values, and how a value becomes them."""

    index: int
    feature: SchemaFeature
    points: numpy.ndarray
    fill: float = 0.0
    center: float = 0.0
    scale: float = 1.0
    levels: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class Segments:
    """The document of `segments.json`, and lines for whoever trains about what became of the former segments."""

    document: dict[str, Any]
    warnings: tuple[str, ...] = ()


def build_segments(dataset: Dataset, schema: Schema, seed: int, former: Segmenter | None = None) -> Segments:
    """As many segments as the use case wants. With as many `former` ones, which must read the same schema, a segment
    that goes on keeps its id; without, ids follow the falling mean of the value column, or the falling size.

    Raises:
        DataError: fewer customers than segments differ in behaviour.
    """
    count = dataset.usecase.segments.count
    if former is not None and len(former.profiles) != count:
        former = None
    sought = _sought_in(dataset, seed)
    axes = _all_axes(sought, schema)
    space = _space(axes, sought, count)
    clusters = KMeans(n_clusters=count, n_init=10, random_state=seed).fit(space)
    order = _order(clusters.labels_, sought)
    document = _document(axes, clusters.cluster_centers_[order])
    rows = rows_of(dataset.frame)
    jaccard: list[float] = []
    if former is not None:
        found = numpy.array(Segmenter.from_json(document, schema).assign(rows)) - 1
        taken, jaccard = match_segments(former.assign(rows), found.tolist(), count)
        order = [order[taken.index(number)] for number in range(1, count + 1)]
        document = _document(axes, clusters.cluster_centers_[order])
    # Names and profiles describe what serving will assign, not what the clustering library said.
    assigned = numpy.array(Segmenter.from_json(document, schema).assign(rows))
    document["segments"] = describe_segments(dataset, schema, [axis.feature for axis in axes], assigned)
    if former is None:
        return Segments(document)
    before = [former.profiles[number].name for number in range(1, count + 1)]
    after = [str(segment["name"]) for segment in document["segments"]]
    return Segments(document, matching_warnings(jaccard, before, after))


def behaviour_space(dataset: Dataset, schema: Schema, groups: int) -> numpy.ndarray:
    """The space in which segments are sought: float array [customers, columns] of standardised numbers and one-hot
    levels, scaled so that a category weighs as much as a number.

    Raises:
        DataError: fewer than `groups` customers differ in behaviour.
    """
    return _space(_all_axes(_sought_in(dataset, 0), schema), dataset, groups)


def _sought_in(dataset: Dataset, seed: int) -> Dataset:
    """The customers among whom groups are sought: all, or of very many a random part; everybody is assigned."""
    if len(dataset) <= SOUGHT_ROWS:
        return dataset
    return dataset.take(numpy.random.default_rng(seed).choice(len(dataset), SOUGHT_ROWS, replace=False))


def sought_among(dataset: Dataset) -> str | None:
    """A sentence for whoever trains where groups are sought among a part of these customers, who are then assigned."""
    if len(dataset) <= SOUGHT_ROWS:
        return None
    return f"segments are learned on: {SOUGHT_ROWS:,} of {len(dataset):,} rows, drawn at random"


def _all_axes(dataset: Dataset, schema: Schema) -> list[_Axes]:
    wanted = dataset.usecase.segments.features or schema.names
    used = [(index, feature) for index, feature in enumerate(schema.features) if feature.name in wanted]
    most = _most_levels([dataset.frame[each.name].nunique() for _, each in used if each.type != "number"])
    return [_axes(index, feature, dataset.frame[feature.name], most) for index, feature in used]


def _most_levels(levels: Sequence[int]) -> int:
    """How many levels of each category have an axis, so that all together have no more than there is room for."""
    most = MOST_LEVELS
    while most > FEWEST_LEVELS and sum(min(each, most) for each in levels) > WIDEST:
        most -= 1
    return most


def _space(axes: Sequence[_Axes], dataset: Dataset, groups: int) -> numpy.ndarray:
    space = numpy.hstack([axis.points for axis in axes])
    if len(numpy.unique(space, axis=0)) < groups:
        raise DataError(dataset.source.name, f"fewer than {groups} customers differ in the features of segments")
    return space


def _axes(index: int, feature: SchemaFeature, column: pandas.Series, most: int) -> _Axes:
    if feature.type == "number":
        return _number_axes(index, feature, column)
    return _category_axes(index, feature, column, most)


def _number_axes(index: int, feature: SchemaFeature, column: pandas.Series) -> _Axes:
    fill = float(column.median())
    filled = column.fillna(fill).clip(*column.quantile(list(TYPICAL))).to_numpy()
    center, scale = float(filled.mean()), float(filled.std()) or 1.0
    return _Axes(index, feature, ((filled - center) / scale)[:, None], fill, center, scale)


def _category_axes(index: int, feature: SchemaFeature, column: pandas.Series, most: int) -> _Axes:
    # Of very many levels the frequent ones; the others are nowhere, as a level that was never seen.
    levels: tuple[str | None, ...] = tuple(column.value_counts().sort_index().nlargest(most).sort_index().index)
    if column.isna().any():
        levels = (*levels, None)
    places = {level: place for place, level in enumerate(levels)}
    texts = (text if isinstance(text, str) else None for text in column)
    codes = numpy.fromiter((places.get(text, -1) for text in texts), numpy.int64, len(column))
    hot = (codes[:, None] == numpy.arange(len(levels))).astype(float)
    spread = float(hot.var(axis=0).sum())
    # With this scale the columns of a category have together the variance 1 of a standardised number.
    scale = min(LARGEST_CATEGORY_SCALE, 1.0 / numpy.sqrt(spread)) if spread > 0 else 1.0
    return _Axes(index, feature, hot * scale, scale=scale, levels=levels)


def _order(labels: numpy.ndarray, dataset: Dataset) -> list[int]:
    """Clusters by falling mean value, or by falling size where nobody said what customers are worth; ties and clusters
    without a known value come last in their own order."""
    count, rule = dataset.usecase.segments.count, dataset.usecase.value
    sizes = numpy.bincount(labels, minlength=count).tolist()
    if rule is None:
        return sorted(range(count), key=lambda cluster: -sizes[cluster])
    value = dataset.frame[rule.column]
    means = [float(numpy.nan_to_num(value[labels == cluster].mean(), nan=-numpy.inf)) for cluster in range(count)]
    return sorted(range(count), key=lambda cluster: -means[cluster])


def _document(axes: Sequence[_Axes], centroids: numpy.ndarray) -> dict[str, Any]:
    """Squared distance to a centroid, less what is the same for all, is linear in numbers and one-hot levels."""
    bias = (centroids**2).sum(axis=1)
    numbers: list[dict[str, Any]] = []
    categories: list[dict[str, Any]] = []
    start = 0
    for axis in axes:
        part = centroids[:, start : start + axis.points.shape[1]]
        start += axis.points.shape[1]
        weights = -2.0 * part * (axis.scale if axis.levels else 1.0 / axis.scale)
        if axis.levels:
            table = dict(zip(axis.levels, weights.T.tolist(), strict=True))
            nothing = [0.0] * len(centroids)
            missing = table.pop(None, nothing)
            categories.append({"index": axis.index, "table": table, "missing": missing, "unseen": nothing})
        else:
            bias = bias - weights[:, 0] * axis.center
            numbers.append({"index": axis.index, "fill": axis.fill, "weights": weights[:, 0].tolist()})
    # Profiles need assignments first; the names below hold their place until then.
    unnamed = [{"id": number, "name": f"Segment {number}", "size": 0.0} for number in range(1, len(centroids) + 1)]
    return {"format": 1, "segments": unnamed, "bias": bias.tolist(), "numbers": numbers, "categories": categories}
