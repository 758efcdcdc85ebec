"""MLServer cannot share our environment (older uvloop, fastapi): it gets one of its own, made on first use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version

from churnbench.environments import programs_of
from churnbench.processes import Command
from churnbench.workplace import Workplace

OWN_REQUIREMENTS = ("mlserver==1.7.1", "mlserver-mlflow==1.7.1", "uvloop==0.21.0", "pandas==2.3.3")
# The pickle inside the MLflow model opens only with what wrote it.
SHARED_LIBRARIES = ("catboost", "category-encoders", "scikit-learn", "mlflow", "numpy")
# Two workers for two cores; waits at most 20 ms to gather a batch.
SERVER = {"host": "127.0.0.1", "parallel_workers": 2, "debug": False}
MODEL = {
    "name": "churn",
    "implementation": "mlserver_mlflow.MLflowRuntime",
    "max_batch_size": 64,
    "max_batch_time": 0.02,
}


def mlserver_command(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """Its settings folder and the command that serves it."""
    versions = [f"{name}=={version(name)}" for name in SHARED_LIBRARIES]
    program = programs_of(workplace, "mlserver", [*OWN_REQUIREMENTS, *versions]) / "mlserver"
    settings = workplace.folder / "mlserver-settings"
    settings.mkdir(exist_ok=True)
    http, grpc, metrics = ports[:3]
    server = SERVER | {"http_port": http, "grpc_port": grpc, "metrics_port": metrics}
    (settings / "settings.json").write_text(json.dumps(server))
    model = MODEL | {"parameters": {"uri": str(workplace.folder / "mlmodel")}}
    (settings / "model-settings.json").write_text(json.dumps(model))
    return [Command("server", [str(program), "start", "."], settings, workplace.peer_environment())]
