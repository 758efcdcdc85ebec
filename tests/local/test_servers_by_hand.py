"""Servers that a person starts by hand: Ctrl-C is one line and 130, however early; SIGTERM ends them with 0."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from ports import free_port

ModelMaker = Callable[..., Path]
INTERRUPTED_AT = """
import os, runpy, signal, sys

at, program, sys.argv[1:] = sys.argv[1], sys.argv[2], sys.argv[3:]

class Interrupting:
    def find_spec(self, name, *_):
        if name == at:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
runpy.run_module(program, run_name="__main__")
"""
NAMES = ("gateway", "predictor", "bento")


def command(name: str, model: Path) -> tuple[list[str], str]:
    """The words after the program's, and the address at which it says that it is alive."""
    http, grpc = free_port(), free_port()
    match name:
        case "gateway":
            words = ["--http-port", str(http), "--grpc-port", str(grpc), "--metrics-port", "0"]
            return words, f"http://127.0.0.1:{http}/livez"
        case "predictor":
            words = ["--http-port", str(http), "--grpc-port", str(grpc), "--metrics-port", "0"]
        case _:
            words = ["--port", str(http), "--metrics-port", "0"]
    return ["--model", str(model / "champion"), *words], f"http://127.0.0.1:{http}/v2/health/live"


def environment(model: Path) -> dict[str, str]:
    return os.environ | {"CHURN_HOME": str(model.parents[1])}


def test_whether_settings_will_do_is_said_before_what_serves_is_loaded() -> None:
    """`churn up` asks each of its servers before a training."""
    asked = ", ".join(f"churn_serving.{name}.command" for name in NAMES)
    heavy = {"uvloop", "fastapi", "aiohttp", "grpc", "kserve", "bentoml", "catboost", "numpy"}
    code = f"import sys, {asked}; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=180)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("gateway", "churn_serving.gateway.command"),
        ("gateway", "churn_serving.gateway.server"),
        ("predictor", "churn_serving.predictor.command"),
        ("predictor", "kserve"),
        ("bento", "churn_serving.bento.command"),
        ("bento", "bentoml"),
    ],
    ids=lambda value: value.rpartition(".")[2],
)
def test_an_interrupt_among_imports(name: str, module: str, make_model: ModelMaker) -> None:
    model = make_model()
    words, _ = command(name, model)
    code = [sys.executable, "-c", INTERRUPTED_AT, module, f"churn_serving.{name}", *words]
    done = subprocess.run(code, env=environment(model), capture_output=True, text=True, timeout=180, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (130, f"{name}: stopped")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_while_it_serves(
    name: str, number: signal.Signals, code: int, make_model: ModelMaker, tmp_path: Path
) -> None:
    model = make_model()
    words, address = command(name, model)
    said = tmp_path / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", f"churn_serving.{name}", *words],
            env=environment(model), stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        wait_alive(address, process, said)
        os.killpg(process.pid, number)  # as a terminal does: whatever belongs to it hears too
        assert process.wait(timeout=60) == code, said.read_text()
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in said.read_text()
    assert (said.read_text().splitlines()[-1:] == [f"{name}: stopped"]) == (number == signal.SIGINT)


def wait_alive(address: str, process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(address, timeout=10).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(said.read_text())
