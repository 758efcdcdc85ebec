"""A primary that says that it is well and answers nonsense, slowly or not at all, behind a real proxy."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from patience import PatientTransport, until
from ports import free_port
from real_processes import describe_system, running

PROXY = Path(__file__).resolve().parents[1] / "load" / "faultproxy.py"
BODY = {
    "customers": [
        {
            "customer_id": "a",
            "features": {
                "tenure": 3,
                "Contract": "Month-to-month",
                "charges": 70.5,
                "Payment": "Check",
                "Senior Citizen": 0,
            },
        }
    ]
}


@pytest.fixture(scope="module")
def ill(package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, int]]:
    """A system whose gateway reaches its primary through the proxy, and the proxy's control port."""
    port, control, home = free_port(), free_port(), tmp_path_factory.mktemp("home")
    address = {"CHURN_GATEWAY_PRIMARY_URL": f"http://127.0.0.1:{port}"}
    system = describe_system(package_folder, keys.verify_path, home, **address)
    ports = ["--port", str(port), "--target", str(system.ports["primary"]), "--control", str(control)]
    with subprocess.Popen([sys.executable, str(PROXY), *ports]) as proxy, running(system):
        yield system, control
        proxy.terminate()


def answered_by(client: httpx.Client) -> str:
    answer = client.post("/v1/predictions", json=BODY)
    assert answer.status_code == 200, answer.text
    served_by: str = answer.json()["served_by"]
    return served_by


def asked_once_more(client: httpx.Client, answers: Counter[str]) -> Counter[str]:
    answers[answered_by(client)] += 1
    return answers


@pytest.mark.parametrize("mode", ["status500", "wrong_shape", "nan", "reset", "slow"])
def test_nobody_notices(ill: tuple[Any, int], mode: str) -> None:
    system, control = ill
    with httpx.Client(base_url=system.gateway_url, timeout=30, transport=PatientTransport()) as client:
        until(lambda: answered_by(client) == "primary")
        httpx.post(f"http://127.0.0.1:{control}/{mode}").raise_for_status()
        try:
            answers = Counter(answered_by(client) for _ in range(30))
            # On a busy machine the fallback may be late, too, and the scorecard answers while it is left alone.
            until(lambda: asked_once_more(client, answers)["fallback"] >= 15, lambda: str(answers))
        finally:
            httpx.post(f"http://127.0.0.1:{control}/pass").raise_for_status()
        assert answers["primary"] == 0
        until(lambda: answered_by(client) == "primary")
