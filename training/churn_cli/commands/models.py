"""`churn models`."""

import argparse
from typing import Any

from churn_cli.environment_actions import SERVER_SECONDS, place_of
from churn_cli.model_table import agreement, table
from churn_cli.terminal import say, show
from churn_delivery.errors import TreeNotReady
from churn_delivery.overview import EnvironmentState, environment_states
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.usecase import load_usecase
from churn_training.packaging.home import Home
from churn_training.runs.tracking_server import wait_for_server
from churn_training.runs.version_records import version_record


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Show the versions, what was measured of them, who is champion and what each environment serves."""
    home, name = Home.from_environment(), load_usecase(options.usecase).model_name
    wait_for_server(home, say, SERVER_SECONDS)
    client = connect(home.tracking_uri)
    registry = MlflowRegistry(client)
    records = [version_record(client, found) for found in registry.versions(name)]
    champion, astray = registry.champion(name), registry.astray(name)
    environments = _environments(options)
    number = champion.version if champion else None
    remarks = agreement(name, records, number, astray, environments)
    show("\n".join([*table(name, records, number, environments), *remarks]), options)
    return {
        "name": name,
        "champion": number,
        "alias": astray or number,
        "versions": [
            {
                "version": record.registered.version,
                "digest": record.registered.digest,
                "uri": record.registered.uri,
                "made": record.made,
                "run": record.run,
                "figures": dict(record.figures),
                "gate": record.objection or "passed",
                "override": record.override,
                "served_by": [
                    state.name
                    for state in environments
                    if state.serves and state.serves.identity == record.registered.digest
                ],
            }
            for record in records
        ],
        "environments": [
            {
                "name": state.name,
                "serves": state.serves.digest if state.serves else None,
                "since": state.since,
                "commit": state.commit,
                "back": state.back.digest if state.back else None,
                "withdrawn": list(state.withdrawn),
            }
            for state in environments
        ],
        "remarks": remarks,
    }


def _environments(options: argparse.Namespace) -> list[EnvironmentState]:
    """None where nobody is in a checkout, unless somebody said that there is one."""
    try:
        return environment_states(place_of(options))
    except TreeNotReady:
        if "repository" in getattr(options, "given", ()):
            raise
        return []
