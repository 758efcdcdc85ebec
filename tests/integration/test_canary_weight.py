"""A canary's share changes under a running gateway: customers move to it and back, and each stays on one side."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import httpx
import pytest

from real_processes import describe_system, running

FEATURES = {"tenure": 3, "Contract": "Month-to-month", "charges": 70.5, "Payment": "Check", "Senior Citizen": 0}
CUSTOMERS = [f"customer-{number}" for number in range(40)]
REFUSED = 'churn_canary_weight_loads_total{outcome="refused"}'


@pytest.fixture(scope="module")
def weight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file: Path = tmp_path_factory.mktemp("weight") / "percent"
    file.write_text("0")
    return file


@pytest.fixture(scope="module")
def split(package_folder: Path, keys: Any, weight: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A system whose fallback is its canary too."""
    home = tmp_path_factory.mktemp("home")
    system = describe_system(package_folder, keys.verify_path, home, CHURN_GATEWAY_CANARY_PERCENT_FILE=str(weight))
    system.gateway.environment["CHURN_GATEWAY_CANARY_URL"] = system.fallback_url
    with running(system):
        wait_until(lambda: metric(system, 'churn_model_info{backend="canary"') == 1, system)
        yield system


def wait_until(condition: Callable[[], bool], system: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, system.gateway.tail()
        time.sleep(0.05)


def place(customer: str) -> float:
    """Where a customer stands between 0 and 1, as :mod:`churn_serving.core.routing` writes it down."""
    return int.from_bytes(blake2b(customer.encode(), digest_size=8).digest(), "big") / 2**64


def on_the_canary(system: Any) -> set[str]:
    """Who is answered by it."""
    with httpx.Client(base_url=system.gateway_url, timeout=5) as client:
        return {customer for customer in CUSTOMERS if asked_first(client, customer, system) == "canary"}


def asked_first(client: httpx.Client, customer: str, system: Any) -> str:
    """Primary or canary; another steps in where a busy machine makes them late, so ask again."""
    body = {"customers": [{"customer_id": customer, "features": FEATURES}]}
    deadline = time.monotonic() + 20
    while True:
        served_by = client.post("/v1/predictions", json=body).json()["served_by"]
        if served_by in {"primary", "canary"}:
            return str(served_by)
        assert time.monotonic() < deadline, system.gateway.tail()
        time.sleep(0.2)


def metric(system: Any, name: str) -> float:
    text = httpx.get(f"http://127.0.0.1:{system.ports['metrics']}/metrics", timeout=5).text
    return float(next((line.split()[-1] for line in text.splitlines() if line.startswith(name)), "0"))


def set_weight(system: Any, weight: Path, percent: float) -> None:
    weight.write_text(str(percent))
    wait_until(lambda: metric(system, "churn_canary_share") == percent / 100, system)


def test_customers_move_to_the_canary_and_back(split: Any, weight: Path) -> None:
    assert on_the_canary(split) == set()
    former: set[str] = set()
    for percent in (10, 50, 100):
        set_weight(split, weight, percent)
        found = on_the_canary(split)
        assert found == {customer for customer in CUSTOMERS if place(customer) < percent / 100}
        assert former <= found
        former = found
    set_weight(split, weight, 0)
    assert on_the_canary(split) == set()


def test_a_broken_weight_is_counted_and_changes_nothing(split: Any, weight: Path) -> None:
    set_weight(split, weight, 50)
    before = metric(split, REFUSED)
    weight.write_text("half")
    wait_until(lambda: metric(split, REFUSED) > before, split)
    assert on_the_canary(split) == {customer for customer in CUSTOMERS if place(customer) < 0.5}


def test_a_gateway_whose_weight_cannot_be_read_does_not_start(tmp_path: Path, keys: Any) -> None:
    command = [sys.executable, "-m", "churn_serving.gateway", "--canary-percent-file", str(tmp_path / "percent")]
    ended = subprocess.run(
        [*command, "--home", str(tmp_path), "--verify-key", str(keys.verify_path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith("gateway: CHURN_GATEWAY_CANARY_PERCENT_FILE: ")
