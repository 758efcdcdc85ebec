"""What `promote`, `rollback` and `models` do with environments: what the registry keeps goes in, a commit comes out.

It must not decide: rules are the gate's and those of `churn_delivery`.
"""

import argparse
from pathlib import Path
from typing import Any

from churn_cli.terminal import say, show
from churn_delivery.errors import DeliveryError
from churn_delivery.model_file import ServedModel
from churn_delivery.promotion import Candidate, Delivered, Place, promote, rollback
from churn_delivery.settings import credentials_from
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.usecase import load_usecase
from churn_training.packaging.home import Home
from churn_training.runs.tracking_server import wait_for_server
from churn_training.runs.version_records import VersionRecord, version_record

SERVER_SECONDS = 10.0


def is_for_environment(options: argparse.Namespace) -> bool:
    """Whether a command changes an environment, and not this machine.

    Raises:
        DeliveryError: it was told a branch, and no environment whose change could be there.
    """
    if options.environment is None and options.branch is not None:
        raise DeliveryError("--branch: is where the change of an environment is opened; name one with --environment")
    return options.environment is not None


def place_of(options: argparse.Namespace) -> Place:
    """Where the options have it delivered."""
    return Place(
        Path(options.repository),
        options.environments.strip("/"),
        credentials_from(),
        getattr(options, "branch", None),
    )


def promote_environment(options: argparse.Namespace) -> dict[str, Any]:
    """Make a version the one that an environment serves.

    Raises:
        DeliveryError: it is refused, and nothing was written.
        RegistryError: no such version.
        Unavailable: MLflow's server or the git server does not answer.
    """
    place = place_of(options)
    candidate = candidate_of(options)
    return _told(promote(place, options.environment, candidate, force=options.force), options, "serves")


def candidate_of(options: argparse.Namespace) -> Candidate:
    """The version of the options with what the gate said of it.

    Raises:
        RegistryError: no such version.
        Unavailable: MLflow's server does not answer.
    """
    name, home = load_usecase(options.usecase).model_name, Home.from_environment()
    wait_for_server(home, say, SERVER_SECONDS)
    client = connect(home.tracking_uri)
    record = version_record(client, MlflowRegistry(client).by_version(name, options.version))
    return Candidate(served_model(record), record.objection, record.override)


def roll_environment_back(options: argparse.Namespace) -> dict[str, Any]:
    """Make an environment serve what it served before; MLflow is not asked, for it may be down.

    Raises:
        DeliveryError: it is refused, and nothing was written.
        Unavailable: the git server does not answer.
    """
    return _told(rollback(place_of(options), options.environment), options, "goes back to")


def served_model(record: VersionRecord) -> ServedModel:
    """A version as environments name it. The address ends with a slash: KServe copies what begins with it."""
    found = record.registered
    return ServedModel(
        f"{found.uri.rstrip('/')}/", found.digest, found.name, found.version, record.run, dict(record.figures)
    )


def _told(delivered: Delivered, options: argparse.Namespace, verb: str) -> dict[str, Any]:
    model, where = delivered.model, f"on branch {delivered.branch}"
    if delivered.commit is None:
        show(f"{delivered.environment} serves {model.title} already; nothing was written", options)
    else:
        opened = "; merge it to deploy it" if getattr(options, "branch", None) else ""
        show(
            f"{delivered.environment} {verb} {model.title} by commit {delivered.commit[:10]} {where}{opened}\n"
            f"{model.uri} ({model.digest})",
            options,
        )
    former = delivered.former
    return {
        "environment": delivered.environment,
        "commit": delivered.commit,
        "branch": delivered.branch,
        "name": model.name,
        "version": model.version,
        "digest": model.digest,
        "uri": model.uri,
        "former": None if former is None else {"version": former.version, "digest": former.digest, "uri": former.uri},
    }
