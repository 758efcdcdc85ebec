"""What runs locally: the command line, environment, ports and readiness address of each process.

Data made from settings. It starts nothing, and it is the only place that knows the other processes' flags and
variables.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from churn_serving.local.settings import LocalSettings, flag_of, variable_of

HOST = "127.0.0.1"
CHAMPION = "champion"
PROMETHEUS = "prometheus"
"""The name of the service that keeps what the others show."""
# What is for looking around, as MLflow's pages; on a small machine it must not take the processor from what serves.
BACKGROUND_NICENESS = 10
# One gateway answers few here, and whoever has just asked wants to see it in a table.
_SEGMENT_SECONDS = "15"
_LOG_GRACE = "6s"
"""Less than the supervisor waits before it kills; what is not taken away by then is at the next start."""


@dataclass(frozen=True)
class PortUse:
    """A port, what it is for, and how a person chooses another."""

    number: int
    purpose: str
    flag: str
    variable: str


@dataclass(frozen=True)
class ServiceSpec:
    """One process to run. ``environment`` is added to the supervisor's own; ``addresses`` are shown to people;
    ``niceness`` lowers its priority (0: as the supervisor's). Without one that is not ``vital`` customers are answered
    all the same: it is waited for a little, and whatever becomes of it ends nothing else. One that ``checks`` can be
    asked, by the flag of that name, whether its settings will do."""

    name: str
    command: tuple[str, ...]
    ports: tuple[PortUse, ...]
    ready_url: str
    environment: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    niceness: int = 0
    vital: bool = True
    checks: bool = True

    @property
    def port(self) -> int:
        """The first port, by which the service is known."""
        return self.ports[0].number


def local_services(settings: LocalSettings, home: Path) -> tuple[ServiceSpec, ...]:
    """All services, those that serve customers first; without MLflow if its store is a server elsewhere, and without
    Prometheus where it is not installed."""
    services: tuple[ServiceSpec, ...] = (_gateway(settings, home), _primary(settings, home), _fallback(settings, home))
    if settings.prediction_log:
        services = (*services, _prediction_log(settings, home))
    program = shutil.which("prometheus") if settings.prometheus else None
    if program is not None:
        services = (*services, _prometheus(settings, home, program))
    store = os.environ.get("CHURN_TRACKING_URI") or f"sqlite:///{home / 'mlflow.db'}"
    if not settings.mlflow or store.startswith("http"):
        return services
    return (*services, _mlflow(settings, home, store))


def _gateway(settings: LocalSettings, home: Path) -> ServiceSpec:
    http, grpc = settings.gateway_port, settings.gateway_grpc_port
    metrics = settings.metrics_port_base
    host = _gateway_host()
    return ServiceSpec(
        name="gateway",
        command=_module("churn_serving.gateway"),
        environment=_local_state(home)
        | {
            "CHURN_GATEWAY_HTTP_PORT": str(http),
            "CHURN_GATEWAY_GRPC_PORT": str(grpc),
            "CHURN_GATEWAY_METRICS_PORT": str(metrics),
            "CHURN_GATEWAY_PRIMARY_URL": _url(settings.primary_port),
            "CHURN_GATEWAY_FALLBACK_URL": _url(settings.fallback_port),
            "CHURN_GATEWAY_PREDICTION_LOG": str(_segments(home)) if settings.prediction_log else "",
            "CHURN_GATEWAY_PREDICTION_LOG_KEYS": str(prediction_log_keys(home)),
            "CHURN_GATEWAY_PREDICTION_LOG_SEGMENT_SECONDS": _SEGMENT_SECONDS,
        },
        ports=(
            _chosen("gateway_port", http, "the gateway"),
            _chosen("gateway_grpc_port", grpc, "the gateway's gRPC"),
            _chosen("metrics_port_base", metrics, "the gateway's metrics"),
        ),
        ready_url=_url(http, "/readyz", host),
        addresses={
            "HTTP": _url(http, host=host),
            "gRPC": f"{host}:{grpc}",
            "metrics": _url(metrics, "/metrics", host),
        },
    )


def _primary(settings: LocalSettings, home: Path) -> ServiceSpec:
    http, grpc = settings.primary_port, settings.primary_grpc_port
    metrics = settings.metrics_port_base + 1
    flags = ("--http-port", http, "--grpc-port", grpc, "--metrics-port", metrics)
    return ServiceSpec(
        name="primary",
        command=_module("churn_serving.predictor", "--model", settings.model / CHAMPION, *flags),
        environment=_local_state(home),
        ports=(
            _chosen("primary_port", http, "the primary"),
            _chosen("primary_grpc_port", grpc, "the primary's gRPC"),
            _chosen("metrics_port_base", metrics, "the primary's metrics"),
        ),
        ready_url=_url(http, "/v2/health/ready"),
        addresses={"HTTP": _url(http), "gRPC": f"{HOST}:{grpc}", "metrics": _url(metrics, "/metrics")},
    )


def _fallback(settings: LocalSettings, home: Path) -> ServiceSpec:
    http = settings.fallback_port
    metrics = settings.metrics_port_base + 2
    flags = ("--port", http, "--metrics-port", metrics)
    return ServiceSpec(
        name="fallback",
        command=_module("churn_serving.bento", "--model", settings.model / CHAMPION, *flags),
        environment=_local_state(home),
        ports=(
            _chosen("fallback_port", http, "the fallback"),
            _chosen("metrics_port_base", metrics, "the fallback's metrics"),
        ),
        ready_url=_url(http, "/v2/health/ready"),
        addresses={"HTTP": _url(http), "metrics": _url(metrics, "/metrics")},
    )


def _prediction_log(settings: LocalSettings, home: Path) -> ServiceSpec:
    """What makes tables of the gateway's segments: the command of that name, in the background."""
    metrics = settings.metrics_port_base + 3
    places = ("--segments", _segments(home), "--store", home / "predictions" / "log")
    return ServiceSpec(
        name="prediction-log",
        command=_module("churn_cli", "log", "ship", *places, "--grace", _LOG_GRACE, "--metrics-port", metrics),
        environment=_local_state(home),
        ports=(_chosen("metrics_port_base", metrics, "the prediction log's metrics"),),
        ready_url=_url(metrics, "/metrics"),
        addresses={"metrics": _url(metrics, "/metrics")},
        niceness=BACKGROUND_NICENESS,
        vital=False,
        checks=False,
    )


def _prometheus(settings: LocalSettings, home: Path, program: str) -> ServiceSpec:
    port = settings.metrics_port_base + 4
    return ServiceSpec(
        name=PROMETHEUS,
        command=(
            program,
            f"--config.file={scrape_configuration(home)}",
            f"--storage.tsdb.path={home / 'prometheus' / 'series'}",
            f"--web.listen-address={HOST}:{port}",
        ),
        ports=(_chosen("metrics_port_base", port, "Prometheus"),),
        ready_url=_url(port, "/-/ready"),
        addresses={"HTTP": _url(port)},
        niceness=BACKGROUND_NICENESS,
        vital=False,
        checks=False,
    )


def scrape_configuration(home: Path) -> Path:
    """The file that tells this machine's Prometheus whom to read."""
    return home / "prometheus" / "prometheus.json"


def prediction_log_keys(home: Path) -> Path:
    """The file of keys that customers are hashed with on this machine."""
    return home / "keys" / "prediction-log.json"


def _segments(home: Path) -> Path:
    return home / "predictions" / "segments"


def _mlflow(settings: LocalSettings, home: Path, store: str) -> ServiceSpec:
    """MLflow's application under one uvicorn process.

    `mlflow server` would import everything once more in a parent that only watches, and start job runners: two to ten
    processes and twice the time. It hands its settings on in the variables used here.
    """
    port = settings.mlflow_port
    flags = ("--host", HOST, "--port", port, "--workers", 1, "--no-access-log")
    return ServiceSpec(
        name="mlflow",
        command=_module("uvicorn", "mlflow.server.fastapi_app:app", *flags),
        environment={
            "_MLFLOW_SERVER_FILE_STORE": store,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": str(home / "artifacts"),
            "_MLFLOW_SGI_NAME": "uvicorn",
            "MLFLOW_SERVER_ALLOWED_HOSTS": f"{HOST}:{port},localhost:{port}",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        ports=(_chosen("mlflow_port", port, "MLflow"),),
        ready_url=_url(port, "/health"),
        addresses={"HTTP": _url(port)},
        niceness=BACKGROUND_NICENESS,
        vital=False,
        checks=False,
    )


def _module(name: str, *arguments: object) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *(str(argument) for argument in arguments))


def _local_state(home: Path) -> dict[str, str]:
    return {"CHURN_HOME": str(home), "CHURN_VERIFY_KEY": str(home / "keys" / "verify.pem")}


def _gateway_host() -> str:
    """Where a gateway that listens as its own variable says is asked from here, as addresses spell it."""
    host = os.environ.get("CHURN_GATEWAY_HOST") or HOST
    host = {"0.0.0.0": HOST, "::": "::1"}.get(host, host)  # noqa: S104 - who listens everywhere listens here, too
    return f"[{host}]" if ":" in host else host


def _url(port: int, path: str = "", host: str = HOST) -> str:
    return f"http://{host}:{port}{path}"


def _chosen(setting: str, number: int, purpose: str) -> PortUse:
    return PortUse(number, purpose, flag_of(setting), variable_of(setting))
