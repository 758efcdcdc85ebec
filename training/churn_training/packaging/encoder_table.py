"""Compiles a fitted CatBoostEncoder to the lookup table of churn_model.

It asks the encoder itself for every level, a missing value and an unseen one, and stores what it answers, so the table
is bit-equal by construction. It must not repeat the encoder's arithmetic.
"""

from collections.abc import Sequence
from typing import Any

import numpy
import pandas
from category_encoders import CatBoostEncoder

from churn_model.schema import Schema


def compile_encoder(encoder: CatBoostEncoder | None, schema: Schema) -> dict[str, Any]:
    """The document of `encoder.json`.

    Args:
        encoder: fitted on a frame with the schema's columns; None when there is no category.
        schema: its levels are those the encoder may have seen; a level it has not seen gets the unseen value.
    """
    answers = _answers(encoder, schema) if encoder is not None else {}
    features: list[dict[str, Any]] = []
    for feature in schema.features:
        if feature.type == "number":
            features.append({"name": feature.name, "kind": "number"})
            continue
        *known, missing, unseen = answers[feature.name]
        table = dict(zip(feature.categories, known, strict=True))
        features.append(
            {"name": feature.name, "kind": "category", "table": table, "missing": missing, "unseen": unseen}
        )
    return {"format": 1, "features": features}


def _answers(encoder: CatBoostEncoder, schema: Schema) -> dict[str, list[float]]:
    """What the encoder says for each category column's levels, then missing, then unseen."""
    questions = {
        feature.name: [*feature.categories, numpy.nan, _unseen(feature.categories)]
        for feature in schema.features
        if feature.type == "category"
    }
    height = max(map(len, questions.values()))
    columns: dict[str, pandas.Series] = {}
    for feature in schema.features:
        if feature.name in questions:
            asked = questions[feature.name]
            columns[feature.name] = pandas.Series(asked + [numpy.nan] * (height - len(asked)), dtype=object)
        else:
            columns[feature.name] = pandas.Series(numpy.zeros(height), dtype="float64")
    encoded = encoder.transform(pandas.DataFrame(columns))
    return {name: encoded[name].astype("float64").tolist()[: len(asked)] for name, asked in questions.items()}


def _unseen(levels: Sequence[str]) -> str:
    """A text that is no level."""
    candidate = "unseen"
    while candidate in levels:
        candidate += "?"
    return candidate
