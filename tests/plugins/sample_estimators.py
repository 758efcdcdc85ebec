"""An estimator's file of every kind for the sample customers; those of CatBoost are really trained."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from churn_model import Row
from churn_model.encoding import MISSING_CATEGORY
from churn_model.estimators import ESTIMATOR_FILES

CATEGORIES = [1, 3]
BLENDED = ("native", "linear", "trees")
_SETTINGS = {"iterations": 30, "depth": 4, "verbose": 0, "thread_count": 1, "allow_writing_files": False}


def write_estimator(
    kind: str, folder: Path, rows: Sequence[Row], encoded: Sequence[Sequence[float]], labels: Sequence[int], seed: int
) -> Path:
    """Write the file of an estimator of this kind into a new or existing folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ESTIMATOR_FILES[kind]
    if kind == "catboost":
        fit_catboost(encoded, labels, seed).save_model(str(path))
    elif kind == "native":
        fit_native(rows, labels, seed).save_model(str(path))
    elif kind == "blend":
        members = {
            member: write_estimator(member, folder, rows, encoded, labels, seed).read_bytes() for member in BLENDED
        }
        path.write_text(json.dumps(blend_document(members)))
    else:
        documents = {"linear": linear_document, "additive": additive_document, "trees": trees_document}
        path.write_text(json.dumps(documents[kind]()))
    return path


def fit_catboost(encoded: Sequence[Sequence[float]], labels: Sequence[int], seed: int) -> Any:
    import catboost
    import numpy

    numbers = numpy.array(encoded, dtype=numpy.float32)
    return catboost.CatBoostClassifier(random_seed=seed, **_SETTINGS).fit(numbers, labels)


def fit_native(rows: Sequence[Row], labels: Sequence[int], seed: int) -> Any:
    import catboost

    texts = [[MISSING_CATEGORY if value is None else value for value in row] for row in rows]
    return catboost.CatBoostClassifier(random_seed=seed, cat_features=CATEGORIES, **_SETTINGS).fit(texts, labels)


def linear_document() -> dict[str, Any]:
    return {
        "format": 1,
        "fill": [30, 0.26, 60, 0.26, 0],
        "center": [32.5, 0.21, 64.8, 0.24, 0.5],
        "scale": [24.5, 0.17, 30.1, 0.12, 0.5],
        "weights": [-0.8, 0.7, 0.2, 0.15, 0.1],
        "intercept": -1.2,
    }


def additive_document() -> dict[str, Any]:
    def levels(table: dict[str, float]) -> dict[str, Any]:
        return {"kind": "category", "table": table, "missing": 0.1, "unseen": 0.0, "mean": 0.05}

    def curve(end: float, *pieces: list[float]) -> dict[str, Any]:
        breaks = [end * place / len(pieces) for place in range(len(pieces) + 1)]
        return {"kind": "number", "breaks": breaks, "coefficients": list(pieces), "missing": 0.2, "mean": -0.3}

    parts = [
        curve(72.0, [0.0, 0.0005, -0.05, 0.9], [0.0, 0.0, -0.014, -0.252]),
        levels({"Month-to-month": 0.8, "One year": -0.3, "Two year": -0.9}),
        curve(120.0, [0.0, 0.0, 0.004, -0.2]),
        levels({"Card": -0.1, "Check": 0.4, "Transfer": -0.1, "Wallet": 0.0}),
        curve(1.0, [0.0, 0.0, 0.3, 0.0]),
    ]
    return {"format": 1, "intercept": -1.1, "parts": parts}


def trees_document() -> dict[str, Any]:
    """Two trees; the first asks for the same feature twice on the way to a leaf."""
    first = {
        "feature": [0, 0, -2, 1, -2, -2, -2],
        "threshold": [20.5, 5.5, 0, 0.2, 0, 0, 0],
        "left": [1, 2, -1, 4, -1, -1, -1],
        "right": [6, 3, -1, 5, -1, -1, -1],
        "value": [0, 0, 1.4, 0, 0.2, 0.9, -0.6],
        "cover": [600.0, 180.0, 50.0, 130.0, 60.0, 70.0, 420.0],
    }
    second = {
        "feature": [1, 2, -2, -2, 4, -2, -2],
        "threshold": [0.2, 90.25, 0, 0, 0.5, 0, 0],
        "left": [1, 2, -1, -1, 5, -1, -1],
        "right": [4, 3, -1, -1, 6, -1, -1],
        "value": [0, 0, -0.9, -0.2, 0, 0.6, 1.1],
        "cover": [600.0, 250.0, 190.0, 60.0, 350.0, 170.0, 180.0],
    }
    return {"format": 1, "fill": [30, 0.26, 60, 0.26, 0], "base": -1.0, "rate": 0.5, "trees": [first, second]}


def blend_document(members: dict[str, bytes]) -> dict[str, Any]:
    weights = {"native": 0.5, "catboost": 0.5, "linear": 0.2, "additive": 0.4, "trees": 0.3}
    return {
        "format": 1,
        "slope": 1.1,
        "intercept": -0.05,
        "members": [
            {"kind": kind, "weight": weights[kind], "content": base64.b64encode(content).decode()}
            for kind, content in members.items()
        ],
    }
