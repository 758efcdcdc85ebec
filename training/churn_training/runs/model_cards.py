"""Where the card of a version is: an artifact of the run that made it, and beside the package that is served here.

A package holds nothing that does not answer, so the card lies beside its folder and not in it. It must not know what a
card says.
"""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from churn_model.errors import RegistryError
from churn_training.runs.version_records import RUN_ARTIFACTS

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

PLACE, CARD = "card", "model_card.md"
"""Folder among a run's artifacts, and the file in it."""


def fetch_card(client: "MlflowClient", name: str, version: str) -> str:
    """The card of a version, Markdown.

    Raises:
        RegistryError: there is no such version, or it has none (it was made before there were cards, or its run is
            gone).
    """
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_model_version(name, version)
        with tempfile.TemporaryDirectory() as folder:
            return Path(_card_file(client, found, folder)).read_text(encoding="utf-8")
    except (MlflowException, OSError) as error:
        raise RegistryError(f"{name} version {version}: there is no model card of it") from error


def _card_file(client: "MlflowClient", version: "ModelVersion", folder: str) -> str:
    """The card in a folder; of a version that was registered again MLflow knows no run, but where its files are."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    place = version.tags.get(RUN_ARTIFACTS)
    if place is None:
        return str(client.download_artifacts(version.run_id or "", f"{PLACE}/{CARD}", folder))
    return str(get_artifact_repository(place).download_artifacts(f"{PLACE}/{CARD}", folder))  # type: ignore[no-untyped-call]


def card_beside(folder: Path, version: str) -> Path:
    """Where the card of an exported version is, in a model's folder."""
    return folder / f"{version}-{CARD}"


def put_beside(client: "MlflowClient", name: str, version: str, folder: Path) -> None:
    """Write the card of a version beside its package, if it has one."""
    with suppress(RegistryError):
        card_beside(folder, version).write_text(fetch_card(client, name, version), encoding="utf-8")
