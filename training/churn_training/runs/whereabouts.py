"""Where a person finds what a training run has left: the report, how MLflow is opened, the run's page in it.

It must not read or write runs; it only knows how MLflow's pages are addressed.
"""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from churn_training.packaging.home import Home

if TYPE_CHECKING:
    from mlflow import MlflowClient

REPORT = "comparison/report.html"
"""Among the run's artifacts."""
LOCAL_PORT = "8086"
"""Where MLflow is shown on this machine, unless CHURN_MLFLOW_PORT says otherwise."""


@dataclass(frozen=True)
class Whereabouts:
    """`report`: a file's path, or its page where artifacts are not on this machine; `command`: opens MLflow, empty
    where a server shows it already or is about to; `address`: the run's page."""

    report: str
    command: str
    address: str


def whereabouts(
    client: "MlflowClient", home: Home, run_id: str, shown_at: str = "", environment: Mapping[str, str] = os.environ
) -> Whereabouts:
    """Where everything about a finished run is. ``shown_at``: the port of this machine at which whoever asks shows
    MLflow next, so that nobody need; empty: nobody does."""
    info = client.get_run(run_id).info
    port = shown_at or local_port(environment)
    is_server = home.tracking_uri.startswith(("http://", "https://"))
    server = home.tracking_uri.rstrip("/") if is_server else f"http://127.0.0.1:{port}"
    address = f"{server}/#/experiments/{info.experiment_id}/runs/{run_id}"
    artifacts = urlsplit(info.artifact_uri)
    on_disk = artifacts.scheme in ("", "file")
    report = str(Path(unquote(artifacts.path)) / REPORT) if on_disk else f"{address}/artifacts/{REPORT}"
    return Whereabouts(report, "" if is_server or shown_at else _command(home.tracking_uri, port), address)


def local_port(environment: Mapping[str, str] = os.environ) -> str:
    """The port at which MLflow is shown on this machine by commands that are printed."""
    return environment.get("CHURN_MLFLOW_PORT") or LOCAL_PORT


def _command(store: str, port: str) -> str:
    """MLflow's own command from the environment of this very program, by the shortest path to it."""
    program = Path(sys.executable).parent / "mlflow"
    shortest = min((str(program), os.path.relpath(program)), key=len) if program.exists() else "mlflow"
    return shlex.join([shortest, "ui", "--backend-store-uri", store, "--port", port, "--workers", "1"])
