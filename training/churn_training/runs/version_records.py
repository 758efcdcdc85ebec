"""What the registry keeps of versions, for whoever lists or promotes them: figures, the gate's word, orders against it.

It must not judge anything, and must not know environments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from churn_model.registry import Registered
from churn_training.runs.gate_tags import OVERRIDE, not_passed_by

if TYPE_CHECKING:
    from mlflow import MlflowClient

FIGURES = ("log_loss", "roc_auc", "brier", "ece", "empc")
"""By which a version was decided about, as tags beside it say them."""
MADE = "churn.made"
"""Of a version that was registered again: the day in UTC on which it was made."""
RUN_ARTIFACTS = "churn.run_artifacts"
"""Of a version that was registered again: where the files of its run are, which MLflow knows no more."""


@dataclass(frozen=True)
class VersionRecord:
    """A version; `made`: the day in UTC; `run`: the MLflow run that made it; `figures`: those of FIGURES that are kept;
    `objection`: that the gate did not pass it, and why, empty if it did; `override`: the order that overruled it."""

    registered: Registered
    made: str
    run: str
    figures: Mapping[str, float]
    objection: str
    override: str


def version_record(client: "MlflowClient", registered: Registered) -> VersionRecord:
    """What is kept of one version; MLflow's errors pass."""
    found = client.get_model_version(registered.name, registered.version)
    figures = {name: _number(found.tags[f"churn.{name}"]) for name in FIGURES if f"churn.{name}" in found.tags}
    return VersionRecord(
        registered,
        found.tags.get(MADE) or datetime.fromtimestamp(found.creation_timestamp / 1000, UTC).date().isoformat(),
        found.run_id or "",
        {name: value for name, value in figures.items() if value is not None},
        not_passed_by(found.tags),
        found.tags.get(OVERRIDE, ""),
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
