"""Which version a Job has trained, so that whoever follows it, or runs again, needs no number to be handed on.

A version counts only with the gate's word beside it, which is written last. It must not know clusters: a Job is a name.
"""

from typing import TYPE_CHECKING

from churn_model.errors import RegistryError
from churn_model.registry import Registered, Registry
from churn_training.runs.gate_tags import PASSED
from churn_training.runs.resumption import JOB

if TYPE_CHECKING:
    from mlflow import MlflowClient

PREFIX = "job:"
"""In front of a Job's name where a version is asked for."""
VERSION = "churn.version"
"""Of a run: the number of the version that it made."""
_NEWEST = 5


def version_of_job(client: "MlflowClient", registry: Registry, name: str, job: str) -> Registered | None:
    """The newest version of a model that a Job of this name has made; MLflow's errors pass."""
    experiment = client.get_experiment_by_name(name)
    if experiment is None or "'" in job:
        return None
    found = client.search_runs(
        [experiment.experiment_id],
        f"tags.`{JOB}` = '{job}' and tags.`{VERSION}` LIKE '%'",
        max_results=_NEWEST,
        order_by=["attributes.start_time DESC"],
    )
    made = {str(run.data.tags[VERSION]): run.info.run_id for run in found}
    for version in registry.versions(name):
        run = made.get(version.version)
        # A number that was used by another Job's version after this one was deleted is none of this Job's.
        kept = client.get_model_version(name, version.version) if run else None
        if kept is not None and kept.run_id == run and PASSED in kept.tags:
            return version
    return None


def version_named(client: "MlflowClient", registry: Registry, name: str, text: str) -> Registered:
    """The version of a number, or of `job:NAME`.

    Raises:
        RegistryError: there is none.
    """
    if not text.startswith(PREFIX):
        return registry.by_version(name, text)
    job = text.removeprefix(PREFIX)
    found = version_of_job(client, registry, name, job)
    if found is None:
        raise RegistryError(f"{name}: Job {job[:80]!r} has made no version that the gate has judged; train first")
    return found
