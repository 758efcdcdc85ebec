"""How our own processes start for a measurement: the commands that `churn up` uses, on free ports, without MLflow."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from churnbench.processes import Command
from churnbench.workplace import MODEL, Workplace, run_quietly

INFER = f"/v2/models/{MODEL}/infer"
PREDICTIONS = "/v1/predictions"
READY = "/readyz"
BACKEND_READY = "/v2/health/ready"


def predictor(workplace: Workplace, ports: Sequence[int], name: str = "predictor") -> list[Command]:
    """The primary: HTTP, gRPC and metrics on the first three ports."""
    http, grpc, metrics = ports[:3]
    flags = ["--http-port", http, "--grpc-port", grpc, "--metrics-port", metrics]
    return [module(workplace, name, "churn_serving.predictor", "--model", workplace.package, *flags)]


def predictor_grpc(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """The primary asked by gRPC: that port comes first."""
    grpc, http, metrics = ports[:3]
    return predictor(workplace, [http, grpc, metrics])


def fallback(workplace: Workplace, http: int, metrics: int) -> list[Command]:
    """The BentoML service that takes over."""
    flags = ["--port", http, "--metrics-port", metrics]
    return [module(workplace, "fallback", "churn_serving.bento", "--model", workplace.package, *flags)]


def gateway(workplace: Workplace, http: int, primary: int, fallback_port: int, **settings: str) -> list[Command]:
    """The gateway in front of both; its gRPC and metrics ports are off unless settings (variables) say otherwise."""
    environment = {
        "CHURN_GATEWAY_HTTP_PORT": str(http),
        "CHURN_GATEWAY_GRPC_PORT": "0",
        "CHURN_GATEWAY_METRICS_PORT": "0",
        "CHURN_GATEWAY_PRIMARY_URL": f"http://127.0.0.1:{primary}",
        "CHURN_GATEWAY_FALLBACK_URL": f"http://127.0.0.1:{fallback_port}",
        **settings,
    }
    return [module(workplace, "gateway", "churn_serving.gateway", **environment)]


def whole_path(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """Fallback, primary and gateway, as customers' systems meet them; the gateway has the first of six ports."""
    front, back, back_grpc, back_metrics, spare, spare_metrics = ports[:6]
    return [
        *predictor(workplace, [back, back_grpc, back_metrics]),
        *fallback(workplace, spare, spare_metrics),
        *gateway(workplace, front, back, spare),
    ]


def whole_path_logged(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """The same, and every answer is kept: as records by the gateway, as tables by a process of its own."""
    front, back, back_grpc, back_metrics, spare, spare_metrics = ports[:6]
    home = workplace.folder / "prediction-log"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    keys, segments = str(home / "keys.json"), str(home / "segments")
    new_key = [str(workplace.python), "-m", "churn_cli", "log", "new-key", "--keys", keys]
    run_quietly(new_key, workplace.logs / "log-key.log", workplace.our_environment())
    settings = {"CHURN_GATEWAY_PREDICTION_LOG": segments, "CHURN_GATEWAY_PREDICTION_LOG_KEYS": keys}
    flags = ["--segments", segments, "--store", str(home / "tables"), "--grace", "1s"]
    return [
        *predictor(workplace, [back, back_grpc, back_metrics]),
        *fallback(workplace, spare, spare_metrics),
        module(workplace, "shipper", "churn_cli", "log", "ship", *flags),
        *gateway(workplace, front, back, spare, **settings),
    ]


def whole_path_grpc(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """The same asked by gRPC: that port comes first, the gateway's HTTP port second."""
    front, front_http, back, back_metrics, spare, spare_metrics = ports[:6]
    return [
        *predictor(workplace, [back, 0, back_metrics]),
        *fallback(workplace, spare, spare_metrics),
        *gateway(workplace, front_http, back, spare, CHURN_GATEWAY_GRPC_PORT=str(front)),
    ]


def module(workplace: Workplace, name: str, target: str, *arguments: object, **environment: str) -> Command:
    """`python -m target` with our common environment."""
    command = [str(workplace.python), "-m", target, *map(str, arguments)]
    return Command(name, command, workplace.root, workplace.our_environment() | environment)
