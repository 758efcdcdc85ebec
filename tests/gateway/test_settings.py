"""What a gateway is told at its start: nobody listens to the world without keys by accident."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from churn_serving.gateway.settings import GatewaySettings
from churn_serving.runtime.command_line import SettingError, read_settings
from churn_serving.web.server import bind


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CHURN_"):
            monkeypatch.delenv(name)


def settings(monkeypatch: pytest.MonkeyPatch, **changes: str) -> GatewaySettings:
    for name, value in changes.items():
        monkeypatch.setenv(f"CHURN_GATEWAY_{name}", value)
    return GatewaySettings()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_alone_needs_no_keys(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert settings(monkeypatch, HOST=host, API_KEYS="", AUTHENTICATION="").key_file is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "", "gateway.example"])
def test_others_need_keys_unless_it_is_said_that_they_do_not(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("CHURN_GATEWAY_HOST", host)
    with pytest.raises(SettingError) as caught:
        read_settings(GatewaySettings, [])
    line = str(caught.value)
    assert all(f"CHURN_GATEWAY_{name}" in line for name in ("HOST", "AUTHENTICATION", "API_KEYS"))
    assert settings(monkeypatch, HOST=host, AUTHENTICATION="off").key_file is None


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("authentication", ["required", ""])
def test_a_file_of_keys_is_used_wherever_it_is_named(
    monkeypatch: pytest.MonkeyPatch, host: str, authentication: str
) -> None:
    found = settings(monkeypatch, HOST=host, AUTHENTICATION=authentication, API_KEYS="/etc/churn/api-keys.json")
    assert found.key_file == Path("/etc/churn/api-keys.json")


def test_keys_are_left_alone_where_they_are_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(monkeypatch, AUTHENTICATION="off", API_KEYS="/etc/churn/api-keys.json").key_file is None


def test_an_address_set_to_nothing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(monkeypatch).fallback_url is not None
    found = settings(monkeypatch, FALLBACK_URL="", CANARY_URL="")
    assert (found.fallback_url, found.canary_url) == (None, None)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"HOST": "0.0.0.0"}, "CHURN_GATEWAY_API_KEYS"),
        ({"AUTHENTICATION": "required"}, "CHURN_GATEWAY_API_KEYS"),
        ({"AUTHENTICATION": "maybe"}, "CHURN_GATEWAY_AUTHENTICATION"),
        ({"API_KEYS": "{tmp}/nowhere.json"}, "CHURN_GATEWAY_API_KEYS"),
        ({"API_KEYS": "{tmp}/broken.json"}, "keys[0]"),
        ({"HTTP_PORT": "many"}, "CHURN_GATEWAY_HTTP_PORT"),
        ({"REQUEST_LOG_LINES_PER_SECOND": "-1"}, "CHURN_GATEWAY_REQUEST_LOG_LINES_PER_SECOND"),
    ],
)
def test_what_cannot_be_used_ends_the_start_with_one_line(
    changes: dict[str, str], named: str, keys: Any, tmp_path: Path
) -> None:
    (tmp_path / "broken.json").write_text('{"keys": [{"id": "marketing"}]}')
    environment = {f"CHURN_GATEWAY_{name}": value.format(tmp=tmp_path) for name, value in changes.items()}
    environment |= {"CHURN_HOME": str(tmp_path), "CHURN_VERIFY_KEY": str(keys.verify_path)}
    command = [sys.executable, "-m", "churn_serving.gateway"]
    ended = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=180, env=os.environ | environment
    )
    assert ended.returncode == 2
    assert named in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"127\.0\.0\.1:{port}: Address already in use; end what listens there, or"):
            bind("127.0.0.1", port)
