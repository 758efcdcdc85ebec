"""Make what every server under test shares: one trained pipeline, and 1,000 held-out customers in each wire form.

Usage: `prepare.py DATA --out FOLDER`. The same fitted pipeline is saved three times: as a pickle and as an MLflow model
for the peers, and compiled to a signed package for us, so that everybody answers with the same model.
Must not know how any server is started.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy
import pandas
from catboost import CatBoostClassifier
from category_encoders import CatBoostEncoder
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline

import wire
from churn_data.dataset import Dataset
from churn_data.sources import read_customers
from churn_model import ChurnModelError, load_usecase
from savers import MODEL, save_for_mlflow, save_pickle, save_signed_package

USECASE = "telecom"
HELD_OUT = 1000
SEED = 20


def main() -> int:
    """Write models and bodies; exit 2 with one line when the data cannot serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    usecase = load_usecase(USECASE)
    try:
        dataset = read_customers(arguments.data, usecase)
    except ChurnModelError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    identities = pandas.read_csv(arguments.data, usecols=[usecase.id], dtype=str)[usecase.id].tolist()
    train, held_out = split(dataset)
    arguments.out.mkdir(parents=True, exist_ok=True)
    training = dataset.take(train)
    pipeline = fit(training)
    save_pickle(pipeline, training, arguments.out)
    save_for_mlflow(pipeline, training.frame.head(50), arguments.out)
    save_signed_package(pipeline, training, arguments.out)
    customers = dataset.frame.iloc[held_out]
    write_bodies(customers, [identities[position] for position in held_out], arguments.out / "bodies")
    expected = pipeline.predict_proba(customers)[:, 1].tolist()
    (arguments.out / "expected.json").write_text(json.dumps(expected))
    return 0


def split(dataset: Dataset) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Positions to train on, and of held-out customers: complete, all different."""
    everybody = numpy.arange(len(dataset))
    train, rest = train_test_split(everybody, test_size=0.2, random_state=SEED, stratify=dataset.churned)
    held_out = dataset.frame.iloc[rest].dropna().drop_duplicates().index[:HELD_OUT]
    return train, held_out.to_numpy()


def fit(training: Dataset) -> Pipeline:
    """The usual pipeline: target statistics for categories, then boosted trees."""
    encoder = CatBoostEncoder(cols=training.categories)
    estimator = CatBoostClassifier(
        iterations=300, depth=6, learning_rate=0.05, random_seed=SEED, verbose=0, allow_writing_files=False
    )
    return Pipeline([("encoder", encoder), ("estimator", estimator)]).fit(training.frame, training.churned)


def write_bodies(customers: pandas.DataFrame, identities: list[str], folder: Path) -> None:
    """One file a wire form, one request a customer, in the same order."""
    folder.mkdir(exist_ok=True)
    rows = [{str(name): value for name, value in row.items()} for row in customers.to_dict("records")]
    for form in (wire.flat, wire.split_frame, wire.bento_one, wire.bento_many, wire.v2, wire.v2_mlserver):
        write_lines(folder / f"{form.__name__}.jsonl", [form(row) for row in rows])
    gateway = [wire.gateway(row, identity) for row, identity in zip(rows, identities, strict=True)]
    write_lines(folder / "gateway.jsonl", gateway)
    (folder / "grpc.bin").write_bytes(b"".join(wire.grpc_frame(row, MODEL) for row in rows))


def write_lines(path: Path, documents: list[dict[str, Any]]) -> None:
    """JSON lines; refuses NaN, which no server would read."""
    lines = [json.dumps(document, separators=(",", ":"), allow_nan=False) for document in documents]
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    # MLflow warns of pickles and whole-number columns; both are what its users do.
    warnings.simplefilter("ignore")
    raise SystemExit(main())
