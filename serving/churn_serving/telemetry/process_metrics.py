"""What every serving process counts beside its work: its background tasks, its trusted keys, its connections, processor
and memory; and which build of the project it is.

It knows neither gateway nor model server; each of them adds its own metrics to the same registry.
"""

import platform
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata

from prometheus_client import CollectorRegistry, Counter, Gauge, Metric, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from churn_serving.telemetry import names

_DISTRIBUTION = "churn-serving"
FILE_OUTCOMES = ("read", "refused")
"""What becomes of a changed file."""


class _Tasks(Collector):
    """Background tasks as they are when a scraper asks."""

    def __init__(self, running: Callable[[], Mapping[str, bool]], crashes: Counter) -> None:
        self._running = running
        self._crashes = crashes

    def collect(self) -> Iterable[Metric]:
        """The interface that registries ask."""
        words = "Whether a background task is at work: 0 while it waits to be started again."
        family = GaugeMetricFamily(names.TASK_RUNNING, words, labels=(names.TASK,))
        for task, running in self._running().items():
            family.add_metric((task,), float(running))
            self._crashes.labels(task)  # there before the first one, so that rates see it
        yield family


class ProcessMetrics:
    """Counters on a registry of their own, so that tests and processes never share state; safe from any thread.
    ``component`` says what kind of process it is."""

    def __init__(self, component: str) -> None:
        self.registry = own = CollectorRegistry()
        task_crashes = Counter(
            names.TASK_CRASHES, "Endings of background tasks, each of which was started again.", (names.TASK,),
            registry=own,
        )  # fmt: skip
        package_key_loads = Counter(
            names.PACKAGE_KEY_LOADS, "Changed files of the keys that packages must be signed with, read or refused.",
            (names.OUTCOME,), registry=own,
        )  # fmt: skip
        connections_refused = Counter(
            names.CONNECTIONS_REFUSED, "Connections that were ended by this process, by reason.", (names.REASON,),
            registry=own,
        )  # fmt: skip
        self._spans_dropped = Counter(
            names.SPANS_DROPPED, "Steps of traces that no collector was told of: it was away, or too many waited.",
            registry=own,
        )  # fmt: skip
        self.component = component
        self._task_crashes = task_crashes
        self._package_key_loads = expect(package_key_loads, FILE_OUTCOMES)
        self._connections_refused = connections_refused
        labels = (names.COMPONENT, names.VERSION, "python")
        build = Gauge(names.BUILD_INFO, "1 for the kind and the build of this process.", labels, registry=own)
        build.labels(component, _version(), platform.python_version()).set(1)
        ProcessCollector(registry=own)  # read from the kernel when a scraper asks

    def watch_tasks(self, running: Callable[[], Mapping[str, bool]]) -> None:
        """From now on tell a scraper which background tasks are at work; asked on its thread."""
        self.registry.register(_Tasks(running, self._task_crashes))

    def task_crashed(self, task: str) -> None:
        """A background task ended and is started again."""
        self._task_crashes.labels(task).inc()

    def spans_dropped(self, count: int) -> None:
        """So many steps of traces were lost; asked on the event loop's thread alone."""
        self._spans_dropped.inc(count)

    def package_keys_loaded(self, outcome: str) -> None:
        """A changed file of trusted keys was read, or was refused."""
        self._package_key_loads.labels(outcome).inc()

    def connection_refused(self, reason: str) -> None:
        """A connection was ended by us, or a request before it could be handed on."""
        self._connections_refused.labels(reason).inc()


def expect(counter: Counter, values: Iterable[str]) -> Counter:
    """The same counter of one label, with a series for each of these values: one that begins with its first event hides
    that from rates."""
    for value in values:
        counter.labels(value)
    return counter


def _version() -> str:
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
