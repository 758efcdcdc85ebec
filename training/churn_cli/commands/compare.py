"""`churn compare`."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from churn_cli.terminal import answer, say, show
from churn_data.errors import Failure
from churn_model.mlflow_registry import MlflowRegistry, connect, translated
from churn_model.usecase import load_usecase
from churn_training.packaging.home import Home
from churn_training.runs.gate_records import findings_of
from churn_training.runs.gate_tags import objection
from churn_training.runs.job_versions import version_named
from churn_training.runs.tracking_server import wait_for_server
from churn_training.runs.version_records import FIGURES, version_record

SERVER_SECONDS = 10.0
REFUSED = 4
"""The exit code of `--require` where the gate is against it."""


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Show a version beside the champion.

    Raises:
        RegistryError: no such version.
        Failure: the gate is against it, and `--require` was given.
    """
    home, name = Home.from_environment(), load_usecase(options.usecase).model_name
    wait_for_server(home, say, SERVER_SECONDS)
    client = connect(home.tracking_uri)
    registry = MlflowRegistry(client)
    with translated(f"{name} {options.version[:80]}"):
        wanted, champion = version_named(client, registry, name, options.version), registry.champion(name)
        problem = objection(client, wanted, champion)
        compared = [wanted] if champion is None or champion == wanted else [wanted, champion]
        figures = {each.version: dict(version_record(client, each).figures) for each in compared}
        findings = findings_of(client, name, wanted.version)
    document = {
        "name": name,
        "version": wanted.version,
        "digest": wanted.digest,
        "uri": wanted.uri,
        "champion": champion.version if champion else None,
        "passed": not problem,
        "reason": problem or "the gate has it become champion",
        "figures": figures,
        "findings": findings,
    }
    show("\n".join(_lines(document)), options)
    if not (problem and options.require):
        return document
    if options.json:
        answer(json.dumps(document))
    raise Failure(f"{name} version {wanted.version}: {problem}", exit_code=REFUSED)


def _lines(document: Mapping[str, Any]) -> list[str]:
    """Figures side by side, each of its own held-out customers, then the gate's rules, of customers new to both."""
    versions = [*document["figures"]]
    titles = [f"version {each}{' (champion)' if each == document['champion'] else ''}" for each in versions]
    lines = [f"{document['name']}  {'  '.join(titles)}"]
    for figure in FIGURES:
        values = [document["figures"][each].get(figure) for each in versions]
        if any(value is not None for value in values):
            cells = ("-" if value is None else f"{value:.4f}" for value in values)
            row = "  ".join(cell.rjust(len(title)) for cell, title in zip(cells, titles, strict=True))
            lines.append(f"{figure.replace('_', ' ').ljust(len(document['name']))}  {row}")
    rules = [
        f"{each['rule']}: {'passed' if each['passed'] else 'not passed'}. {each['why']}"
        for each in document["findings"]
    ]
    return [*lines, *rules, f"gate: {document['reason']}"]
