"""What `train` and `up` share: get customers, train on them, export the champion, say what happened."""

import argparse
from pathlib import Path
from typing import Any

from churn_model.errors import UseCaseError
from churn_model.usecase import UseCase, load_usecase
from churn_training.home import Home
from churn_training.simulation_hints import can_simulate
from churn_training.terminal import answer, say
from churn_training.usecase_digest import usecase_sha256


def train_and_export(options: argparse.Namespace, home: Home, *, promote: bool = True) -> dict[str, Any]:
    """Train on `--data`, or on simulated customers without it, and export the champion if it was promoted.

    Returns what `--json` prints.

    Raises:
        DataError, UseCaseError, RegistryError, PackageError: one line each.
    """
    usecase = load_usecase(options.usecase)
    path = options.data or _simulated_file(usecase, options, home)
    # Bad input shall not wait for what only training needs, so libraries are imported as late as they can be.
    from churn_training.sources import read_customers

    dataset = read_customers(path, usecase)
    from churn_model.mlflow_registry import MlflowRegistry, connect
    from churn_training.exporting import export_champion
    from churn_training.pipeline import train

    outcome = train(dataset, home, seed=options.seed, promote=promote)
    if promote:
        export_champion(MlflowRegistry(connect(home.tracking_uri)), usecase.model_name, home, usecase_sha256(usecase))
    return {
        "name": outcome.registered.name,
        "version": outcome.registered.version,
        "digest": outcome.registered.digest,
        "uri": outcome.registered.uri,
        "champion": outcome.promoted,
        "winner": outcome.winner,
        "run_id": outcome.run_id,
        "data": {
            "source": dataset.source.name,
            "sha256": dataset.source.sha256,
            "rows": len(dataset),
            "simulated": dataset.source.simulated,
        },
        "metrics": outcome.metrics,
        "candidates": outcome.candidates,
    }


def summary(result: dict[str, Any]) -> str:
    """The result for people, simulated customers called so."""
    metrics, data = result["metrics"], result["data"]
    people = "simulated customers" if data["simulated"] else "customers"
    role = "champion" if result["champion"] else "registered, not champion"
    return (
        f"{result['name']} version {result['version']} ({role}): {result['winner']}, "
        f"trained on {data['rows']} {people} of {data['source']}; "
        f"held out: ROC AUC {metrics['roc_auc']:.3f}, Brier {metrics['brier']:.3f}, "
        f"profit per customer {metrics['profit']:.2f} (assumed acceptance)\n{result['digest']}"
    )


def _simulated_file(usecase: UseCase, options: argparse.Namespace, home: Home) -> Path:
    if not can_simulate(usecase):
        raise UseCaseError(f"use case {usecase.name}: give --data; it has no hints to simulate customers from")
    from churn_training.simulate import write_simulated

    name = f"simulated-{usecase.name}-{options.rows}-{options.seed}.csv"
    say(f"no --data given: training on {options.rows} simulated customers, seed {options.seed} ({name})")
    return write_simulated(usecase, options.rows, options.seed, home.data / name)


def show(text: str, options: argparse.Namespace) -> None:
    """Print the result for people: on stdout, or on stderr where stdout carries JSON."""
    (say if options.json else answer)(text)
