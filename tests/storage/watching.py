"""Looks again and again at what gateway and shipper say of the prediction log, and at what lies on the disk."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families

from churn_monitoring.prediction_log import metrics as shipper
from churn_serving.telemetry import prediction_log as gateway
from tests.prediction_log.keeping import PATIENCE_SECONDS
from tests.slo.manifests import RULES
from tests.slo.watchers import Prometheus, configured


class Seen(NamedTuple):
    """At one moment of this process's clock; `stale_seconds` is what ChurnPredictionLogBehind looks at."""

    moment: float
    failures: float
    waiting: float
    oldest_seconds: float
    stale_seconds: float
    shed: float
    said_bytes: float
    disk_bytes: int


class Watch:
    """`ports` are those of gateway's and shipper's metrics; `say` is told of every look. `fired` are alerts of
    `prometheus`, where there is one, with the moment at which each was first seen to fire."""

    def __init__(
        self,
        ports: tuple[int, int],
        segments: Path,
        every: float,
        say: Callable[[Seen], None],
        prometheus: Prometheus | None,
    ) -> None:
        self._ports, self._segments, self._every, self._say = ports, segments, every, say
        self._prometheus = prometheus
        self.seen: list[Seen] = []
        self.fired: dict[str, float] = {}

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """In the block."""
        task = asyncio.create_task(self._look())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(self, condition: Callable[[Seen], bool]) -> None:
        """Until a look shows it."""
        async with asyncio.timeout(PATIENCE_SECONDS + 2 * self._every):
            while not (self.seen and condition(self.seen[-1])):  # noqa: ASYNC110 - it happens in other processes
                await asyncio.sleep(0.05)

    def between(self, begin: float, end: float) -> list[Seen]:
        return [each for each in self.seen if begin <= each.moment < end]

    async def _look(self) -> None:
        while True:
            self.seen.append(await asyncio.to_thread(self._now))
            if self._prometheus is not None:
                for alert in await asyncio.to_thread(self._prometheus.firing):
                    self.fired.setdefault(alert, self.seen[-1].moment)
            self._say(self.seen[-1])
            await asyncio.sleep(self._every)

    def _now(self) -> Seen:
        said: dict[str, float] = {}
        for port in self._ports:
            text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    said[sample.name] = said.get(sample.name, 0.0) + sample.value
        return Seen(
            time.monotonic(), said[shipper.FAILURES], said[shipper.WAITING], said[shipper.OLDEST_SECONDS],
            time.time() - said[shipper.LAST_SUCCESS], said.get(gateway.SHED, 0.0), said[gateway.BYTES],
            _disk_bytes(self._segments),
        )  # fmt: skip


@contextlib.contextmanager
def all_rules(home: Path, ports: list[int]) -> Iterator[Prometheus | None]:
    """A Prometheus with all rules that reads these ports as an operator's would; None where none is installed."""
    if shutil.which("prometheus") is None:
        yield None
        return
    seconds = {"scrape_interval": "15s", "scrape_timeout": "10s", "evaluation_interval": "15s"}
    job = {"job_name": "churn", "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}]}
    document = {"global": seconds, "rule_files": [str(path) for path in RULES], "scrape_configs": [job]}
    with configured(home, document) as watcher:
        yield watcher


def _disk_bytes(folder: Path) -> int:
    """What a folder takes of a disk, which is more than its files are long; what goes meanwhile takes nothing."""
    taken = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            taken += 512 * path.stat().st_blocks
    return taken
