"""The whole local start with the real processes: it answers the question it prints, and leaves nothing behind."""

import itertools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from churn_serving.local.readiness import is_ready
from ports import free_ports_in_a_row
from tests.local.starts import accepts, living_command_lines, wait_until
from tests.prediction_log.segments import customers

METRICS_PORTS = 5
WholeStart = tuple[subprocess.Popen[str], Path, list[int]]


@pytest.fixture
def metrics_base() -> int:
    return free_ports_in_a_row(METRICS_PORTS)


@pytest.fixture
def whole_start(
    tmp_path: Path, make_model: Callable[..., Path], free_ports: list[int], metrics_base: int
) -> Iterator[WholeStart]:
    names = ("GATEWAY", "GATEWAY_GRPC", "PRIMARY", "PRIMARY_GRPC", "FALLBACK", "MARKETING", "MLFLOW")
    environment = os.environ | {"CHURN_HOME": str(tmp_path)}
    environment |= {f"CHURN_UP_{name}_PORT": str(port) for name, port in zip(names, free_ports, strict=True)}
    environment["CHURN_UP_METRICS_PORT_BASE"] = str(metrics_base)
    command = [sys.executable, "-m", "churn_serving.local", "--model", str(make_model()), "--usecase", "telecom"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        yield process, tmp_path, free_ports
        if process.poll() is None:
            process.send_signal(signal.SIGINT)


def wait_ready(start: WholeStart) -> dict[str, Any]:
    process, home, _ = start
    wait_until(lambda: (home / "up.json").exists() or process.poll() is not None, seconds=200)
    content: dict[str, Any] = json.loads((home / "up.json").read_text())
    return content


def printed(process: subprocess.Popen[str]) -> list[str]:
    """The lines of the summary."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Logs: "):
            break
    return lines


def is_gone(start: WholeStart) -> bool:
    _, home, ports = start
    return not any(map(accepts, ports)) and not any(str(home) in line for line in living_command_lines())


def kept_probabilities(folder: Path) -> list[float]:
    """Of all answers: in a table, or on a busy machine still in the segment that the next start takes away."""
    found = [pyarrow.parquet.read_table(table)["churn_probability"].to_pylist() for table in folder.rglob("*.parquet")]
    return [*itertools.chain(*found), *(each.probability for each in customers(folder / "segments"))]


def test_it_answers_the_question_that_it_prints_and_ends_with_ctrl_c(
    whole_start: WholeStart, metrics_base: int
) -> None:
    process, home, ports = whole_start
    up = wait_ready(whole_start)
    installed = {"prometheus"} if shutil.which("prometheus") else set()
    assert (
        set(up["processes"]) == {"gateway", "primary", "fallback", "marketing", "mlflow", "prediction-log"} | installed
    )
    app = f"http://127.0.0.1:{up['processes']['marketing']['port']}"
    wait_until(lambda: is_ready(f"{app}/readyz"), seconds=200)  # on a busy machine those who serve do not wait for it
    assert (home / "keys" / "marketing-password").stat().st_mode & 0o077 == 0
    with urllib.request.urlopen(f"{app}/sign-in", timeout=60) as page:
        assert b"Sign in" in page.read()
    lines = printed(process)
    chosen = {*ports, *range(metrics_base, metrics_base + METRICS_PORTS)}
    named = {int(port) for port in re.findall(r"(?:127\.0\.0\.1|localhost):(\d+)", "".join(lines))}
    assert set(ports) <= named <= chosen, "no port is one that was not chosen"
    _, _, url, _, content_type, _, body = shlex.split(next(line for line in lines if line.startswith("curl ")))
    name, value = content_type.split(": ")
    request = urllib.request.Request(url, body.encode(), {name: value})
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.loads(response.read())
    assert answer["model"]["name"] == "churn-sample"
    assert 0 < answer["predictions"][0]["churn_probability"] < 1
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert is_gone(whole_start)
    assert not (home / "up.json").exists()
    assert kept_probabilities(home / "predictions") == [answer["predictions"][0]["churn_probability"]]


def test_nothing_is_left_when_the_supervisor_is_killed(whole_start: WholeStart) -> None:
    process, home, _ = whole_start
    wait_ready(whole_start)
    process.kill()
    process.wait()
    wait_until(lambda: is_gone(whole_start))
    assert not (home / "up.json").exists()
