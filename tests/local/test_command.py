"""The command as a person calls it: everything that keeps it from starting is one line and exit code 2."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from churn_serving.local.state import LocalState
from ports import free_port

ModelMaker = Callable[..., Path]


def up(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "churn_serving.local", "--usecase", "telecom", *arguments]
    environment = os.environ | {"CHURN_HOME": str(home)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)


def test_without_a_champion(tmp_path: Path) -> None:
    ended = up(tmp_path, "--model", str(tmp_path / "nothing"))
    assert ended.returncode == 2
    assert ended.stderr == f"churn up: {tmp_path}/nothing/champion: no champion there; make one with `churn train`\n"


def test_with_a_busy_port(tmp_path: Path, make_model: ModelMaker) -> None:
    model = make_model()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        others = [
            word
            for name in ("gateway", "gateway-grpc", "primary", "primary-grpc", "mlflow")
            for word in (f"--{name}-port", str(free_port()))
        ]
        ended = up(tmp_path, "--model", str(model), "--fallback-port", str(port), *others)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"churn up: port {port} for the fallback is in use")
    assert ended.stderr.count("\n") == 1
    assert list((tmp_path / "logs").iterdir()) == []


def test_while_another_runs(tmp_path: Path, make_model: ModelMaker) -> None:
    model = make_model()
    state = LocalState(tmp_path)
    try:
        ended = up(tmp_path, "--model", str(model))
    finally:
        state.close()
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"churn up: it runs already with {tmp_path} (process {os.getpid()})")


def test_with_a_home_that_cannot_be_written(tmp_path: Path, make_model: ModelMaker) -> None:
    model = make_model()
    (tmp_path / "file").touch()
    ended = up(tmp_path / "file", "--model", str(model))
    assert ended.returncode == 2
    assert "CHURN_HOME" in ended.stderr
    assert ended.stderr.count("\n") == 1
