"""MLflow as it is started locally: one process, the given store, and nobody else's host name."""

import http.client
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from churn_serving.local.guard import Guard
from churn_serving.local.process import RestartRule, Service
from churn_serving.local.processes import end_groups
from churn_serving.local.readiness import is_ready
from churn_serving.local.services import ServiceSpec, local_services
from churn_serving.local.settings import read_settings
from churn_serving.local.state import LocalState
from tests.local.starts import wait_until

SEARCH = "/api/2.0/mlflow/experiments/search?max_results=5"


def mlflow_spec(home: Path, port: int) -> ServiceSpec:
    arguments = ["--model", "unused", "--usecase", "telecom", "--mlflow-port", str(port)]
    return next(spec for spec in local_services(read_settings(arguments), home) if spec.name == "mlflow")


@pytest.fixture
def service(tmp_path: Path, free_ports: list[int]) -> Iterator[Service]:
    state = LocalState(tmp_path)
    guard = Guard(state.up_file, "mlflow-test", state.lock)
    running = Service(mlflow_spec(tmp_path, free_ports[0]), RestartRule())
    running.start(guard, state, "mlflow-test")
    try:
        wait_until(lambda: is_ready(running.spec.ready_url), seconds=200)
        yield running
    finally:
        end_groups([running.pid or 0], "mlflow-test")
        running.bury(guard)
        guard.close()
        state.close()


def get(port: int, path: str, host: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"host": host})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content) if answer.status == http.client.OK else None


def test_mlflow_is_one_process_over_the_local_store(service: Service, tmp_path: Path) -> None:
    port = service.spec.port
    status, answer = get(port, SEARCH, f"127.0.0.1:{port}")
    assert status == http.client.OK
    assert answer["experiments"][0]["artifact_location"].startswith(str(tmp_path / "artifacts"))
    with sqlite3.connect(tmp_path / "mlflow.db") as store:
        assert store.execute("select count(*) from experiments").fetchone() == (1,)
    store.close()
    process = psutil.Process(service.pid)
    assert process.children(recursive=True) == []
    assert process.nice() == service.spec.niceness > 0
    assert get(port, SEARCH, "attacker.example")[0] == http.client.FORBIDDEN


def test_mlflow_is_left_out_where_its_store_is_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURN_TRACKING_URI", "http://127.0.0.1:5000")
    specs = local_services(read_settings(["--model", "unused", "--usecase", "telecom", "--no-prometheus"]), tmp_path)
    assert [spec.name for spec in specs] == ["gateway", "primary", "fallback", "prediction-log"]
