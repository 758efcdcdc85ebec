"""The Prometheus of a local start, for real: it takes the file that is written for it, targets and rules."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from churn_serving.local.guard import Guard
from churn_serving.local.process import RestartRule, Service
from churn_serving.local.processes import end_groups
from churn_serving.local.readiness import is_ready
from churn_serving.local.scraping import write_scraping
from churn_serving.local.services import local_services
from churn_serving.local.settings import read_settings
from churn_serving.local.state import LocalState
from ports import free_port
from tests.slo.manifests import RULES
from tests.slo.watchers import until


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    base = min(free_port(), 65000) - 4
    arguments = ["--model", "unused", "--usecase", "telecom", "--metrics-port-base", str(base)]
    services = {spec.name: spec for spec in local_services(read_settings(arguments), tmp_path)}
    write_scraping([*services.values()], tmp_path)
    state = LocalState(tmp_path)
    guard = Guard(state.up_file, "prometheus-test", state.lock)
    running = Service(services["prometheus"], RestartRule())
    running.start(guard, state, "prometheus-test")
    try:
        until(lambda: is_ready(running.spec.ready_url), 200, lambda: state.log_tail("prometheus", 20))
        yield running
    finally:
        end_groups([running.pid or 0], "prometheus-test")
        running.bury(guard)
        guard.close()
        state.close()


def test_it_reads_the_services_by_every_rule_of_the_project(service: Service, tmp_path: Path) -> None:
    port = service.spec.port
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60) as client:
        until(lambda: client.get("/targets").json()["data"]["activeTargets"], 60, lambda: "no target")
        targets = client.get("/targets").json()["data"]["activeTargets"]
        groups = client.get("/rules").json()["data"]["groups"]
    assert sorted(one["labels"]["instance"] for one in targets) == [f"127.0.0.1:{port - 4 + one}" for one in range(4)]
    assert {group["file"] for group in groups} == {str(path) for path in RULES}
    assert (tmp_path / "prometheus" / "series").is_dir()
    assert service.spec.niceness > 0
    assert psutil.Process(service.pid).nice() == min(19, os.nice(0) + service.spec.niceness)
