"""Ports that are free or not, services that are ready or not."""

import socket
import threading
from collections.abc import Iterator
from http.server import HTTPServer

import pytest

from churn_serving.local.errors import SettingError
from churn_serving.local.readiness import check_ports, is_free, is_ready
from churn_serving.local.services import PortUse
from tests.local.small_service import Handler


def use(port: int, purpose: str = "the gateway") -> PortUse:
    return PortUse(port, purpose, "--gateway-port", "CHURN_UP_GATEWAY_PORT")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_free_ports_pass(free_ports: list[int]) -> None:
    check_ports(use(port) for port in free_ports)


def test_a_busy_port_is_named_with_its_flag_and_variable(silent_port: int) -> None:
    with pytest.raises(SettingError) as caught:
        check_ports([use(silent_port)])
    expected = (
        f"port {silent_port} for the gateway is in use: choose another with --gateway-port or CHURN_UP_GATEWAY_PORT"
    )
    assert str(caught.value) == expected


def test_a_port_listened_on_at_every_address_is_busy() -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        assert not is_free(listener.getsockname()[1])


def test_one_port_cannot_serve_two_purposes(free_ports: list[int]) -> None:
    port = free_ports[0]
    with pytest.raises(SettingError, match=f"port {port} is meant for the gateway and for MLflow"):
        check_ports([use(port), use(port, "MLflow")])


def test_ready_means_an_answer_of_200(free_ports: list[int], silent_port: int) -> None:
    assert not is_ready(f"http://127.0.0.1:{free_ports[0]}/ready")
    assert not is_ready(f"http://127.0.0.1:{silent_port}/ready")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        assert is_ready(f"http://127.0.0.1:{server.server_port}/ready")
        server.shutdown()
        serving.join()
