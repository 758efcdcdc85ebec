"""Where the card of a version is: an artifact of the run that made it, and beside the package that is served here.

A package holds nothing that does not answer, so the card lies beside its folder and not in it. It must not know what a
card says.
"""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from churn_model.errors import RegistryError

if TYPE_CHECKING:
    from mlflow import MlflowClient

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
        run = client.get_model_version(name, version).run_id or ""
        with tempfile.TemporaryDirectory() as folder:
            return Path(client.download_artifacts(run, f"{PLACE}/{CARD}", folder)).read_text(encoding="utf-8")
    except (MlflowException, OSError) as error:
        raise RegistryError(f"{name} version {version}: there is no model card of it") from error


def card_beside(folder: Path, version: str) -> Path:
    """Where the card of an exported version is, in a model's folder."""
    return folder / f"{version}-{CARD}"


def put_beside(client: "MlflowClient", name: str, version: str, folder: Path) -> None:
    """Write the card of a version beside its package, if it has one."""
    with suppress(RegistryError):
        card_beside(folder, version).write_text(fetch_card(client, name, version), encoding="utf-8")
