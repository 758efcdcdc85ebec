"""Every process listens on an IPv6 address as on any other: HTTP, gRPC and metrics."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from real_processes import end
from tests.web.doors import LIVE, Door, describe_door

LIVE_METHOD = "/inference.GRPCInferenceService/ServerLive"


@pytest.fixture(scope="module")
def doors(package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Door]]:
    """All three processes there; the gateway reaches its primary there, too."""
    home = tmp_path_factory.mktemp("home")
    described = {
        name: describe_door(name, package_folder, keys.verify_path, home, HOST="::1")
        for name in ("predictor", "bento", "gateway")
    }
    for door in described.values():
        door.service.ready_url = f"http://[::1]:{door.http}{LIVE}"
    primary = f"http://[::1]:{described['predictor'].http}"
    described["gateway"].service.environment["CHURN_GATEWAY_PRIMARY_URL"] = primary
    services = [door.service for door in described.values()]
    try:
        for service in services:
            service.start()
        for service in services:
            service.wait_ready()
        yield described
    finally:
        end(*services)


@pytest.mark.parametrize("name", ["gateway", "predictor", "bento"])
def test_the_loopback_of_ipv6(name: str, doors: dict[str, Door]) -> None:
    door = doors[name]
    assert httpx.get(f"http://[::1]:{door.http}{LIVE}").status_code == 200
    assert httpx.get(f"http://[::1]:{door.metrics}/metrics").status_code == 200
    if name != "bento":  # which serves no gRPC
        with grpc.insecure_channel(f"[::1]:{door.grpc}") as channel:
            assert channel.unary_unary(LIVE_METHOD, None, None)(b"", timeout=30) == b"\x08\x01"


def test_a_gateway_reaches_its_backends_there(doors: dict[str, Door]) -> None:
    gateway = doors["gateway"].service
    gateway.ready_url = f"http://[::1]:{doors['gateway'].http}/readyz"
    gateway.wait_ready()
