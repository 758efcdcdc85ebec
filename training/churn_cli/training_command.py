"""What `train` and `up` share: get customers, train on them, export the champion, say where everything is."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn_cli.terminal import say
from churn_data.errors import DataError
from churn_data.local_files import local_copy
from churn_data.locations import Location
from churn_data.notices import in_brief
from churn_data.simulation_hints import can_simulate
from churn_data.usecase_digest import usecase_sha256
from churn_model.errors import UseCaseError
from churn_model.loading import without_collecting
from churn_model.usecase import UseCase, load_usecase
from churn_training.packaging.declined import Declined, note_declined
from churn_training.packaging.exported import read_exported
from churn_training.packaging.home import Home

if TYPE_CHECKING:
    from churn_data.dataset import Dataset
    from churn_training.comparison.decision import Promotion
    from churn_training.pipeline import TrainingOutcome
    from churn_training.runs.whereabouts import Whereabouts

MOST_FINDINGS = 3
"""Lines about a file that are told to whoever does not ask for all."""


def train_and_export(
    options: argparse.Namespace, home: Home, promotion: "Promotion" = "gated", mlflow_port: str = ""
) -> dict[str, Any]:
    """Train on `--data`, or on simulated customers without it, and export the champion if it was promoted.

    Returns what `--json` prints. ``mlflow_port``: where the caller shows MLflow next, if it does.

    Raises:
        DataError, UseCaseError, RegistryError, PackageError, PackageKeyError, Unavailable: one line each.
    """
    begun = time.monotonic()
    usecase = load_usecase(options.usecase)
    # Bad input shall not wait for what only training needs, so libraries are imported as late as they can be.
    place = options.data or _simulated_file(usecase, options, home)
    # The file stays as long as its columns may be read once more, for the champion.
    with local_copy(place) as path:
        dataset = read_labelled(path, place, usecase, verbose=options.verbose)
        outcome = _trained(dataset, options, home, promotion, begun)
        return _result(outcome, dataset, _places(home, outcome, mlflow_port))


def _trained(
    dataset: "Dataset", options: argparse.Namespace, home: Home, promotion: "Promotion", begun: float
) -> "TrainingOutcome":
    from churn_training.runs.tracking_server import wait_for_server

    wait_for_server(home, say)
    with without_collecting():
        from churn_model.mlflow_registry import MlflowRegistry, connect
        from churn_training.packaging.exporting import export_champion
        from churn_training.pipeline import train
        from churn_training.runs.model_cards import put_beside

    outcome = train(
        dataset,
        home,
        seed=options.seed,
        promotion=promotion,
        budget=options.budget,
        fresh=options.fresh,
        accept_leak=options.accept_leak,
        verbose=options.verbose,
        begun=begun,
    )
    client = connect(home.tracking_uri)
    usecase = load_usecase(options.usecase)
    if outcome.promoted:
        exported = export_champion(MlflowRegistry(client), usecase.model_name, home, usecase_sha256(usecase))
        put_beside(client, exported.name, exported.version, home.packages(exported.name))
    elif not outcome.decision.passed:
        _note_declined(outcome, dataset, usecase, home)
    return outcome


def _places(home: Home, outcome: "TrainingOutcome", mlflow_port: str) -> "Whereabouts":
    from churn_model.mlflow_registry import connect
    from churn_training.runs.whereabouts import whereabouts

    return whereabouts(connect(home.tracking_uri), home, outcome.run_id, mlflow_port)


def _note_declined(outcome: "TrainingOutcome", dataset: "Dataset", usecase: UseCase, home: Home) -> None:
    """Beside what is served here, if anything is."""
    folder = home.packages(usecase.model_name)
    served = read_exported(folder)
    if served is not None:
        reason = outcome.decision.reason
        note_declined(folder, Declined(served.version, dataset.source.sha256, usecase_sha256(usecase), reason))


def _result(outcome: "TrainingOutcome", dataset: "Dataset", places: "Whereabouts") -> dict[str, Any]:
    return {
        "name": outcome.registered.name,
        "version": outcome.registered.version,
        "digest": outcome.registered.digest,
        "uri": outcome.registered.uri,
        "champion": outcome.promoted,
        "gate": outcome.decision.to_json(),
        "winner": outcome.winner,
        "run_id": outcome.run_id,
        "report": places.report,
        "mlflow": {"command": places.command, "address": places.address},
        "data": {
            "source": dataset.source.name,
            "sha256": dataset.source.sha256,
            "rows": len(dataset),
            "customers": dataset.customer_count,
            "learnt": outcome.learnt,
            "learnable": outcome.learnable,
            "simulated": dataset.source.simulated,
        },
        "money": dataset.usecase.tells_money,
        "metrics": outcome.metrics,
        "out_of_time": outcome.out_of_time.to_json() if outcome.out_of_time else None,
        "candidates": outcome.candidates,
        "rounds": outcome.rounds,
        "warnings": list(outcome.warnings),
    }


def read_labelled(path: Path, place: Location, usecase: UseCase, *, verbose: bool) -> "Dataset":
    """Labelled customers of a file that people know by its place.

    What reading found is told as it is found, or in brief once all is read: whoever is refused hears of all.
    """
    from churn_data.sources import read_customers

    told: list[str] = []
    hear = say if verbose else told.append
    try:
        dataset = read_customers(path, usecase, lambda line: hear(line.replace(str(path), str(place))))
    except BaseException:
        for line in told:
            say(line)
        raise
    for line in [] if verbose else in_brief(dataset.notices, str(place), MOST_FINDINGS):
        say(line)
    return dataset


def _simulated_file(usecase: UseCase, options: argparse.Namespace, home: Home) -> Path:
    if not can_simulate(usecase):
        raise UseCaseError(f"use case {usecase.name}: give --data; it has no hints to simulate customers from")
    from churn_data.simulate import write_simulated

    if options.rows < 1:
        raise DataError("--rows", f"at least 1 customer is needed, asked for {options.rows}")
    name = f"simulated-{usecase.name}-{options.rows}-{options.seed}.csv"
    say(f"no --data given: training on {options.rows} simulated customers, seed {options.seed} ({name})")
    return write_simulated(usecase, options.rows, options.seed, home.data / name)
