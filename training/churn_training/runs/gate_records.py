"""What the gate found of a version, rule by rule, as its run has kept it. It must not judge anything."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn_training.runs.version_records import RUN_ARTIFACTS

if TYPE_CHECKING:
    from mlflow import MlflowClient

FOLDER, FILE = "comparison", "gate.json"
"""Folder among a run's artifacts, and the file in it."""


def findings_of(client: "MlflowClient", name: str, version: str) -> list[dict[str, Any]]:
    """Each rule's name, whether it was passed, and the sentence that says why; empty where that is not kept any more,
    or where the gate held no contest."""
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    found = client.get_model_version(name, version)
    place = found.tags.get(RUN_ARTIFACTS)
    try:
        with tempfile.TemporaryDirectory() as folder:
            if place is None:
                path = client.download_artifacts(found.run_id or "", f"{FOLDER}/{FILE}", folder)
            else:
                path = get_artifact_repository(place).download_artifacts(f"{FOLDER}/{FILE}", folder)  # type: ignore[no-untyped-call]
            decision = json.loads(Path(path).read_text(encoding="utf-8"))
    except (MlflowException, OSError, ValueError):
        return []
    verdict = decision.get("verdict") or {}
    return [
        {"rule": each["rule_name"], "passed": each["passed"], "why": each["sentence"]}
        for each in verdict.get("findings", ())
    ]
