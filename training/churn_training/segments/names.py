"""Says in plain words what sets a segment apart, and in plain numbers what it looks like.

It describes a given assignment and must not change it.
"""

from collections.abc import Sequence
from typing import Any

import numpy
import pandas

from churn_data.dataset import Dataset
from churn_model.schema import Schema, SchemaFeature

WORDS = 2
"""Differences a name tells, more only where two segments would share a name."""
LEVELS_SHOWN = 5


def describe_segments(
    dataset: Dataset, schema: Schema, features: Sequence[SchemaFeature], assigned: numpy.ndarray
) -> list[dict[str, Any]]:
    """Profiles of all segments as `segments.json` holds them, with distinct names.

    Args:
        dataset: the customers.
        schema: of the dataset; profiles show all its features.
        features: the behaviour features that names may use.
        assigned: segment id of each row.
    """
    masks = [assigned == number for number in range(1, dataset.usecase.segments.count + 1)]
    names = _distinct_names([_phrases(dataset.frame, features, mask) for mask in masks])
    return [
        {"id": number, "name": name, "size": float(mask.mean()), "profile": _profile(dataset, schema, mask)}
        for number, (name, mask) in enumerate(zip(names, masks, strict=True), start=1)
    ]


def _distinct_names(phrases: Sequence[Sequence[str]]) -> list[str]:
    for words in range(WORDS, max(map(len, phrases)) + 1):
        names = [_name(segment[:words]) for segment in phrases]
        if len(set(names)) == len(names):
            return names
    return [f"{_name(segment[:WORDS])} ({number})" for number, segment in enumerate(phrases, start=1)]


def _name(phrases: Sequence[str]) -> str:
    text = ", ".join(phrases) or "average customers"
    return text[0].upper() + text[1:]


def _phrases(frame: pandas.DataFrame, features: Sequence[SchemaFeature], mask: numpy.ndarray) -> list[str]:
    """What differs from the average customer, the largest difference first."""
    if not mask.any():
        return ["nobody today"]
    differences = [_difference(frame[feature.name], feature, mask) for feature in features]
    return [phrase for size, phrase in sorted(differences, key=lambda found: -found[0]) if size > 0]


def _difference(column: pandas.Series, feature: SchemaFeature, mask: numpy.ndarray) -> tuple[float, str]:
    """How far the segment's mean (in standard deviations) or share of a level is from everybody's, and its words."""
    label = feature.label
    if not label[1:2].isupper():  # An acronym keeps its capitals.
        label = label[:1].lower() + label[1:]
    if feature.type == "number":
        spread = float(column.std()) or 1.0
        shift = float(column[mask].mean() - column.mean()) / spread
        return (0.0 if numpy.isnan(shift) else abs(shift)), f"{'high' if shift > 0 else 'low'} {label}"
    everybody = column.fillna("not known").value_counts(normalize=True)
    segment = column[mask].fillna("not known").value_counts(normalize=True)
    excess = (segment - everybody.reindex(segment.index)) / (everybody * (1 - everybody)).pow(0.5).clip(lower=0.1)
    level = str(excess.idxmax())
    return float(excess[level]), _level_words(label, level)


def _level_words(label: str, level: str) -> str:
    plain = {"yes": f"with {label}", "no": f"no {label}"}
    return plain.get(level.lower(), f"{label}: {level}")


def _profile(dataset: Dataset, schema: Schema, mask: numpy.ndarray) -> dict[str, Any]:
    frame = dataset.frame[mask]
    numbers: dict[str, float | None] = {}
    categories: dict[str, dict[str, float]] = {}
    for feature in schema.features:
        column = frame[feature.name]
        if feature.type == "number":
            numbers[feature.name] = round(float(column.mean()), 4) if column.notna().any() else None
        else:
            shares = column.value_counts(normalize=True).head(LEVELS_SHOWN)
            categories[feature.name] = {str(level): round(float(share), 4) for level, share in shares.items()}
    churn_rate = round(float(dataset.churned[mask].mean()), 4) if mask.any() else None
    return {"customers": int(mask.sum()), "churn_rate": churn_rate, "means": numbers, "shares": categories}
