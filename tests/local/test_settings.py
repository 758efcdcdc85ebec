"""Choices of a local start: flags, environment variables, and what is said when one is bad."""

from pathlib import Path

import pytest

from churn_serving.local.errors import SettingError
from churn_serving.local.services import local_services
from churn_serving.local.settings import flag_of, local_home, read_settings, variable_of

REQUIRED = ["--model", "packages/churn-telecom", "--usecase", "telecom"]


def test_defaults_are_the_ports_of_the_design() -> None:
    settings = read_settings(REQUIRED)
    assert settings.model == Path("packages/churn-telecom")
    ports = (settings.gateway_port, settings.gateway_grpc_port, settings.primary_port, settings.primary_grpc_port)
    assert ports == (8080, 8081, 8082, 8083)
    assert (settings.fallback_port, settings.mlflow_port, settings.metrics_port_base) == (8084, 8086, 9090)
    assert settings.mlflow


def test_a_flag_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURN_UP_GATEWAY_PORT", "9000")
    monkeypatch.setenv("CHURN_UP_FALLBACK_PORT", "9001")
    settings = read_settings([*REQUIRED, "--gateway-port", "9002", "--no-mlflow"])
    assert (settings.gateway_port, settings.fallback_port, settings.mlflow) == (9002, 9001, False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*REQUIRED, "--primary-port", "70000"], ["--primary-port", "CHURN_UP_PRIMARY_PORT", "65535"]),
        ([*REQUIRED, "--metrics-port-base", "many"], ["--metrics-port-base", "integer"]),
        (["--usecase", "telecom"], ["--model", "CHURN_UP_MODEL", "required"]),
    ],
)
def test_a_bad_choice_names_flag_and_variable(arguments: list[str], words: list[str]) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings(arguments)
    text = str(caught.value)
    assert "\n" not in text
    assert all(word in text for word in words)


@pytest.mark.parametrize(
    ("listens", "asked"),
    [
        ("", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::1", "[::1]"),
        ("::", "[::1]"),
        ("192.0.2.7", "192.0.2.7"),
        ("localhost", "localhost"),
    ],
)
def test_a_gateway_is_asked_where_it_listens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listens: str, asked: str
) -> None:
    monkeypatch.setenv("CHURN_GATEWAY_HOST", listens)
    gateway, primary, *_ = local_services(read_settings(REQUIRED), tmp_path)
    assert gateway.ready_url == f"http://{asked}:8080/readyz"
    assert dict(gateway.addresses) == {
        "HTTP": f"http://{asked}:8080",
        "gRPC": f"{asked}:8081",
        "metrics": f"http://{asked}:9090/metrics",
    }
    assert primary.ready_url == "http://127.0.0.1:8082/v2/health/ready"


def test_names_of_a_setting() -> None:
    assert (flag_of("gateway_port"), variable_of("gateway_port")) == ("--gateway-port", "CHURN_UP_GATEWAY_PORT")


def test_home_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CHURN_HOME", raising=False)
    assert local_home() == tmp_path / ".churn"
    monkeypatch.setenv("CHURN_HOME", "state")
    assert local_home() == tmp_path / "state"
