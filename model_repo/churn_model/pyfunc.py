"""Opens a model package for `mlflow.pyfunc.load_model`: for people with a notebook, never for a server.

The package is proven as everywhere else. The public key comes from the file that CHURN_VERIFY_KEY names, else from
`keys/verify.pem` in CHURN_HOME (default `.churn`). MLflow imports this module by name; it must not import MLflow.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas

from churn_model.errors import RecordError
from churn_model.package import Package, open_package
from churn_model.schema import Row, Schema
from churn_model.signing import TrustedKeys
from churn_model.spelling import Levels


class FrameModel:
    """Scores pandas frames by the same scorer as every server."""

    def __init__(self, package: Package) -> None:
        self._package = package

    def predict(self, frame: pandas.DataFrame) -> pandas.DataFrame:
        """A frame with `churn_probability` and `segment`, one row a customer and with the same index.

        Raises:
            RecordError: a feature's column is missing or holds a value of the wrong type.
        """
        schema = self._package.manifest.schema
        for name in schema.names:
            if name not in frame.columns:
                raise RecordError(f"column {name!r} is missing")
        rows: list[Row] = list(zip(*_columns(frame, schema), strict=True))
        probabilities, segments = self._package.scorer.score(rows) if rows else ([], [])
        return pandas.DataFrame({"churn_probability": probabilities, "segment": segments}, index=frame.index)


def _load_pyfunc(data_path: str) -> FrameModel:
    home = Path(os.environ.get("CHURN_HOME") or ".churn")
    key = os.environ.get("CHURN_VERIFY_KEY") or home / "keys" / "verify.pem"
    return FrameModel(open_package(Path(data_path), TrustedKeys.load(Path(key))))


def _columns(frame: pandas.DataFrame, schema: Schema) -> Iterator[list[float | str | None]]:
    spelling = schema.spelling
    for feature, levels in zip(schema.features, spelling.levels, strict=True):
        name, unknown = feature.name, spelling.unknown if feature.date is None else frozenset[float]()
        column = frame[name]
        pairs = zip(column.tolist(), column.isna(), strict=True)
        try:
            yield [_value(None if missing else value, levels, unknown) for value, missing in pairs]
        except (TypeError, ValueError) as error:
            raise RecordError(f"column {name!r}: a {'category' if levels else 'number'} was expected") from error


def _value(value: Any, levels: Levels | None, unknown: frozenset[float]) -> float | str | None:
    """A value of a row. pandas likes to read levels such as `1` as numbers, and what it reads may be none of Python's
    own types."""
    if levels is not None:
        known = value is None or isinstance(value, str | bool | int | float)
        return levels.find(value if known else str(value))[0]
    if value is None:
        return math.nan
    if isinstance(value, str):
        raise TypeError
    return math.nan if float(value) in unknown else float(value)
