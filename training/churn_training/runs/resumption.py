"""Finished evaluations are kept in MLflow, so that a training that was killed does not do them again.

What is kept belongs to the nested run of its candidate: the numbers as an artifact, the key and the artifact's digest
as tags, set last. A run that is not FINISHED, or whose artifact is not the one that was kept, counts as nothing. It
must not know how an evaluation comes about.
"""

import hashlib
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from churn_training.comparison.competition import Result
from churn_training.comparison.recorder import Recalled
from churn_training.families.candidates import Candidate
from churn_training.runs.tracking import Run

if TYPE_CHECKING:
    from mlflow import MlflowClient

KEY = "churn.resume_key"
DIGEST = "churn.resume_sha256"
JOB = "churn.job"
POD = "churn.pod"
FOLDER = "evaluation"
FILE = "evaluation.json"


def keep(run: Run, key: str, result: Result) -> None:
    """Keep a candidate's evaluation with its run, which is finished right after."""
    numbers = {
        "metrics": result.metrics,
        "profits": result.profits.tolist(),
        "raw": result.raw.tolist(),
        "parameters": result.contender.parameters,
        "rounds": result.rounds,
        "seconds": result.seconds,
    }
    content = json.dumps(numbers).encode()  # floats are written so that they are read back bit by bit
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_bytes(content)
        run.files(Path(folder), FOLDER)
    run.tags({DIGEST: hashlib.sha256(content).hexdigest(), KEY: key})


def find(client: "MlflowClient", experiment: str, key: str, candidate: Candidate) -> Recalled | None:
    """The newest evaluation that was kept under this key and can still be read whole."""
    wanted = f"tags.`{KEY}` = '{key}' and attributes.status = 'FINISHED'"
    for run in client.search_runs([experiment], wanted, max_results=3, order_by=["attributes.start_time DESC"]):
        content = _content(client, run.info.run_id)
        if content is not None and hashlib.sha256(content).hexdigest() == run.data.tags.get(DIGEST):
            numbers = json.loads(content)
            profits, raw = numpy.array(numbers["profits"]), numpy.array(numbers["raw"])
            chosen = replace(candidate.at({}), parameters=numbers["parameters"], patience=0)
            measured = Result(chosen, numbers["metrics"], profits, raw, numbers["rounds"], numbers["seconds"])
            return Recalled(run.info.run_id, measured)
    return None


def _content(client: "MlflowClient", run_id: str) -> bytes | None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return Path(client.download_artifacts(run_id, f"{FOLDER}/{FILE}", folder)).read_bytes()
        except Exception:  # noqa: BLE001 - whatever an artifact store raises, the candidate is evaluated anew
            return None


def job_tags() -> dict[str, str]:
    """Which Kubernetes Job and pod this process is (CHURN_JOB_NAME, CHURN_POD_NAME); empty outside of one."""
    names = {JOB: os.environ.get("CHURN_JOB_NAME"), POD: os.environ.get("CHURN_POD_NAME")}
    return {tag: name for tag, name in names.items() if name}


def close_abandoned(client: "MlflowClient", experiment: str) -> list[str]:
    """End the runs that an earlier pod of this very Job left open, a Job having one pod at a time; returns their ids.

    A model that such a run was still storing goes too: no version of it exists, since one is made only of whole models.
    """
    job = job_tags().get(JOB)
    if job is None:
        return []
    open_runs = client.search_runs([experiment], f"tags.`{JOB}` = '{job}' and attributes.status = 'RUNNING'")
    closed = [str(run.info.run_id) for run in open_runs]
    for run_id in closed:
        for model in client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
            if str(model.status) == "PENDING":
                client.finalize_logged_model(model.model_id, "FAILED")
                client.delete_logged_model(model.model_id)
        client.set_terminated(run_id, "KILLED")
    return closed
