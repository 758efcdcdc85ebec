"""Runs in Airflow's own environment: the DAG as Airflow reads it with each of some files of parameters, and the pods
that its tasks would ask for, as JSON."""

import json
import os
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
from kubernetes.client import ApiClient

JOB = "airflow-0123456789abcdef"


def described(task: Any) -> dict[str, Any]:
    """What the scheduler goes by, and the pod if the task is one, as one run of the DAG would have it."""
    found = {
        "after": sorted(task.upstream_task_ids), "retries": task.retries, "rule": str(task.trigger_rule.value),
        "delay": task.retry_delay.total_seconds(), "longest": task.execution_timeout.total_seconds(),
    }  # fmt: skip
    if hasattr(task, "build_pod_request_obj"):
        words = {"job_name(run_id)": JOB, "ds": "2026-03-01"}
        for name, value in words.items():
            task.arguments = [word.replace(f"{{{{ {name} }}}}", value) for word in task.arguments]
            task.labels = {key: label.replace(f"{{{{ {name} }}}}", value) for key, label in task.labels.items()}
        pod = ApiClient().sanitize_for_serialization(task.build_pod_request_obj())  # type: ignore[no-untyped-call]
        found |= {"deferrable": task.deferrable, "skip": list(task.skip_on_exit_code or []), "pod": pod}
    return found


def read(parameters: str, dags: str) -> dict[str, Any]:
    """The DAG, or why it cannot be read."""
    os.environ["CHURN_DAG_PARAMETERS"] = parameters
    bag = DagBag(dags)
    dag = bag.dags.get("churn_training")
    if dag is None:
        return {"error": " ".join(text.splitlines()[-1] for text in bag.import_errors.values())}
    DagSerialization.to_dict(dag)  # what the scheduler works with
    tasks = {task.task_id: described(task) for task in dag.topological_sort()}
    return {"tasks": tasks, "catchup": dag.catchup, "runs": dag.max_active_runs, "start": dag.start_date.isoformat()}


sys.stdout.write(json.dumps([read(path, sys.argv[1]) for path in sys.argv[2:]]) + "\n")
