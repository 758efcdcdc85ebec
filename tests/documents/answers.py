"""A day of answers to real customers in the prediction log of one machine: the model's own, written as the gateway
writes them."""

import csv
from datetime import UTC, datetime
from pathlib import Path

from churn_data.dataset import rows_of
from churn_data.sources import read_customers
from churn_model import Package
from churn_model.prediction_log.pseudonyms import add_pseudonym_key, read_pseudonym_keys
from churn_model.prediction_log.records import AnswerNote, CustomerNote, ModelNote
from churn_model.usecase import load_usecase
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.shipping import ship
from churn_monitoring.prediction_log.store import Store
from tests.prediction_log.shipped import write_segment

ANSWERED = datetime(2026, 6, 10, 12, tzinfo=UTC)
"""Before anybody of `outcomes.csv` left, and long enough before the others were seen."""


def answer(package: Package, customers: Path, home: Path) -> None:
    """Put an answer about each customer of a file of telecom's into the log below a home."""
    keys = home / "keys" / "prediction-log.json"
    add_pseudonym_key(keys, "first")
    (key,) = read_pseudonym_keys(keys)
    manifest = package.manifest
    schema = manifest.schema
    places = [schema.names.index(name) for name in schema.logged]
    numbers = tuple(schema.features[place].type == "number" for place in places)
    model = ModelNote(1, schema.usecase, manifest.name, manifest.version, package.digest, schema.logged, numbers)
    rows = rows_of(read_customers(customers, load_usecase("telecom"), lambda _: None).frame)
    with customers.open(encoding="utf-8", newline="") as file:
        names = [row["customerID"] for row in csv.DictReader(file)]
    scored = package.scorer.score(rows)
    notes = [
        AnswerNote(
            ANSWERED.timestamp() + place / 100, f"request-{place}", "/v1/predictions", 1, "primary", None, 1.5, key.id,
            (CustomerNote(key.of(name), tuple(row[each] for each in places), probability, segment, "tips-mail", 1.0),),
        )
        for place, (name, row, probability, segment)
        in enumerate(zip(names, rows, scored.probabilities, scored.segments, strict=True))
    ]  # fmt: skip
    segments = home / "predictions" / "segments"
    write_segment(segments, model, *notes)
    shipped = ship(segments, Store(home / "predictions" / "log"), ShipperMetrics(), print)
    assert (shipped.rows, shipped.left) == (len(rows), 0)
