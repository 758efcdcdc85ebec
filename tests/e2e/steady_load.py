"""Steady traffic from outside the cluster while a test disturbs what is inside: every request is judged.

The requests are sent by a process of their own (:mod:`tests.e2e.load_process`), so that a busy test cannot slow them.
"""

import json
import math
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.e2e.commands import ROOT
from tests.e2e.waiting import wait_until

HTTP_RATE = 100.0
GRPC_RATE = 10.0
CUSTOMERS = 300
START_SECONDS = 120
END_SECONDS = 60
AWAY_SECONDS = 10.0
"""Longer than any gateway leaves a model alone that was only late: its breaker is open for up to five seconds."""


class Record(NamedTuple):
    """One request: when it was due (Unix seconds), how long it took, who answered with which model (digest), and how
    often it came back, since the gateway had no room for it and said so."""

    due: float
    seconds: float
    protocol: str
    customer: int
    served_by: str
    model: str
    failure: str
    returns: int = 0


@dataclass(frozen=True)
class Tally:
    """Requests of a span of time, summed up."""

    records: Sequence[Record]

    @property
    def failures(self) -> list[Record]:
        """Requests that got no answer, a refusal or a broken one."""
        return [record for record in self.records if record.failure]

    @property
    def served_by(self) -> Counter[str]:
        """How many answers came from where."""
        return Counter(record.served_by for record in self.records if not record.failure)

    @property
    def models(self) -> Counter[str]:
        """How many answers were given by which model."""
        return Counter(record.model for record in self.records if not record.failure)

    @property
    def came_back(self) -> int:
        """How many requests a gateway had no room for at first."""
        return sum(record.returns > 0 for record in self.records)

    def longest_without(self, answered: Callable[[Record], bool]) -> float:
        """The longest time, in seconds, in which no request was due that was answered like this."""
        dues = sorted(record.due for record in self.records)
        good = sorted(record.due for record in self.records if not record.failure and answered(record))
        return max((later - former for former, later in pairwise([dues[0], *good, dues[-1]])), default=0.0)

    def milliseconds(self, share: float) -> float:
        """A quantile of the latencies of answered requests."""
        latencies = sorted(record.seconds for record in self.records if not record.failure)
        if not latencies:
            return math.nan
        return round(1000 * latencies[min(len(latencies) - 1, int(share * len(latencies)))], 1)

    def figures(self) -> dict[str, Any]:
        """What is worth quoting."""
        return {
            "requests": len(self.records),
            "failed": len(self.failures),
            "came_back": self.came_back,
            "served_by": dict(self.served_by),
            "models": {digest[:19]: count for digest, count in self.models.items()},
            "p50_ms": self.milliseconds(0.5),
            "p99_ms": self.milliseconds(0.99),
            "longest_ms": self.milliseconds(1.0),
        }

    def assert_none_failed(self, least: int) -> None:
        """Every request was answered, and there were enough of them to mean something. One in fifty, and twenty, may
        have had to come back first: a gateway that gets no processor for a moment says so."""
        assert len(self.records) >= least, f"only {len(self.records)} requests were sent, {least} were expected"
        reasons = Counter(f"{record.protocol} {record.failure[:160]}" for record in self.failures)
        times = [round(record.due, 1) for record in self.failures[:20]]
        assert not self.failures, f"{len(self.failures)} of {len(self.records)} failed: {reasons}; due at {times}"
        assert self.came_back <= 20 + len(self.records) / 50, (
            f"{self.came_back} of {len(self.records)} had to come back"
        )

    def assert_models_answered(self) -> None:
        """All but one in twenty were answered by a model, or at no time for long by none.

        It is no claim about speed: where the machine has other work, whole moments pass in which no model can answer
        within the time limit. What is to be noticed is that nobody was there to answer.
        """
        away = self.longest_without(lambda record: record.served_by != "degraded")
        few = self.served_by["degraded"] <= len(self.records) / 20
        assert few or away < AWAY_SECONDS, f"by no model for {away:.1f} s; {self.served_by}"

    def assert_the_primary_stayed(self) -> None:
        """It answered at any time, and every second request: had it gone, the fallback would have taken its place.

        A busy machine makes others stand in for it at times, so this is no claim about speed either.
        """
        away = self.longest_without(lambda record: record.served_by == "primary")
        assert away < AWAY_SECONDS, f"not by the primary for {away:.1f} s; {self.served_by}"
        assert self.served_by["primary"] >= len(self.records) / 2, self.served_by


