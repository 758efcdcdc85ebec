"""Every process listens on an IPv6 address as on any other: HTTP, gRPC and metrics."""

from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from ports import free_port
from real_processes import end
from tests.web.doors import LIVE, describe_door

LIVE_METHOD = "/inference.GRPCInferenceService/ServerLive"


@pytest.mark.parametrize("name", ["gateway", "predictor", "bento"])
def test_the_loopback_of_ipv6(name: str, package_folder: Path, keys: Any, tmp_path: Path) -> None:
    door = describe_door(name, package_folder, keys.verify_path, tmp_path, HOST="::1")
    door.service.ready_url = f"http://[::1]:{door.http}{LIVE}"
    door.service.start()
    try:
        door.service.wait_ready()
        assert httpx.get(f"http://[::1]:{door.metrics}/metrics").status_code == 200
        if name != "bento":  # which serves no gRPC
            with grpc.insecure_channel(f"[::1]:{door.grpc}") as channel:
                assert channel.unary_unary(LIVE_METHOD, None, None)(b"", timeout=5) == b"\x08\x01"
    finally:
        end(door.service)


def test_a_gateway_reaches_its_backends_there(package_folder: Path, keys: Any, tmp_path: Path) -> None:
    backend = describe_door("predictor", package_folder, keys.verify_path, tmp_path, HOST="::1")
    backend.service.ready_url = f"http://[::1]:{backend.http}{LIVE}"
    gateway = describe_door("gateway", package_folder, keys.verify_path, tmp_path, HOST="::1")
    gateway.service.environment["CHURN_GATEWAY_PRIMARY_URL"] = f"http://[::1]:{backend.http}"
    gateway.service.environment["CHURN_GATEWAY_GRPC_PORT"] = str(free_port())
    gateway.service.ready_url = f"http://[::1]:{gateway.http}/readyz"
    try:
        backend.service.start()
        gateway.service.start()
        gateway.service.wait_ready()
    finally:
        end(gateway.service, backend.service)
