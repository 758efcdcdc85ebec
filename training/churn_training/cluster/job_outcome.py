"""What became of a Job, read from its status and its pods.

Pure: JSON in, one answer out. It must not speak to a cluster.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from churn_training.cluster.job_template import CONTAINER

Object = dict[str, Any]

TRAINED = ("name", "version", "digest", "uri")
"""What every result of `churn train` has."""

_STUCK = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError"}
)


@dataclass(frozen=True)
class JobEnd:
    """How a Job ended: the exit code of its last container (1 if there is none), one line, the termination message."""

    exit_code: int
    reason: str
    message: str


def outcome(job: Object, pods: Sequence[Object]) -> JobEnd | None:
    """How the Job ended, None while it goes on."""
    ended = _last_end(pods)
    return end_of_job(job, " ".join(str(ended.get("message") or "").split()), int(ended.get("exitCode") or 0))


def end_of_job(job: Object, message: str, exit_code: int) -> JobEnd | None:
    """As `outcome`, by what the container that counts said last and the code that it ended with."""
    conditions = {each["type"]: each for each in job.get("status", {}).get("conditions") or () if _true(each)}
    if "Complete" in conditions:
        return JobEnd(0, "Complete", message)
    failed = conditions.get("Failed")
    if failed is None:
        return None
    cause = f"{failed.get('reason') or 'Failed'}: {failed.get('message') or 'no more is known'}"
    if message:
        cause = f"{message} ({cause})"
    # A container may have ended well in a Job that failed, by its deadline for example.
    return JobEnd(exit_code or 1, " ".join(cause.split()), message)


def newest(pods: Sequence[Object]) -> Object | None:
    """The pod that was made last; a Job makes a new one for each try."""
    return max(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), default=None)


def has_started(pod: Object, container: str = CONTAINER) -> bool:
    """Whether the container runs or has run, so that there is a log."""
    state = _container(pod, container).get("state") or {}
    return "running" in state or "terminated" in state


def has_ended(pod: Object, container: str = CONTAINER) -> bool:
    """Whether the container has run."""
    return end_of(pod, container) is not None


def end_of(pod: Object, container: str = CONTAINER) -> Object | None:
    """How the container ended, as the pod's status has it; None before that."""
    found: Object | None = (_container(pod, container).get("state") or {}).get("terminated")
    return found


def waiting_for(pod: Object, container: str = CONTAINER) -> str:
    """Why a pod has not started yet, in one line for people."""
    state = _container(pod, container).get("state") or {}
    waiting = state.get("waiting") or {}
    if waiting.get("reason") in _STUCK:
        return " ".join(f"{waiting['reason']}: {waiting.get('message') or ''}".split())
    for condition in pod.get("status", {}).get("conditions") or ():
        if condition["type"] == "PodScheduled" and not _true(condition):
            return " ".join(f"{condition.get('reason') or 'not scheduled'}: {condition.get('message') or ''}".split())
    return str(waiting.get("reason") or pod.get("status", {}).get("phase") or "Pending")


def result_of(line: str, names: Collection[str] = TRAINED) -> Object | None:
    """The result of a command if the line is one: a JSON object with all these names, by default one of `churn train`,
    which names a version."""
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.keys() >= set(names) else None


def _last_end(pods: Sequence[Object]) -> Object:
    pod = newest([pod for pod in pods if has_ended(pod)])
    return dict(end_of(pod) or {}) if pod is not None else {}


def _container(pod: Object, name: str) -> Object:
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    return next((each for each in statuses if each["name"] == name), {})


def _true(condition: Object) -> bool:
    return str(condition.get("status")) == "True"
