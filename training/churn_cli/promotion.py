"""What `promote` and `rollback` share: change the champion, bring it to the servers of this machine, say what it is."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from churn_cli.terminal import say, show
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.registry import Registered
from churn_model.usecase import load_usecase
from churn_training.packaging.exporting import export_champion
from churn_training.packaging.home import Home
from churn_training.runs.model_cards import put_beside
from churn_training.runs.tracking_server import wait_for_server

if TYPE_CHECKING:
    from mlflow import MlflowClient

SERVER_SECONDS = 10.0


def change_champion(
    options: argparse.Namespace, change: Callable[["MlflowClient", MlflowRegistry, str], Registered], sentence: str
) -> dict[str, Any]:
    """Change the champion in the registry and show the sentence about it; the result's `uri` and `digest` are what a
    deployment in git names.

    Args:
        options: with the use case.
        change: the change, given MLflow's client, the registry and the model's name; it returns the new champion.
        sentence: with `{version}`.

    Raises:
        RegistryError: no such version, or the change is refused.
        Unavailable: MLflow's server does not answer.
    """
    home = Home.from_environment()
    name = load_usecase(options.usecase).model_name
    wait_for_server(home, say, SERVER_SECONDS)
    client = connect(home.tracking_uri)
    registry = MlflowRegistry(client)
    champion = change(client, registry, name)
    # A registry elsewhere serves a cluster; only a machine that serves the model itself needs its package.
    if home.is_local or home.packages(name).exists():
        exported = export_champion(registry, name, home)
        put_beside(client, name, exported.version, home.packages(name))
    show(f"{name}: {sentence.format(version=champion.version)} ({champion.digest})\n{champion.uri}", options)
    return {"name": name, "version": champion.version, "digest": champion.digest, "uri": champion.uri}
