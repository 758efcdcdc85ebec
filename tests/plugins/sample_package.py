"""A real, small, signed model package for whoever needs one; built once a test run."""

import dataclasses
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from churn_model import PackageContents, Row, Schema, SchemaFeature, SigningKey, TrustedKeys, write_package
from sample_estimators import write_estimator

MODEL_NAME = "churn-sample"
CONTRACTS = ("Month-to-month", "One year", "Two year")
PAYMENTS = ("Card", "Check", "Transfer", "Wallet")


@dataclasses.dataclass(frozen=True)
class Keys:
    """A signing key and the trust in it."""

    signing: SigningKey
    trusted: TrustedKeys
    verify_path: Path


def sample_schema() -> Schema:
    """Two categories and three numbers, one of them bounded."""
    return Schema(
        usecase="sample",
        id="customer",
        features=(
            SchemaFeature("tenure", "number", "months with us", minimum=0, maximum=1200),
            SchemaFeature("Contract", "category", "contract", categories=CONTRACTS),
            SchemaFeature("charges", "number", "monthly charges"),
            SchemaFeature("Payment", "category", "payment", categories=PAYMENTS),
            SchemaFeature("Senior Citizen", "number", "senior"),
        ),
    )


def sample_rows(count: int, seed: int) -> list[Row]:
    """Rows in schema order with missing values and a level never seen in training."""
    source = random.Random(seed)
    return [
        [
            math.nan if source.random() < 0.05 else float(source.randint(0, 72)),
            source.choice([*CONTRACTS, None, "Forever"]),
            math.nan if source.random() < 0.05 else round(source.uniform(18, 119), 2),
            source.choice([*PAYMENTS, None]),
            float(source.randint(0, 1)),
        ]
        for _ in range(count)
    ]


def sample_contents(folder: Path, seed: int = 1, kind: str = "catboost") -> PackageContents:
    """Everything of a package around a real estimator of any kind, trained on the sample rows."""
    import numpy

    from churn_model import Encoder

    schema = sample_schema()
    encoder = {
        "format": 1,
        "features": [
            {"name": "tenure", "kind": "number"},
            _category("Contract", dict(zip(CONTRACTS, (0.43, 0.11, 0.03), strict=True))),
            {"name": "charges", "kind": "number"},
            _category("Payment", dict(zip(PAYMENTS, (0.15, 0.45, 0.17, 0.2), strict=True))),
            {"name": "Senior Citizen", "kind": "number"},
        ],
    }
    rows = sample_rows(600, seed)
    encoded = Encoder.from_json(encoder, schema).encode(rows)
    numbers = numpy.array(encoded, dtype=numpy.float32)
    odds = 3 * numbers[:, 1] - numpy.nan_to_num(numbers[:, 0]) / 30 + seed / 10
    labels = (numpy.random.default_rng(seed).random(600) < 1 / (1 + numpy.exp(-odds))).astype(int).tolist()
    return PackageContents(
        name=MODEL_NAME,
        schema=schema,
        estimator_kind=kind,
        estimator_file=write_estimator(kind, folder, rows, encoded, labels, seed),
        encoder=encoder,
        segments=_segments(),
        actions=_actions(),
        scorecard={
            "format": 1,
            "fill": [30, 0.26, 60, 0.26, 0],
            "weights": [-0.03, 3, 0.01, 1, 0.2],
            "intercept": -1.5,
        },
        golden_rows=sample_rows(12, 99),
        metrics={"roc_auc": 0.8},
        training_data_sha256="0" * 64,
        code_revision="test",
        data_source="sample",
        simulated=True,
        training_rows=600,
    )


