"""Writes a training run into MLflow: one parent run, one nested run a candidate.

It speaks to the client that `churn_model.mlflow_registry.connect` made, and must not know models or data frames.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn_training.home import Home

if TYPE_CHECKING:
    # Only the type: importing MLflow is the registry adapter's business, which quiets it first.
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Run:
    """An open run in MLflow."""

    client: "MlflowClient"
    experiment: str
    id: str

    def parameters(self, values: Mapping[str, Any]) -> None:
        """Record parameters."""
        for name, value in values.items():
            self.client.log_param(self.id, name, value)

    def metrics(self, values: Mapping[str, float]) -> None:
        """Record metrics."""
        for name, value in values.items():
            self.client.log_metric(self.id, name, value)

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        for name, value in values.items():
            self.client.set_tag(self.id, name, value)

    def files(self, folder: Path, place: str) -> None:
        """Store a folder's files under `place` of the run's artifacts."""
        self.client.log_artifacts(self.id, str(folder), place)


@contextmanager
def open_run(
    client: "MlflowClient", experiment: str, name: str, tags: Mapping[str, str], parent: Run | None = None
) -> Iterator[Run]:
    """A run that ends FINISHED, or FAILED when an exception (Ctrl-C included) passes."""
    nested = {"mlflow.parentRunId": parent.id} if parent else {}
    created = client.create_run(experiment, run_name=name, tags={**tags, **nested})
    run = Run(client, experiment, created.info.run_id)
    try:
        yield run
    except BaseException:  # Re-raised; a run must not look as if it were still going on.
        client.set_terminated(run.id, "FAILED")
        raise
    client.set_terminated(run.id, "FINISHED")


def experiment_of(client: "MlflowClient", name: str, home: Home) -> str:
    """The id of the experiment with this name, made if need be; local stores keep its artifacts in the home folder."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    local = home.tracking_uri.startswith("sqlite:")
    location = (home.artifacts / name).as_uri() if local else None
    return str(client.create_experiment(name, artifact_location=location))
