"""Raw categories on the real customers: the same bits alone, in batches and in another process, and sound reasons."""

import json
import math
import subprocess
import sys
from pathlib import Path

import catboost
import pandas
import pytest

from churn_model import Row, Schema, SchemaFeature
from churn_model.encoding import MISSING_CATEGORY
from churn_model.estimator import Estimator
from churn_model.estimators import load_estimator
from churn_model.reasons import reasons

_ELSEWHERE = """
import json, sys
from pathlib import Path
import msgspec
from churn_model import Schema
from churn_model.estimators import load_estimator
given = json.loads(sys.stdin.read())
schema = msgspec.convert(given["schema"], Schema)
model = load_estimator("native", Path(given["path"]).read_bytes(), schema)
rows = [[float("nan") if cell == "NaN!" else cell for cell in row] for row in given["rows"]]
print(json.dumps([value.hex() for value in model.raw([], rows)]))
"""
Customers = tuple[Schema, list[Row], list[bool]]


@pytest.fixture(scope="module")
def customers(telco_path: Path) -> Customers:
    frame = pandas.read_csv(telco_path)
    churned = (frame.pop("Churn") == "Yes").tolist()
    frame = frame.drop(columns="customerID")
    frame["TotalCharges"] = pandas.to_numeric(frame["TotalCharges"], errors="coerce")
    features = tuple(
        SchemaFeature(name, "category" if frame[name].dtype == object else "number") for name in frame.columns
    )
    rows: list[Row] = [
        [value if isinstance(value, str) else float(value) for value in row] for row in frame.itertuples(index=False)
    ]
    for index in range(0, len(rows), 11):
        rows[index] = [None if isinstance(value, str) and len(value) % 3 == 0 else value for value in rows[index]]
    return Schema("real", "customerID", features), rows, churned


@pytest.fixture(scope="module")
def native_path(customers: Customers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    schema, rows, churned = customers
    texts = [[MISSING_CATEGORY if value is None else value for value in row] for row in rows]
    categories = [index for index, feature in enumerate(schema.features) if feature.type == "category"]
    model = catboost.CatBoostClassifier(
        iterations=60, depth=4, verbose=0, thread_count=1, cat_features=categories, allow_writing_files=False
    )
    path = tmp_path_factory.mktemp("native") / "native.cbm"
    model.fit(texts, churned).save_model(str(path))
    return path


@pytest.fixture(scope="module")
def native(customers: Customers, native_path: Path) -> Estimator:
    return load_estimator("native", native_path.read_bytes(), customers[0])


def test_the_same_bits_alone_and_in_batches(customers: Customers, native: Estimator) -> None:
    rows = customers[1]
    together = native.raw([], rows)
    assert [native.raw([], [row])[0] for row in rows] == together
    for size in (2, 7, 64, 129):
        parts = (native.raw([], rows[start : start + size]) for start in range(0, len(rows), size))
        assert [value for part in parts for value in part] == together


def test_the_same_bits_in_another_process(customers: Customers, native: Estimator, native_path: Path) -> None:
    schema, rows, _ = customers
    cells = [["NaN!" if isinstance(cell, float) and math.isnan(cell) else cell for cell in row] for row in rows[:2000]]
    shape = {
        "usecase": schema.usecase,
        "id": schema.id,
        "features": [{"name": feature.name, "type": feature.type} for feature in schema.features],
    }
    asked = json.dumps({"schema": shape, "path": str(native_path), "rows": cells})
    ended = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE], input=asked, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert json.loads(ended.stdout) == [value.hex() for value in native.raw([], rows[:2000])]


def test_contributions_add_up_for_real_customers(customers: Customers, native: Estimator) -> None:
    schema, rows, _ = customers
    contributions = native.contributions([], rows)
    assert {len(values) for values in contributions} == {len(schema.features) + 1}
    assert [math.fsum(values) for values in contributions] == pytest.approx(native.raw([], rows), abs=1e-6)


def test_a_monthly_contract_is_a_reason_for_most_who_left(customers: Customers, native: Estimator) -> None:
    schema, rows, churned = customers
    left: list[Row] = [row for row, gone in zip(rows, churned, strict=True) if gone][:300]
    told = [reasons(row, values, schema) for row, values in zip(left, native.contributions([], left), strict=True)]
    assert all(len(one) <= 3 for one in told)
    assert sum("Contract: Month-to-month (raises churn)" in one for one in told) > 150
