"""What `churn up` can refuse it refuses before it trains anything, in one line that says what to change."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from churn_cli.main import main
from ports import free_port

SERVERS = ("gateway", "gateway-grpc", "primary", "primary-grpc", "fallback", "marketing", "mlflow")
PORTS = tuple(f"{name}-port" for name in SERVERS)
WORDS = {
    "option of a server": (["--gatway-port", "1"], "there is no option --gatway-port; did you mean --gateway-port?"),
    "option of a training": (["--rowz", "5"], "there is no option --rowz; did you mean --rows?"),
    "option like none": (["--zzzzzz"], "there is no option --zzzzzz; --help lists what there is"),
    "no port": (["--mlflow-port", "none"], "--mlflow-port (CHURN_UP_MLFLOW_PORT): Input should be a valid integer"),
    "a word too many": (["telecom"], "telecom"),
}
SETTINGS = {
    "keys that are not there": ("CHURN_GATEWAY_API_KEYS", "none.json", "gateway: CHURN_GATEWAY_API_KEYS: none.json: "),
    "no number for the gateway": ("CHURN_GATEWAY_IDLE_SECONDS", "long", "gateway: --idle-seconds (CHURN_GATEWAY_IDLE_"),
    "no number for the primary": ("CHURN_PREDICTOR_RELOAD_SECONDS", "x", "primary: --reload-seconds (CHURN_PREDICTOR_"),
    "no number for the fallback": ("CHURN_BENTO_STOP_SECONDS", "x", "fallback: --stop-seconds (CHURN_BENTO_STOP_SEC"),
    "no port in the environment": ("CHURN_UP_MLFLOW_PORT", "none", "--mlflow-port (CHURN_UP_MLFLOW_PORT): "),
}


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(autouse=True)
def trains_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Fails the test that trains."""
    trained: list[object] = []

    def train(*words: object) -> None:
        trained.append(words)
        raise AssertionError("it trained")

    monkeypatch.setattr("churn_cli.commands.up.train_and_export", train)
    monkeypatch.chdir(tmp_path)
    for name in PORTS:
        monkeypatch.setenv(f"CHURN_UP_{name.replace('-', '_').upper()}", str(free_port()))
    yield trained
    assert not trained


def refused(words: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    assert main(["up", "--rows", "400", *words]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("name", WORDS)
def test_bad_words(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    words, problem = WORDS[name]
    assert refused(words, capfd).startswith("churn: ")
    assert problem in refused(words, capfd)


@pytest.mark.parametrize("name", SETTINGS)
def test_bad_settings(name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    variable, value, problem = SETTINGS[name]
    monkeypatch.setenv(variable, value)
    assert refused([], capfd).startswith(f"churn: {problem}")


def test_a_port_that_is_taken(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        said = refused(["--fallback-port", str(port)], capfd)
    assert said.startswith(f"churn: port {port} for the fallback is in use: choose another with --fallback-port or ")
