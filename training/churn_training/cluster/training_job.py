"""`churn train --on-cluster`: makes a Job from the chart's CronJob, follows its log and ends as it ended."""

import argparse
import time
from dataclasses import replace
from typing import Any

from churn_cli.stopping import Terminated
from churn_cli.terminal import answer, say
from churn_cli.training_command import summary
from churn_data.errors import Failure, Unavailable
from churn_training.cluster.job_outcome import (
    Outcome,
    has_ended,
    has_started,
    newest,
    outcome,
    result_of,
    waiting_for,
)
from churn_training.cluster.job_template import CONTAINER, chosen, job_from
from churn_training.cluster.kubernetes_api import KubernetesApi

Object = dict[str, Any]

PAUSE_SECONDS = 1.0
QUIET_SECONDS = 15.0
"""A log that says nothing for so long is asked again; the Job may have ended meanwhile."""

PATIENCE_SECONDS = 120.0
"""How long the API server may be away while a Job is followed."""


def train_on_cluster(options: argparse.Namespace) -> Object:
    """Train in a Job and return what it came to: the last line of its log, else its short termination message.

    Raises:
        DataError: a file that no pod can see.
        Failure: the chart's training part is not there, the API server refused, or the Job failed; carries the exit
            code of its container.
    """
    replaced = chosen(getattr(options, "given", set()), vars(options))
    api = KubernetesApi.from_kubeconfig(options.namespace, options.context)
    name = f"{fullname(options.release)}-training"
    cronjob = api.find("batch/cronjobs", name)
    if cronjob is None:
        place = f"CronJob {name} in namespace {options.namespace}"
        raise Failure(f"{place}: not there; install the chart with training.enabled=true", exit_code=2)
    job = api.create("batch/jobs", job_from(cronjob, replaced))["metadata"]["name"]
    say(f"Job {job} in namespace {options.namespace}")
    deadline = time.monotonic() + options.timeout if options.timeout is not None else None
    follower = _Follower(api, job, deadline)
    try:
        ended = follower.follow()
    except (KeyboardInterrupt, Terminated):
        say(follower.goes_on())
        raise
    if ended.exit_code != 0:
        raise Failure(f"Job {job}: {ended.reason.removeprefix('churn: ')}", ended.exit_code)
    result = follower.result or result_of(ended.message)
    if result is None:
        raise Failure(f"Job {job}: it succeeded, but neither its log nor its termination message names a version")
    if not options.json:  # else the log has said it
        answer(summary(result) if "metrics" in result else f"{result['name']} version {result['version']}")
    return result


def fullname(release: str) -> str:
    """The prefix of the chart's names, by the rule of its templates."""
    return release if "churn" in release else f"{release}-churn"


class _Follower:
    """Follows one Job: says what its pods wait for and write, until it has ended."""

    def __init__(self, api: KubernetesApi, job: str, deadline: float | None) -> None:
        self._api, self._job, self._deadline = api, job, deadline
        self._said = self._stuck = ""
        self._passed: dict[str, int] = {}
        self._read_out: set[str] = set()
        self._heard = time.monotonic()
        self.result: Object | None = None

    def follow(self) -> Outcome:
        """Returns how the Job ended.

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

    def _look(self) -> Outcome | None:
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
            self.result = result
        else:
            say(text)

    def _say_once(self, line: str) -> None:
        if line != self._said:
            self._said = line
            say(line)
