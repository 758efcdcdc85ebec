"""What was trained last, by what MLflow keeps: the version that came of it, and the last attempt, whatever came of it.

It must not decide anything.
"""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from churn_training.retraining.triggers import Attempt, History, Training
from churn_training.runs.resumption import JOB
from churn_training.runs.version_records import MADE

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

_ATTEMPTS = 20
ASKED_FOR_BY = "churn.asked_for_by"
"""The tag of a run and of its version that says which triggers asked for them, in words."""
_LONGEST = 5_000
"""What MLflow takes as a tag, which is more than any reason has."""


def history_of(client: "MlflowClient", name: str) -> History:
    """What was trained of a model; MLflow's errors pass.

    An attempt that was ended from outside is no attempt: it goes on where it was, and so does what this very Job has
    left open.
    """
    versions = _versions(client, name)
    newest = max(versions, key=lambda each: int(each.version), default=None)
    return History(None if newest is None else _training(client, newest), _attempt(client, name))


def note_reason(client: "MlflowClient", name: str, version: str, run_id: str, reason: str) -> None:
    """Keep what asked for a training beside what came of it; MLflow's errors pass."""
    client.set_tag(run_id, ASKED_FOR_BY, reason[:_LONGEST])
    client.set_model_version_tag(name, version, ASKED_FOR_BY, reason[:_LONGEST])


def _versions(client: "MlflowClient", name: str) -> "list[ModelVersion]":
    found: list[ModelVersion] = []
    token: str | None = None
    while True:
        page = client.search_model_versions(f"name = '{name}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def _training(client: "MlflowClient", version: "ModelVersion") -> Training:
    """A version that was registered again knows its run no more, but the day on which it was made; the last moment of
    that day counts, since what was seen on it may have been there already."""
    from mlflow.exceptions import MlflowException

    made = version.tags.get(MADE)
    try:
        run = client.get_run(version.run_id) if version.run_id and not made else None
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        run = None
    if run is not None:
        digest = run.data.tags.get("churn.data_sha256", "")
        return Training(str(version.version), _moment(run.info.start_time), digest)
    if made:
        return Training(str(version.version), datetime.fromisoformat(f"{made}T23:59:59+00:00"))
    return Training(str(version.version), _moment(version.creation_timestamp))


def _attempt(client: "MlflowClient", name: str) -> Attempt | None:
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return None
    runs = client.search_runs(
        [experiment.experiment_id],
        "attributes.run_name LIKE 'train %' and attributes.status != 'KILLED'",
        max_results=_ATTEMPTS,
        order_by=["attributes.start_time DESC"],
    )
    own = os.environ.get("CHURN_JOB_NAME")
    for run in runs:
        if "mlflow.parentRunId" in run.data.tags or (own and run.data.tags.get(JOB) == own):
            continue
        return Attempt(_moment(run.info.start_time), run.info.status == "RUNNING")
    return None


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
