"""Trains in a Job made from the chart's CronJob and follows its log to its end.

It must not print: whoever follows is told the lines.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from churn_data.errors import Failure, Unavailable
from churn_training.cluster.job_outcome import (
    JobEnd,
    has_ended,
    has_started,
    newest,
    outcome,
    result_of,
    waiting_for,
)
from churn_training.cluster.job_template import CONTAINER, job_from
from churn_training.cluster.kubernetes_api import KubernetesApi

Object = dict[str, Any]

PAUSE_SECONDS = 1.0
QUIET_SECONDS = 15.0
"""A log that says nothing for so long is asked again; the Job may have ended meanwhile."""

PATIENCE_SECONDS = 120.0
"""How long the API server may be away while a Job is followed."""


def start_job(api: KubernetesApi, release: str, replaced: Mapping[str, str | bool]) -> str:
    """Make a Job with these options in place of the chart's, as `job_from` takes them; returns its name.

    Raises:
        Failure: the chart's training part is not there, or the API server refused.
    """
    name = f"{fullname(release)}-training"
    cronjob = api.find("batch/cronjobs", name)
    if cronjob is None:
        place = f"CronJob {name} in namespace {api.namespace}"
        raise Failure(f"{place}: not there; install the chart with training.enabled=true", exit_code=2)
    return str(api.create("batch/jobs", job_from(cronjob, replaced))["metadata"]["name"])


def fullname(release: str) -> str:
    """The prefix of the chart's names, by the rule of its templates."""
    return release if "churn" in release else f"{release}-churn"


class JobFollower:
    """Follows one Job: says what its pods wait for and write, until it has ended."""

    def __init__(self, api: KubernetesApi, job: str, say: Callable[[str], None], timeout: float | None) -> None:
        self._api, self._job, self._say = api, job, say
        self._deadline = time.monotonic() + timeout if timeout is not None else None
        self._said = self._stuck = ""
        self._passed: dict[str, int] = {}
        self._read_out: set[str] = set()
        self._heard = time.monotonic()
        self._result: Object | None = None

    def result(self) -> Object:
        """What the Job came to, once it has ended: the last line of its log, else its short termination message.

        Raises:
            Failure: the Job failed, with the exit code of its container, or is gone, or the time to follow it is over.
            Unavailable: the API server is away for long.
        """
        ended = self._follow()
        if ended.exit_code != 0:
            raise Failure(f"Job {self._job}: {ended.reason.removeprefix('churn: ')}", ended.exit_code)
        result = self._result or result_of(ended.message)
        if result is None:
            raise Failure(
                f"Job {self._job}: it succeeded, but neither its log nor its termination message names a version"
            )
        return result

    def _follow(self) -> JobEnd:
        """How the Job ended.

        Raises:
            Failure: the Job is gone, or the time to follow it is over; Unavailable: the API server is away for long.
        """
        while True:
            try:
                ended = self._look()
                self._heard = time.monotonic()
            except Unavailable as problem:
                if time.monotonic() - self._heard > PATIENCE_SECONDS:
                    raise
                self._say_once(str(problem))
                ended = None
            if ended is not None and self._stuck and ended.exit_code != 0:
                return replace(ended, reason=f"{ended.reason}; {self._stuck}")
            if ended is not None:
                return ended
            if self._deadline is not None and time.monotonic() > self._deadline:
                raise Failure(f"the time to follow is over; {self.goes_on()}")
            time.sleep(PAUSE_SECONDS)

    def goes_on(self) -> str:
        """How to go on with a Job that is no longer followed."""
        where = f"job/{self._job} --namespace {self._api.namespace}"
        return f"Job {self._job} goes on: kubectl logs --follow {where}, or end it: kubectl delete {where}"

    def _look(self) -> JobEnd | None:
        job = self._api.find("batch/jobs", self._job)
        if job is None:
            raise Failure(f"Job {self._job}: somebody deleted it")
        pods = self._api.list("pods", f"batch.kubernetes.io/job-name={self._job}")
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
            pods = self._api.list("pods", f"batch.kubernetes.io/job-name={self._job}")
            ended = outcome(job, pods)
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
                if self._deadline is not None and time.monotonic() > self._deadline:
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

    def _say_once(self, line: str) -> None:
        if line != self._said:
            self._said = line
            self._say(line)
