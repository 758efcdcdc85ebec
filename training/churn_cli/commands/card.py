"""`churn card`."""

import argparse
from typing import Any

from churn_cli.terminal import say, show, written
from churn_data.errors import DataError
from churn_data.local_files import is_replaced
from churn_model.errors import RegistryError
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.usecase import load_usecase
from churn_training.packaging.home import Home
from churn_training.runs.model_cards import fetch_card
from churn_training.runs.tracking_server import wait_for_server

SERVER_SECONDS = 10.0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Show or write a version's card."""
    home, name = Home.from_environment(), load_usecase(options.usecase).model_name
    wait_for_server(home, say, SERVER_SECONDS)
    client = connect(home.tracking_uri)
    registry = MlflowRegistry(client)
    found = registry.by_version(name, options.version) if options.version else registry.champion(name)
    if found is None:
        raise RegistryError(f"{name}: there is no champion; run `churn train` or name a version")
    card = fetch_card(client, name, found.version)
    replaced = options.out is not None and is_replaced(options.out)
    if options.out:
        try:
            options.out.write_text(card, encoding="utf-8")
        except OSError as error:
            raise DataError(str(options.out), f"cannot be written ({error.strerror})") from error
    show(
        f"the model card of version {found.version} is in {written(options.out, replaced=replaced)}"
        if options.out
        else card,
        options,
    )
    return {"name": name, "version": found.version, "digest": found.digest, "card": card}