def arranged_contents(folder: Path, order: Sequence[int], *, extra: bool = False, seed: int = 5) -> PackageContents:
    """The same customers with their columns in another ``order``, behind one more category if ``extra``."""
    import numpy

    from churn_model import Encoder

    usual = sample_contents(folder / "usual", seed)
    shift = 1 if extra else 0
    place = {column: shift + index for index, column in enumerate(order)}

    def arranged(rows: Sequence[Row]) -> list[Row]:
        return [[*(["north"] * shift), *(row[column] for column in order)] for row in rows]

    features = [usual.schema.features[column] for column in order]
    encoded_features = [usual.encoder["features"][column] for column in order]
    fill, weights = ([usual.scorecard[name][column] for column in order] for name in ("fill", "weights"))
    if extra:
        features.insert(0, SchemaFeature("region", "category", "region", categories=("north", "south")))
        encoded_features.insert(0, _category("region", {"north": 0.2, "south": 0.3}))
        fill, weights = [0.25, *fill], [1.0, *weights]
    schema = Schema(usual.schema.usecase, usual.schema.id, tuple(features))
    encoder = {"format": 1, "features": encoded_features}
    rows = arranged(sample_rows(600, seed))
    encoded = Encoder.from_json(encoder, schema).encode(rows)
    numbers = numpy.array(encoded, dtype=numpy.float32)
    odds = 3 * numbers[:, place[1]] - numpy.nan_to_num(numbers[:, place[0]]) / 30 + seed / 10
    labels = (numpy.random.default_rng(seed).random(600) < 1 / (1 + numpy.exp(-odds))).astype(int).tolist()
    segments, actions = _segments(), _actions()
    for kind in ("numbers", "categories"):
        for item in segments[kind]:
            item["index"] = place[item["index"]]
    actions["value"]["index"] = place[actions["value"]["index"]]
    return dataclasses.replace(
        usual,
        schema=schema,
        estimator_file=write_estimator("catboost", folder, rows, encoded, labels, seed),
        encoder=encoder,
        segments=segments,
        actions=actions,
        scorecard={**usual.scorecard, "fill": fill, "weights": weights},
        golden_rows=arranged(sample_rows(12, 99)),
    )


def _category(name: str, table: dict[str, float]) -> dict[str, Any]:
    return {"name": name, "kind": "category", "table": table, "missing": 0.3, "unseen": 0.27}


def _segments() -> dict[str, Any]:
    return {
        "format": 1,
        "segments": [{"id": i, "name": f"segment {i}", "size": 0.25, "profile": {}} for i in (1, 2, 3, 4)],
        "bias": [0.0, 5.0, 9.0, 10.0],
        "numbers": [{"index": 0, "fill": 30.0, "weights": [0.1, -0.1, -0.2, -0.3]}],
        "categories": [
            {
                "index": 1,
                "table": {"Month-to-month": [0.0, 1.0, 2.0, 3.0], "Two year": [3.0, 2.0, 1.0, 0.0]},
                "missing": [1.0, 1.0, 1.0, 1.0],
                "unseen": [1.0, 1.0, 1.0, 1.0],
            }
        ],
    }


def _actions() -> dict[str, Any]:
    return {
        "format": 1,
        "risk": {"medium": 0.3, "high": 0.6},
        "value": {"column": "charges", "index": 2, "factor": 12.0, "fill": 60.0},
        "actions": [
            {"id": "call", "name": "Call", "cost": 10.0, "effect": 0.2},
            {"id": "discount", "name": "Discount", "cost": 40.0, "effect": 0.35, "segments": [1, 2]},
        ],
    }


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    signing = SigningKey.generate(folder / "signing.pem")
    (folder / "verify.pem").write_bytes(signing.public_pem())
    return Keys(signing, TrustedKeys.load(folder / "verify.pem"), folder / "verify.pem")


@pytest.fixture(scope="session")
def contents(tmp_path_factory: pytest.TempPathFactory) -> PackageContents:
    return sample_contents(tmp_path_factory.mktemp("contents"))


PackageMaker = Callable[..., Path]


@pytest.fixture(scope="session")
def make_package(keys: Keys, contents: PackageContents, tmp_path_factory: pytest.TempPathFactory) -> PackageMaker:
    """Writes a package into a new folder: ``make_package(version="2", seed=3)``, of another ``kind``, of ``contents``
    made elsewhere, or with some of them changed."""
    usual = contents

    def make(
        version: str = "1",
        seed: int = 1,
        kind: str = "catboost",
        contents: PackageContents | None = None,
        **changes: Any,
    ) -> Path:
        made = contents
        if made is None and (seed, kind) == (1, "catboost"):
            made = usual
        if made is None:
            made = sample_contents(tmp_path_factory.mktemp("contents"), seed, kind)
        folder = tmp_path_factory.mktemp("package")
        write_package(folder, dataclasses.replace(made, **changes), version, keys.signing, "flavors: {}\n")
        return folder

    return make


@pytest.fixture(scope="session")
def package_folder(make_package: PackageMaker) -> Path:
    """A package that tests only read."""
    return make_package()
