"""Opens a model package for `mlflow.pyfunc.load_model`: for people with a notebook, never for a server.

The package is proven as everywhere else. The public key comes from the file that CHURN_VERIFY_KEY names, else from
`keys/verify.pem` in CHURN_HOME (default `.churn`). MLflow imports this module by name; it must not import MLflow.
"""

import math
import os
from pathlib import Path
from typing import Any

import pandas

from churn_model.errors import RecordError
from churn_model.package import Package, open_package
from churn_model.schema import Row, SchemaFeature
from churn_model.signing import TrustedKeys


class FrameModel:
    """Scores pandas frames by the same scorer as every server."""

    def __init__(self, package: Package) -> None:
        self._package = package

    def predict(self, frame: pandas.DataFrame) -> pandas.DataFrame:
        """A frame with `churn_probability` and `segment`, one row a customer and with the same index.

        Raises:
            RecordError: a feature's column is missing or holds a value of the wrong type.
        """
        features = self._package.manifest.schema.features
        for feature in features:
            if feature.name not in frame.columns:
                raise RecordError(f"column {feature.name!r} is missing")
        rows: list[Row] = list(zip(*(_column(frame[feature.name], feature) for feature in features), strict=True))
        probabilities, segments = self._package.scorer.score(rows) if rows else ([], [])
        return pandas.DataFrame({"churn_probability": probabilities, "segment": segments}, index=frame.index)


def _load_pyfunc(data_path: str) -> FrameModel:
    home = Path(os.environ.get("CHURN_HOME") or ".churn")
    key = os.environ.get("CHURN_VERIFY_KEY") or home / "keys" / "verify.pem"
    return FrameModel(open_package(Path(data_path), TrustedKeys.load(Path(key))))


def _column(column: "pandas.Series[Any]", feature: SchemaFeature) -> list[float | str | None]:
    missing = column.isna()
    convert = _number if feature.type == "number" else _text
    try:
        return [convert(None if gone else value) for value, gone in zip(column.tolist(), missing, strict=True)]
    except (TypeError, ValueError) as error:
        raise RecordError(f"column {feature.name!r}: a {feature.type} was expected") from error


def _number(value: object) -> float:
    if value is None:
        return math.nan
    if isinstance(value, str):
        raise TypeError
    return float(value)  # type: ignore[arg-type]


def _text(value: object) -> str | None:
    """Texts as they are; a whole number as its digits, for pandas likes to read levels such as `1` as numbers."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)
