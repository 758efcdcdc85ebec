"""A package of a company whose customers are described by numbers alone, as some are."""

import dataclasses
from pathlib import Path

import numpy

from churn_model import Encoder, PackageContents, Schema
from sample_estimators import write_estimator
from sample_package import sample_rows

SEED = 5


def of_numbers(usual: PackageContents, folder: Path) -> PackageContents:
    """The sample's package without its categories."""
    kept = [place for place, feature in enumerate(usual.schema.features) if feature.type == "number"]
    schema = Schema(usual.schema.usecase, usual.schema.id, tuple(usual.schema.features[place] for place in kept))
    encoder = {**usual.encoder, "features": [usual.encoder["features"][place] for place in kept]}
    rows = [[row[place] for place in kept] for row in sample_rows(600, SEED)]
    encoded = Encoder.from_json(encoder, schema).encode(rows)
    odds = 1.0 - numpy.nan_to_num(numpy.array(encoded)[:, 0]) / 30.0
    labels = (numpy.random.default_rng(SEED).random(600) < 1.0 / (1.0 + numpy.exp(-odds))).astype(int).tolist()
    fill, weights = ([usual.scorecard[name][place] for place in kept] for name in ("fill", "weights"))
    value = usual.actions["value"]
    return dataclasses.replace(
        usual,
        schema=schema,
        estimator_file=write_estimator("catboost", folder / "estimator", rows, encoded, labels, SEED),
        encoder=encoder,
        segments={**usual.segments, "categories": []},
        actions={**usual.actions, "value": {**value, "index": kept.index(value["index"])}},
        scorecard={**usual.scorecard, "fill": fill, "weights": weights},
        golden_rows=[[row[place] for place in kept] for row in sample_rows(12, 99)],
    )
