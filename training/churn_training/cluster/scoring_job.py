"""Scores a folder of object storage in an indexed Job made from the chart's CronJob, and follows its shards.

It must not print, and not know how a shard is scored.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from churn_data.errors import DataError, Unavailable
from churn_data.locations import Location, ObjectLocation
from churn_training.cluster.following import Follower
from churn_training.cluster.job_outcome import JobEnd, end_of, end_of_job, has_started, result_of, waiting_for
from churn_training.cluster.job_template import arguments, manual_job, template_of
from churn_training.cluster.kubernetes_api import KubernetesApi

Object = dict[str, Any]

CONTAINER = "scoring"
INDEX = "batch.kubernetes.io/job-completion-index"
LOG_SECONDS = 15.0
_SUMMED = ("written", "reused", "rows")
_SCORED = ("shard", *_SUMMED)
_COUNTED = ("unseen", "missing")


@dataclass(frozen=True)
class ScoringOrder:
    """What is read and where answers go, options of `churn score` by name, and how many shards there are and work at a
    time; what is None is the release's to choose."""

    source: Location
    target: Location
    options: Mapping[str, str]
    shards: int | None = None
    parallelism: int | None = None


def start_scoring(api: KubernetesApi, release: str, order: ScoringOrder) -> tuple[str, int]:
    """Make an indexed Job; returns its name and its number of shards.

    Raises:
        DataError: no pod sees what the order names.
        Failure: the chart's scoring part is not there, or the API server refused.
    """
    for place in (order.source, order.target):
        _require_stored(place)
    created = api.create("batch/jobs", job_of(template_of(api, release, "scoring"), order))
    return str(created["metadata"]["name"]), int(created["spec"]["completions"])


def job_of(cronjob: Object, order: ScoringOrder) -> Object:
    """The Job that does what is ordered, as the template has it where nothing is said.

    Raises:
        DataError: the numbers of shards are none; Failure: the template is not one of scoring.
    """
    spec = cronjob["spec"]["jobTemplate"]["spec"]
    shards = _at_least_one("--shards", order.shards, spec.get("completions"))
    parallelism = _at_least_one("--parallelism", order.parallelism, spec.get("parallelism"))
    replaced = {**order.options, "--shard": str(shards)}

    def words(given: list[str]) -> list[str]:
        first = next((place for place, word in enumerate(given) if word.startswith("--")), len(given))
        return ["score", str(order.source), str(order.target), *arguments(given[first:], replaced)]

    job = manual_job(cronjob, CONTAINER, words)
    job["spec"] |= {"completions": shards, "parallelism": min(shards, parallelism)}
    return job


def _at_least_one(option: str, given: int | None, otherwise: int | None) -> int:
    if given is not None and given < 1:
        raise DataError(option, f"is {given}, at least 1 was expected")
    return given or otherwise or 1


def _require_stored(place: Location) -> None:
    if not isinstance(place, ObjectLocation):
        problem = "the cluster does not see the files of this machine; s3://bucket/folder/ was expected"
        raise DataError(str(place), problem)


class ShardsFollower(Follower):
    """Follows an indexed Job: says what its shards wait for and how they end."""

    def __init__(self, api: KubernetesApi, job: str, say: Callable[[str], None], timeout: float | None) -> None:
        super().__init__(api, job, say, timeout)
        self._results: dict[int, Object] = {}
        self._told: set[str] = set()

    def result(self, shards: int) -> Object:
        """What all shards came to together; `unheard` are those whose pods were gone before they could be asked.

        Raises:
            Failure: a shard failed for good, with the exit code of its container, or the Job is gone, or the time to
                follow it is over; Unavailable: the API server is away for long.
        """
        self._to_the_end()
        heard = [result for result in self._results.values() if result]
        return together(heard) | {"shards": shards, "unheard": shards - len(heard)}

    def _look(self) -> JobEnd | None:
        job = self._job_now()
        pods = sorted(self._pods(), key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
        self._stuck = ""
        for pod in pods:
            self._hear(pod)
        bad = next((pod for pod in reversed(pods) if _failed(pod)), None)
        message = _words(end_of(bad, CONTAINER)) if bad is not None else ""
        code = int((end_of(bad, CONTAINER) or {}).get("exitCode") or 0) if bad is not None else 0
        said = f"shard {_index(bad)}: {message}" if bad is not None and message else ""
        return end_of_job(job, said, code)

    def _hear(self, pod: Object) -> None:
        name, shard = str(pod["metadata"]["name"]), _index(pod)
        end = end_of(pod, CONTAINER)
        if end is not None and not end.get("exitCode"):
            self._hear_of_success(name, shard)
        elif end is not None:
            reason = _words(end) or f"exit code {end.get('exitCode')}"
            self._tell(f"shard {shard}: pod {name} failed: {reason}")
        elif has_started(pod, CONTAINER):
            self._tell(f"shard {shard}: pod {name} started")
        else:
            self._stuck = f"shard {shard}: pod {name}: {waiting_for(pod, CONTAINER)}"
            self._tell(self._stuck)

    def _hear_of_success(self, pod: str, shard: int) -> None:
        if shard in self._results:
            return
        try:
            lines = list(self._api.log_lines(pod, CONTAINER, LOG_SECONDS))
        except Unavailable:  # asked again with the next look
            return
        found = next((result for line in reversed(lines) if (result := result_of(line, _SCORED)) is not None), {})
        self._results[shard] = found
        if found:
            done = f"{found['rows']} rows, {found['written']} files written, {found['reused']} were there"
            self._tell(f"shard {shard}: {done}")

    def _tell(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._say(line)


def together(results: list[Object]) -> Object:
    """One result of many: sums, counts by feature, and the model, which is the same one."""
    found: Object = {name: sum(int(each.get(name, 0)) for each in results) for name in _SUMMED}
    for name in _COUNTED:
        counts: Counter[str] = Counter()
        for each in results:
            counts.update(each.get(name) or {})
        found[name] = dict(counts)
    first = results[0] if results else {}
    return {"folder": first.get("folder"), **found, "model": first.get("model")}


def _failed(pod: Object) -> bool:
    return bool((end_of(pod, CONTAINER) or {}).get("exitCode"))


def _words(end: Object | None) -> str:
    return " ".join(str((end or {}).get("message") or "").split()).removeprefix("churn: ")


def _index(pod: Object) -> int:
    return int((pod["metadata"].get("annotations") or {}).get(INDEX, 0))
