"""What the chart's README tells callers by gRPC: through its service config, calls reach every gateway pod."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from real_processes import System, describe_system, running, without_fallback
from tests.integration.test_leaving import call

README = Path(__file__).resolve().parents[2] / "charts" / "churn" / "README.md"
CALLS = 200


@pytest.fixture
def gateways(package_folder: Path, keys: Any, tmp_path: Path) -> Iterator[list[System]]:
    """Two gateways before the same primary; of the second system nothing else runs."""
    home = tmp_path / "second"
    home.mkdir()
    with without_fallback(package_folder, keys.verify_path, tmp_path) as first:
        backends = {"CHURN_GATEWAY_PRIMARY_URL": first.primary_url, "CHURN_GATEWAY_FALLBACK_URL": ""}
        second = describe_system(package_folder, keys.verify_path, home, **backends)
        with running(second, second.gateway):
            yield [first, second]


def answered(system: System) -> float:
    page = httpx.get(f"http://127.0.0.1:{system.ports['metrics']}/metrics", timeout=30).text
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith("churn_requests_total{"))


def test_calls_of_one_channel_reach_every_gateway(gateways: list[System]) -> None:
    (written,) = re.findall(r"service config `(\{.*?\})`", README.read_text())
    assert json.loads(written)
    # Both addresses as a headless Service's name would give them.
    target = "ipv4:" + ",".join(f"127.0.0.1:{system.ports['gateway_grpc']}" for system in gateways)
    with grpc.insecure_channel(target, options=[("grpc.service_config", written)]) as channel:
        grpc.channel_ready_future(channel).result(60)
        for _ in range(CALLS):
            assert call(channel, "ModelInfer")
    shares = [answered(system) / CALLS for system in gateways]
    assert sum(shares) == 1
    assert min(shares) > 0.4
