"""Writes a training run into MLflow: one parent run, one nested run a candidate.

It speaks to the client that `churn_model.mlflow_registry.connect` made, and must not know models.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn_data.dataset import Dataset
from churn_model.registry import DATA_DIGEST
from churn_training.packaging.home import Home

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
        from mlflow.entities import Param

        self.client.log_batch(self.id, params=[Param(name, str(value)) for name, value in values.items()])

    def metrics(self, values: Mapping[str, float]) -> None:
        """Record metrics, in one call: each costs a transaction, or a way to the server and back."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self.client.log_batch(self.id, metrics=[Metric(name, value, now, 0) for name, value in values.items()])

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        from mlflow.entities import RunTag

        self.client.log_batch(self.id, tags=[RunTag(name, value) for name, value in values.items()])

    def data_set(self, dataset: Dataset, context: str) -> None:
        """Record what the run learns from: name and digest of the file, its columns and size, and in which `context` it
        was used. Of where the file was no more than its name is told: a path says who works where."""
        from mlflow.entities import Dataset as DatasetEntity
        from mlflow.entities import DatasetInput, InputTag

        columns = [
            {"name": name, "type": "double" if column.dtype == "float64" else "string", "required": True}
            for name, column in dataset.frame.items()
        ]
        source = dataset.source
        described = DatasetEntity(
            name=source.name,
            digest=source.sha256[:DATA_DIGEST],
            source_type="local",
            source=json.dumps({"uri": source.name}),
            schema=json.dumps({"mlflow_colspec": columns}),
            profile=json.dumps({"num_rows": len(dataset), "churn_rate": dataset.churn_rate, "sha256": source.sha256}),
        )
        tags = [InputTag("mlflow.data.context", context)]
        self.client.log_inputs(self.id, [DatasetInput(described, tags)])

    def files(self, folder: Path, place: str) -> None:
        """Store a folder's files under `place` of the run's artifacts."""
        self.client.log_artifacts(self.id, str(folder), place)


@contextmanager
def open_run(
    client: "MlflowClient", experiment: str, name: str, tags: Mapping[str, str], parent: Run | None = None
) -> Iterator[Run]:
    """A run that ends FINISHED, FAILED when an exception passes, or KILLED after Ctrl-C and SIGTERM."""
    nested = {"mlflow.parentRunId": parent.id} if parent else {}
    created = client.create_run(experiment, run_name=name, tags={**tags, **nested})
    run = Run(client, experiment, created.info.run_id)
    try:
        yield run
    except BaseException as error:  # A run must not look as if it were still going on.
        # Ctrl-C and SIGTERM pass every `except Exception`: nothing in the run went wrong, it was ended from outside.
        client.set_terminated(run.id, "FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    client.set_terminated(run.id, "FINISHED")


def experiment_of(client: "MlflowClient", name: str, home: Home) -> str:
    """The id of the experiment with this name, made if need be; local stores keep its artifacts in the home folder."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    location = (home.artifacts / name).as_uri() if home.is_local else None
    return str(client.create_experiment(name, artifact_location=location))
