"""Measurements beside the rounds: a long steady load, scoring in process, and how long starts take.

What is required of them is written in `claims.py`.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from churnbench.console import progress
from churnbench.contenders import WHOLE_PATH
from churnbench.errors import BenchError
from churnbench.generator import Generator, Load
from churnbench.processes import Command, Server, free_ports, wait_until
from churnbench.rounds import OPEN_CONNECTIONS, OPEN_RATE, START_SECONDS, started
from churnbench.workplace import LOAD, ROOT, USECASE, Workplace, run_quietly

FRESH_START_SECONDS = 240.0


def measure_extras(workplace: Workplace, generator: Generator, seconds: float) -> tuple[dict[str, Any], dict[str, str]]:
    """Everything that worked by name, and why the rest did not."""
    found: dict[str, Any] = {}
    failures: dict[str, str] = {}
    measurements: Mapping[str, Callable[[], dict[str, Any]]] = {
        "sustained": lambda: sustained(workplace, generator, seconds),
        "in_process": lambda: in_process(workplace),
        "start": lambda: starts(workplace),
    }
    for name, measurement in measurements.items():
        progress(f"measuring: {name}")
        try:
            found[name] = measurement()
        except BenchError as error:
            failures[name] = str(error)
            progress(f"{name} could not be measured: {error}")
    return found, failures


def sustained(workplace: Workplace, generator: Generator, seconds: float) -> dict[str, Any]:
    """Steady 500 requests a second through gateway and primary, and each process's memory (RSS, MiB) at the end."""
    with started(workplace, WHOLE_PATH) as (servers, _, common):
        report = generator.run(Load(**common, rate=OPEN_RATE, connections=OPEN_CONNECTIONS, seconds=seconds))
    memory = {server.command.name: used["rss_mib"] for server, used in zip(servers, report["servers"], strict=True)}
    return {"seconds": seconds, "report": report, "memory": memory}


def in_process(workplace: Workplace) -> dict[str, Any]:
    """One row and a thousand, in a process of their own."""
    command = [sys.executable, str(LOAD / "inprocess.py"), "--package", str(workplace.package)]
    command += ["--verify-key", str(workplace.verify_key), "--customers", str(workplace.bodies("gateway.jsonl"))]
    output = run_quietly(command, workplace.logs / "inprocess.log", {})
    measured: dict[str, Any] = json.loads(output.splitlines()[-1])
    return measured


def starts(workplace: Workplace) -> dict[str, Any]:
    """Seconds from `make run` to ready: without any model, then again with the champion that was made."""
    home = workplace.folder / "home-fresh"
    shutil.rmtree(home, ignore_errors=True)
    fresh = start_once(workplace, home)
    return {"fresh_seconds": fresh, "restart_seconds": start_once(workplace, home)}


def start_once(workplace: Workplace, home: Path) -> float:
    """Seconds until everything that a user starts says it is ready; it is stopped again."""
    up_file = home / "up.json"
    command = Command("make-run", ["make", "run", f"USECASE={USECASE}", "DATA=", "ARGS="], ROOT, up_environment(home))
    begun = time.monotonic()
    server = Server(command, workplace.logs / "make-run.log")
    try:
        wait_until(lambda: says_ready(up_file), [server], FRESH_START_SECONDS, "make run")
        passed = time.monotonic() - begun
    finally:
        server.stop()
    wait_until(lambda: not up_file.exists(), [], START_SECONDS, "the end of make run")
    return round(passed, 2)


def up_environment(home: Path) -> dict[str, str]:
    """A home of its own and ports that are free, whatever else runs here."""
    names = ("GATEWAY", "GATEWAY_GRPC", "PRIMARY", "PRIMARY_GRPC", "FALLBACK", "MARKETING", "MLFLOW")
    ports = {f"CHURN_UP_{name}_PORT": str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
    base = free_metrics_base()
    return {"CHURN_HOME": str(home), "CHURN_UP_METRICS_PORT_BASE": str(base), **ports}


def free_metrics_base() -> int:
    """Metrics take five ports in a row; those behind a free one are nearly always free, too."""
    return min(free_ports(1)[0], 65000)


def says_ready(up_file: Path) -> bool:
    """Whether the supervisor has written that all is ready."""
    try:
        return bool(json.loads(up_file.read_text())["ready"])
    except (FileNotFoundError, json.JSONDecodeError):
        return False
