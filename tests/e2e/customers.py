"""The real customers as requests: rows in the model's order, JSON records and V2 messages.

Read by nothing of the project's own readers, so that a fault of theirs cannot hide.
"""

import csv
import math
from pathlib import Path
from typing import Any, NamedTuple

from churn_model import Row, Schema, SchemaFeature, load_usecase


class Customers(NamedTuple):
    """Ids and rows side by side, and the schema that the rows follow."""

    ids: list[str]
    rows: list[Row]
    schema: Schema

    def record(self, index: int) -> dict[str, Any]:
        """One customer as ``POST /v1/predictions`` takes it."""
        values = (_json(value) for value in self.rows[index])
        return {
            "customer_id": self.ids[index],
            "features": dict(zip(self.schema.names, values, strict=True)),
        }


def read_customers(path: Path, most: int) -> Customers:
    """The first customers of a file."""
    usecase = load_usecase("telecom")
    features = tuple(
        SchemaFeature(feature.name, "category" if feature.type == "category" else "number")
        for feature in usecase.features or ()
    )
    schema = Schema("telecom", usecase.id, features)
    ids: list[str] = []
    rows: list[Row] = []
    with path.open(encoding="utf-8", newline="") as file:
        for record, _ in zip(csv.DictReader(file), range(most), strict=False):
            ids.append(record[schema.id])
            rows.append([_value(record[feature.name].strip(), feature.type) for feature in features])
    return Customers(ids, rows, schema)


def _value(text: str, kind: str) -> float | str | None:
    if kind == "number":
        return float(text) if text else math.nan
    return text or None


def _json(value: float | str | None) -> float | str | None:
    return None if isinstance(value, float) and math.isnan(value) else value
