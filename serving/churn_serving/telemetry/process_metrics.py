"""What every serving process counts beside its work: its background tasks, its trusted keys, its connections.

It knows neither gateway nor model server; each of them adds its own metrics to the same registry.
"""

from prometheus_client import CollectorRegistry, Counter

from churn_serving.telemetry import names


class ProcessMetrics:
    """Counters on a registry of their own, so that tests and processes never share state; safe from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._task_crashes = Counter(names.TASK_CRASHES, names.TASK_CRASHES_HELP, (names.TASK,), registry=self.registry)
        self._package_key_loads = Counter(
            names.PACKAGE_KEY_LOADS, names.PACKAGE_KEY_LOADS_HELP, (names.OUTCOME,), registry=self.registry
        )
        self._connections_refused = Counter(
            names.CONNECTIONS_REFUSED, names.CONNECTIONS_REFUSED_HELP, (names.REASON,), registry=self.registry
        )

    def task_crashed(self, task: str) -> None:
        """A background task ended and is started again."""
        self._task_crashes.labels(task).inc()

    def package_keys_loaded(self, outcome: str) -> None:
        """A changed file of trusted keys was read, or was refused."""
        self._package_key_loads.labels(outcome).inc()

    def connection_refused(self, reason: str) -> None:
        """A connection was ended by us, or a request before it could be handed on."""
        self._connections_refused.labels(reason).inc()
