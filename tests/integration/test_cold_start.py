"""A gateway that comes before everything else: alive, not ready, and ready after the first backend."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from patience import until
from real_processes import describe_system, end


def status(system: Any, path: str) -> int:
    try:
        return httpx.get(system.gateway_url + path, timeout=30).status_code
    except httpx.TransportError:
        return 0


def wait_for(system: Any, path: str, expected: int) -> None:
    until(lambda: status(system, path) == expected, system.gateway.tail)


@pytest.mark.parametrize("first", ["primary", "fallback"])
def test_a_gateway_waits_for_the_first_backend(first: str, package_folder: Path, keys: Any, tmp_path: Path) -> None:
    home = tmp_path / "not" / "there" / "yet"
    system = describe_system(package_folder, keys.verify_path, tmp_path, CHURN_HOME=str(home))
    backend = getattr(system, first)
    try:
        system.gateway.start()
        wait_for(system, "/livez", 200)
        until(lambda: "does not describe its model" in system.gateway.log.read_text(), system.gateway.tail)
        time.sleep(1.5)
        assert (status(system, "/livez"), status(system, "/readyz")) == (200, 503)
        assert system.gateway.log.read_text().count(f"{first} does not describe its model") == 1
        backend.start()
        backend.wait_ready()
        wait_for(system, "/readyz", 200)
        assert (home / "gateway" / "description.json").is_file()
    finally:
        end(*system.services)
