"""A small but real model package: CatBoost trained on synthetic telecom customers, encoded, signed, written."""

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import catboost
import numpy

from churn_model.package import PackageContents, write_package
from churn_model.schema import Row, Schema, SchemaFeature
from churn_model.signing import SigningKey

NAN = float("nan")
CHOICES = {
    "gender": ("Female", "Male"),
    "Partner": ("No", "Yes"),
    "Dependents": ("No", "Yes"),
    "PhoneService": ("No", "Yes"),
    "MultipleLines": ("No", "No phone service", "Yes"),
    "InternetService": ("DSL", "Fiber optic", "No"),
    "OnlineSecurity": ("No", "No internet service", "Yes"),
    "OnlineBackup": ("No", "No internet service", "Yes"),
    "DeviceProtection": ("No", "No internet service", "Yes"),
    "TechSupport": ("No", "No internet service", "Yes"),
    "StreamingTV": ("No", "No internet service", "Yes"),
    "StreamingMovies": ("No", "No internet service", "Yes"),
    "Contract": ("Month-to-month", "One year", "Two year"),
    "PaperlessBilling": ("No", "Yes"),
    "PaymentMethod": ("Bank transfer (automatic)", "Credit card (automatic)", "Electronic check", "Mailed check"),
}
NUMBERS = {
    "SeniorCitizen": (0.0, 1.0),
    "tenure": (0.0, 120.0),
    "MonthlyCharges": (0.0, 1000.0),
    "TotalCharges": (0.0, None),
}
SCHEMA = Schema(
    usecase="telecom",
    id="customerID",
    features=(
        *(SchemaFeature(name, "number", name, low, high) for name, (low, high) in NUMBERS.items()),
        *(SchemaFeature(name, "category", name, categories=levels) for name, levels in CHOICES.items()),
    ),
)
MODEL_NAME = "churn-telecom"
MLMODEL = "flavors: {}\n"


def customer(source: random.Random) -> list[float | str | None]:
    """A customer; now and then something is missing or a category was never seen in training."""
    tenure = float(source.randint(0, 72))
    monthly = round(source.uniform(18.0, 120.0), 2)
    row: list[float | str | None] = [float(source.random() < 0.2), tenure, monthly, round(tenure * monthly, 2)]
    row += [source.choice(levels) for levels in CHOICES.values()]
    if source.random() < 0.2:
        row[source.choice([0, 1, 2, 3])] = NAN
    if source.random() < 0.2:
        row[source.randint(4, 18)] = source.choice([None, "Üñseen ✓"])
    return row


def customers(count: int, seed: int = 1) -> list[Row]:
    """Customers that are the same for the same seed."""
    source = random.Random(seed)
    return [customer(source) for _ in range(count)]


def record(row: Row) -> dict[str, float | str | None]:
    """A row as a caller writes it: by feature name, None for missing."""
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in zip(SCHEMA.names, row, strict=True)
    }


@dataclass(frozen=True)
class Factory:
    """Writes packages of slightly different models, signed with one key."""

    key: SigningKey
    folder: Path

    def write(self, directory: Path, version: str, seed: int = 1, name: str = MODEL_NAME) -> str:
        """Write a package and return its digest."""
        model = self._model(seed)
        contents = PackageContents(
            name=name,
            schema=SCHEMA,
            estimator_kind="catboost",
            estimator_file=model,
            encoder=_encoder(seed),
            segments=_segments(),
            actions=_actions(),
            scorecard={"format": 1, "fill": [0.0] * 19, "weights": [0.01] * 19, "intercept": -1.0},
            golden_rows=customers(40, seed=99),
            metrics={"auc": 0.8},
            training_data_sha256="0" * 64,
            code_revision="0" * 40,
            simulated=True,
        )
        return write_package(directory, contents, version, self.key, MLMODEL)

    def _model(self, seed: int) -> Path:
        path = self.folder / f"model-{seed}.cbm"
        if not path.exists():
            source = random.Random(seed)
            rows = numpy.array([[source.random() for _ in SCHEMA.features] for _ in range(2000)], dtype=numpy.float32)
            labels = [int(row[1] + row[5] + source.random() > 1.5) for row in rows]
            model = catboost.CatBoostClassifier(
                iterations=200, depth=6, learning_rate=0.1, random_seed=seed, verbose=False, allow_writing_files=False,
                thread_count=2,
            )  # fmt: skip
            model.fit(rows, labels)
            model.save_model(str(path))
        return path


def _encoder(seed: int) -> dict[str, Any]:
    source = random.Random(seed)
    features: list[dict[str, Any]] = [{"name": name, "kind": "number"} for name in NUMBERS]
    features += [
        {
            "name": name,
            "kind": "category",
            "table": {level: source.random() for level in levels},
            "missing": source.random(),
            "unseen": 0.265,
        }
        for name, levels in CHOICES.items()
    ]
    return {"format": 1, "features": features}


def _segments() -> dict[str, Any]:
    return {
        "format": 1,
        "segments": [{"id": i, "name": f"Segment {i}", "size": 0.25} for i in (1, 2, 3, 4)],
        "bias": [0.0, 12.0, -20.0, 30.0],
        "numbers": [{"index": 1, "fill": 30.0, "weights": [0.5, -0.1, 0.9, -0.6]}],
        "categories": [],
    }


def _actions() -> dict[str, Any]:
    return {
        "format": 1,
        "risk": {"medium": 0.3, "high": 0.6},
        "value": {"column": "MonthlyCharges", "index": 2, "factor": 12.0, "fill": 60.0},
        "actions": [{"id": "call", "name": "Call", "cost": 5.0, "effect": 0.1}],
    }
