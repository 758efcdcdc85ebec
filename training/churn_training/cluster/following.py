"""Follows a Job to its end, patient with an API server that is away for a while.

What is said of a Job on the way, and what it came to, is its kind's to know. It must not print: whoever follows is told
the lines.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from churn_data.errors import Failure, Unavailable
from churn_training.cluster.job_outcome import JobEnd
from churn_training.cluster.kubernetes_api import KubernetesApi

Object = dict[str, Any]

PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 120.0
"""How long the API server may be away while a Job is followed."""


class Follower(ABC):
    """Follows one Job for at most `timeout` seconds; `say` is told what its pods wait for and do."""

    def __init__(self, api: KubernetesApi, job: str, say: Callable[[str], None], timeout: float | None) -> None:
        self._api, self._job, self._say = api, job, say
        self._deadline = time.monotonic() + timeout if timeout is not None else None
        self._said = self._stuck = ""
        self._heard = time.monotonic()

    @abstractmethod
    def _look(self) -> JobEnd | None:
        """Tell what is new of the Job; how it ended, None while it goes on. `_stuck` says why a pod does not start."""

    def goes_on(self) -> str:
        """How to go on with a Job that is no longer followed."""
        where = f"job/{self._job} --namespace {self._api.namespace}"
        return f"Job {self._job} goes on: kubectl logs --follow {where}, or end it: kubectl delete {where}"

    def _to_the_end(self) -> JobEnd:
        """How the Job ended, which is well.

        Raises:
            Failure: the Job failed, with the exit code of its container, or is gone, or the time to follow it is over.
            Unavailable: the API server is away for long.
        """
        ended = self._follow()
        if ended.exit_code != 0:
            raise Failure(f"Job {self._job}: {ended.reason.removeprefix('churn: ')}", ended.exit_code)
        return ended

    def _follow(self) -> JobEnd:
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
            if self._is_late():
                raise Failure(f"the time to follow is over; {self.goes_on()}")
            time.sleep(PAUSE_SECONDS)

    def _is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline

    def _job_now(self) -> Object:
        job = self._api.find("batch/jobs", self._job)
        if job is None:
            raise Failure(f"Job {self._job}: somebody deleted it")
        return job

    def _pods(self) -> list[Object]:
        return self._api.list("pods", f"batch.kubernetes.io/job-name={self._job}")

    def _say_once(self, line: str) -> None:
        if line != self._said:
            self._said = line
            self._say(line)
