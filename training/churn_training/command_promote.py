"""`churn promote`."""

import argparse
from typing import Any

from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.usecase import load_usecase
from churn_training.exporting import export_champion
from churn_training.home import Home
from churn_training.training_command import show


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Make a version champion, in the registry and for the servers of this machine."""
    home = Home.from_environment()
    name = load_usecase(options.usecase).model_name
    registry = MlflowRegistry(connect(home.tracking_uri))
    champion = registry.promote(name, options.version)
    export_champion(registry, name, home)
    show(f"{name}: version {champion.version} is champion ({champion.digest})", options)
    return {"name": name, "version": champion.version, "digest": champion.digest, "uri": champion.uri}
