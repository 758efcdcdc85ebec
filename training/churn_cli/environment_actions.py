"""What `promote`, `rollback` and `models` do with environments: what the registry keeps goes in, a commit comes out.

It must not decide: rules are the gate's and those of `churn_delivery`.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from churn_cli.terminal import say, show
from churn_delivery.errors import DeliveryError
from churn_delivery.model_file import ServedModel
from churn_delivery.promotion import Candidate, Delivered, Place, promote, rollback
from churn_delivery.settings import credentials_from
from churn_model.errors import RegistryError
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.package import open_package
from churn_model.registry import Registered
from churn_model.usecase import load_usecase
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.runs.job_versions import version_named
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
        RegistryError: no such version, or its package cannot be read although its description is asked for.
        PackageError: that package is not one to serve.
        Unavailable: MLflow's server does not answer.
    """
    name, home = load_usecase(options.usecase).model_name, Home.from_environment()
    wait_for_server(home, say, SERVER_SECONDS)
    client = connect(home.tracking_uri)
    registry = MlflowRegistry(client)
    record = version_record(client, version_named(client, registry, name, options.version))
    model = served_model(record)

    def describe() -> str:
        say(f"{model.title}: its description is read, for the environment keeps one (gateway.lastKnownModel)")
        return description_of(registry, record.registered, home)

    if getattr(options, "with_description", False):
        model = replace(model, description=description_of(registry, record.registered, home))
    return Candidate(model, record.objection, record.override, describe)


def description_of(registry: MlflowRegistry, wanted: Registered, home: Home) -> str:
    """The signed description of a version, as its backends will show it, in JSON of ASCII alone.

    Raises:
        RegistryError: the package cannot be read, or is not the one that the registry names.
        PackageError: it is not a package to serve, or no key that is trusted here signed it.
        DataError, Unavailable: object storage refuses to show it, or does not answer.
    """
    from churn_data.object_storage import storage_errors

    with tempfile.TemporaryDirectory(prefix="churn-") as folder:
        with storage_errors(wanted.uri):
            fetched = registry.fetch(wanted, Path(folder) / "package")
        package = open_package(fetched, trusted_keys(home))
    if package.digest != wanted.digest:
        raise RegistryError(f"{wanted.name} version {wanted.version}: the registry names another digest")
    return json.dumps(package.description.to_documents())


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