@dataclass(frozen=True)
class Target:
    """Where the gateway is reached, and the key that opens it."""

    http: str
    grpc: str
    key: str
    data: Path


class SteadyLoad:
    """A context manager: requests flow from entering it to leaving it, or to :meth:`stop`."""

    def __init__(self, target: Target, records: Path, http_rate: float, grpc_rate: float) -> None:
        self._target = target
        self._path = records
        self._rates = {"http_rate": http_rate, "grpc_rate": grpc_rate}
        self._read_to = 0
        self._records: list[Record] = []
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text("")
        target = self._target
        plan: dict[str, Any] = {"http": target.http, "grpc": target.grpc, "key": target.key, "data": str(target.data)}
        plan |= {"records": str(self._path), "customers": CUSTOMERS, **self._rates}
        with self._path.with_suffix(".log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.load_process"],
                cwd=ROOT,
                env={**os.environ, "GRPC_VERBOSITY": "ERROR"},
                stdin=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(plan).encode())
        self._process.stdin.close()
        wait_until(lambda: len(self._read()) > 50, START_SECONDS, "flow of requests", every=0.1, so_far=self._complaint)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> Tally:
        """End the load after the answers under way; everything since the beginning."""
        if self._process is not None:
            self._process.terminate()
            code = self._process.wait(END_SECONDS)
            self._process = None
            assert code == 0, f"the load ended with {code}: {self._complaint()}"
        return Tally(self._read())

    def since(self, moment: float) -> Tally:
        """Requests that were due at or after a moment (Unix seconds) and are over."""
        return Tally([record for record in self._read() if record.due >= moment])

    def between(self, begin: float, end: float) -> Tally:
        """Requests that were due in a span."""
        return Tally([record for record in self._read() if begin <= record.due < end])

    def wait_for(self, served_by: str, seconds: float, since: float = 0.0) -> float:
        """Seconds after `since` at which the first request that `served_by` answered was due."""

        def first() -> Record | None:
            return next((one for one in self._read() if one.due >= since and one.served_by == served_by), None)

        found = wait_until(first, seconds, f"answer by {served_by}", every=0.1, so_far=self._recent)
        assert found is not None
        return round(found.due - since, 2)

    def wait_for_only(self, served_by: str, seconds: float, span: float = 2.0, never: str = "") -> float:
        """Wait until the answers of the last `span` seconds came from one place, and none from where there should be
        nobody any more; the moment that span began. One in twenty may be by those who stand in for somebody who is
        late, as on a busy machine, and every second where the first choice has gone and the last ones are asked."""
        share = 1 / 2 if never else 19 / 20

        def settled() -> float | None:
            now = time.time() - 0.5
            recent = self.between(now - span, now)
            answers = recent.served_by
            most = answers[served_by] >= max(1.0, share * len(recent.records)) and not answers[never]
            return now - span if most and not recent.failures else None

        found = wait_until(settled, seconds, f"{span:g} s of answers by {served_by}", so_far=self._recent)
        assert found is not None
        return found

    def wait_for_model(self, digest: str, seconds: float, span: float = 2.0) -> float:
        """Wait until the primary's answers of the last `span` seconds are all by one model; when that span began."""

        def settled() -> float | None:
            now = time.time() - 0.5
            recent = [one for one in self.between(now - span, now).records if one.served_by == "primary"]
            return now - span if recent and {one.model for one in recent} == {digest} else None

        found = wait_until(settled, seconds, f"answers by {digest}", so_far=self._recent)
        assert found is not None
        return found

    def _recent(self) -> object:
        recent = self.since(time.time() - 10)
        return {"last 10 s": recent.figures(), "complaint": self._complaint()}

    def _complaint(self) -> str:
        return self._path.with_suffix(".log").read_text(errors="replace")[-500:]

    def _read(self) -> list[Record]:
        """All records so far; only whole lines that are new are read from the file."""
        with self._path.open() as file:
            file.seek(self._read_to)
            content = file.read()
        whole = content.rfind("\n") + 1
        self._read_to += whole
        self._records += [Record(*json.loads(line)) for line in content[:whole].splitlines()]
        return self._records
