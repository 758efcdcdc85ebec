"""Trains in a Job made from the chart's CronJob and follows its log to its end.

It must not print: whoever follows is told the lines.
"""

from collections.abc import Callable, Mapping
from typing import Any

from churn_data.errors import Failure, Unavailable
from churn_training.cluster.following import Follower
from churn_training.cluster.job_outcome import (
    JobEnd,
    has_ended,
    has_started,
    newest,
    outcome,
    result_of,
    waiting_for,
)
from churn_training.cluster.job_template import CONTAINER, job_from, template_of
from churn_training.cluster.kubernetes_api import KubernetesApi

Object = dict[str, Any]

QUIET_SECONDS = 15.0
"""A log that says nothing for so long is asked again; the Job may have ended meanwhile."""


def start_job(api: KubernetesApi, release: str, replaced: Mapping[str, str | bool]) -> str:
    """Make a Job with these options in place of the chart's, as `job_from` takes them; returns its name.

    Raises:
        Failure: the chart's training part is not there, or the API server refused.
    """
    cronjob = template_of(api, release, "training")
    return str(api.create("batch/jobs", job_from(cronjob, replaced))["metadata"]["name"])


class JobFollower(Follower):
    """Follows one Job: says what its pods wait for and write, until it has ended."""

    def __init__(self, api: KubernetesApi, job: str, say: Callable[[str], None], timeout: float | None) -> None:
        super().__init__(api, job, say, timeout)
        self._passed: dict[str, int] = {}
        self._read_out: set[str] = set()
        self._result: Object | None = None

    def result(self) -> Object:
        """What the Job came to, once it has ended: the last line of its log, else its short termination message.

        Raises:
            Failure: the Job failed, with the exit code of its container, or is gone, or the time to follow it is over.
            Unavailable: the API server is away for long.
        """
        ended = self._to_the_end()
        result = self._result or result_of(ended.message)
        if result is None:
            raise Failure(
                f"Job {self._job}: it succeeded, but neither its log nor its termination message names a version"
            )
        return result

    def _look(self) -> JobEnd | None:
        job = self._job_now()
        pods = self._pods()
        pod = newest(pods)
        if pod is not None:
            if has_started(pod):
                self._stuck = ""
                self._read(pod)
            else:
                self._stuck = f"pod {pod['metadata']['name']}: {waiting_for(pod)}"
                self._say_once(self._stuck)
        ended = outcome(job, pods)
        # A status may be newer than the pod that was read above: its last lines come first.
        if ended is not None and pod is not None and not has_ended(pod):
            ended = outcome(job, self._pods())
        return ended

    def _read(self, pod: Object) -> None:
        """Pass on what the pod has written since the last look."""
        name = str(pod["metadata"]["name"])
        if name in self._read_out:
            return
        self._say_once(f"pod {name}: started")
        # Lines are told apart by their number: their time stamps may go backwards where two streams meet.
        known = self._passed.get(name, 0)
        try:
            for number, line in enumerate(self._api.log_lines(name, CONTAINER, QUIET_SECONDS), start=1):
                if number > known:
                    self._pass_on(line.removesuffix("\n"))
                    self._passed[name] = number if line.endswith("\n") else number - 1
                if self._is_late():
                    return
        except Unavailable:
            return
        if has_ended(pod):
            self._read_out.add(name)

    def _pass_on(self, text: str) -> None:
        result = result_of(text)
        if result is not None:
            self._result = result
        else:
            self._say(text)
