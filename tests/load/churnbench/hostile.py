"""The hostile hour: one attack after the other on a gateway that wants keys, each beside good traffic.

All attacks meet the same processes, so that what one leaves behind is found by the next. The attacker and the good
callers share the machine with what they ask: an attacker is paced and gets the lowest priority, as if it sat elsewhere.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnattack.attacks import ATTACKS
from churnattack.target import Attack
from churnbench import ours
from churnbench.errors import BenchError
from churnbench.generator import Generator, Load, Report
from churnbench.http import is_ok
from churnbench.memory import peak_mib, reset_peak
from churnbench.processes import Server, free_ports, wait_until
from churnbench.workplace import LOAD, MODEL, Workplace, run_quietly

START_SECONDS = 90.0
OVERTIME_SECONDS = 60.0
WARMUP_SECONDS = 3.0
CONNECTIONS = 64
REQUIRED_SHARE = 0.99
REQUIRED_P99_MS = 10.0
REQUIRED_GATEWAY_MIB = 200.0
TIERS = ("primary", "fallback", "degraded")


@dataclass(frozen=True)
class Ordeal:
    """What good traffic and the processes went through during one attack; milliseconds, MiB, shares 0 to 1."""

    sent: int
    failed: int
    primary_share: float
    p99_ms: float
    worst_ms: float
    gateway_mib: float
    predictor_mib: float
    fallback_mib: float
    attacker: dict[str, Any]
    """What the attacker sent and got."""
    errors: dict[str, int]
    """What failed of the good traffic, and how."""

    @property
    def met(self) -> bool:
        """Whether all that is required holds."""
        served = self.failed == 0 and self.primary_share >= REQUIRED_SHARE
        return (
            served
            and not self.unexpected
            and self.p99_ms <= REQUIRED_P99_MS
            and self.gateway_mib <= REQUIRED_GATEWAY_MIB
        )

    @property
    def unexpected(self) -> dict[str, int]:
        """Answers to the attacker other than a request of its kind has to get."""
        found: dict[str, int] = self.attacker["unexpected"]
        return found

    @property
    def server_errors(self) -> int:
        """Answers to the attacker that blame the server: 5xx but 503, which asks to come back later."""
        answers: dict[str, int] = self.attacker["answers"]
        internal = sum(count for status, count in answers.items() if status[:1] == "5" and status != "503")
        return internal + answers.get("INTERNAL", 0) + answers.get("UNKNOWN", 0)


class Besieged:
    """Primary, fallback and a gateway that wants keys; one for good callers, one for the attacker."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self.folder = workplace.folder / "hostile"
        self.folder.mkdir(exist_ok=True)
        self.logs = workplace.logs / "hostile"
        keys = self.folder / "api-keys.json"
        keys.unlink(missing_ok=True)
        self.good_key, self.attackers_key = (self.new_key(name, keys) for name in ("good", "attacker"))
        self.http, self.grpc, self.primary, self.primary_grpc, fallback, *others = free_ports(7)
        self.servers: dict[str, Server] = {}
        settings = {"API_KEYS": str(keys), "AUTHENTICATION": "required", "GRPC_PORT": str(self.grpc)}
        variables = {f"CHURN_GATEWAY_{name}": value for name, value in settings.items()}
        for command in (
            *ours.predictor(workplace, [self.primary, self.primary_grpc, others[0]]),
            *ours.fallback(workplace, fallback, others[1]),
            *ours.gateway(workplace, self.http, self.primary, fallback, **variables),
        ):
            self.servers[command.name] = Server(command, self.logs / f"{command.name}.log")
        self.backends = (self.primary, fallback)

    def new_key(self, name: str, keys: Path) -> Path:
        """The file of a new API key."""
        command = [sys.executable, "-m", "churn_serving.gateway.api_keys", "new", "--id", name, "--file", str(keys)]
        made = run_quietly(command, self.logs / f"key-{name}.log", {}).splitlines()[0]
        path = self.folder / f"{name}.key"
        path.touch(mode=0o600)
        path.write_text(made + "\n")
        return path

    def wait_until_ready(self) -> None:
        """Wait until all three say so."""
        wait_until(self.is_ready, list(self.servers.values()), START_SECONDS, "the whole path")

    def is_ready(self) -> bool:
        """Whether all three say so."""
        backends = all(is_ok(f"http://127.0.0.1:{port}{ours.BACKEND_READY}") for port in self.backends)
        return backends and is_ok(f"http://127.0.0.1:{self.http}{ours.READY}")

    def check_alive(self) -> None:
        """Raise when one of them has ended.

        Raises:
            BenchError: says which, and what it wrote last.
        """
        for server in self.servers.values():
            server.check_alive()

    def stop(self) -> None:
        """End everything."""
        for server in reversed(self.servers.values()):
            server.stop()


@contextmanager
def besieged(workplace: Workplace) -> Iterator[Besieged]:
    """The stage of all attacks, ready; nothing of it is left afterwards."""
    stage = Besieged(workplace)
    try:
        stage.wait_until_ready()
        yield stage
    finally:
        stage.stop()


def chosen_attacks(only: Sequence[str] | None) -> list[Attack]:
    """Attacks by name; all without a choice."""
    return [attack for attack in ATTACKS if not only or attack.name in only]


def endure(stage: Besieged, generator: Generator, attack: Attack, rate: float, seconds: float) -> Ordeal:
    """One attack from its first to its last moment beside good traffic.

    Raises:
        BenchError: a process died of it, or something could not be started.
    """
    load = Load(
        url=f"http://127.0.0.1:{stage.http}{ours.PREDICTIONS}",
        bodies=stage.workplace.bodies("gateway.jsonl"),
        rate=rate,
        connections=CONNECTIONS,
        seconds=seconds,
        warmup=WARMUP_SECONDS,
        require='"churn_probability"',
        counted={tier: f'"served_by":"{tier}"' for tier in TIERS},
        key_file=stage.good_key,
    )
    for server in stage.servers.values():
        reset_peak(server.pid)
    loading = generator.start(load)
    attacking: subprocess.Popen[str] | None = None
    try:
        time.sleep(WARMUP_SECONDS)
        attacking = start_attack(stage, attack, seconds)
        report = generator.read(loading, load)
        attacker = end_attack(attacking)
    finally:
        loading.kill()
        if attacking is not None:
            attacking.kill()
    stage.check_alive()
    return told(stage, report, attacker)


def start_attack(stage: Besieged, attack: Attack, seconds: float) -> subprocess.Popen[str]:
    """The attacker as a process of the lowest priority."""
    command = ["nice", "-n", "19", sys.executable, "-m", "churnattack", attack.name, "--seconds", f"{seconds:g}"]
    command += ["--gateway", str(stage.http), "--grpc", str(stage.grpc)]
    command += ["--primary", str(stage.primary), "--primary-grpc", str(stage.primary_grpc)]
    command += ["--model", MODEL, "--key-file", str(stage.attackers_key)]
    command += ["--bodies", str(stage.workplace.bodies("gateway.jsonl"))]
    log = stage.logs / f"attack-{attack.name}.log"
    with log.open("w") as complaints:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True, cwd=LOAD)


def end_attack(attacking: subprocess.Popen[str]) -> dict[str, Any]:
    """What the attacker says at its end.

    Raises:
        BenchError: it failed, or does not end.
    """
    try:
        output, _ = attacking.communicate(timeout=OVERTIME_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise BenchError("the attacker does not end") from error
    if attacking.returncode != 0:
        raise BenchError(f"the attacker ended with {attacking.returncode}")
    document: dict[str, Any] = json.loads(output)
    return document


def told(stage: Besieged, report: Report, attacker: dict[str, Any]) -> Ordeal:
    """The figures of one attack."""
    memory = {name: peak_mib(server.pid) for name, server in stage.servers.items()}
    latency = report["latency_ms"]
    return Ordeal(
        sent=report["sent"],
        failed=report["failed"] + report["unserved"],
        primary_share=round(report["counts"]["primary"] / max(1, report["ok"]), 4),
        p99_ms=latency["p99"],
        worst_ms=latency["max"],
        gateway_mib=memory["gateway"],
        predictor_mib=memory["predictor"],
        fallback_mib=memory["fallback"],
        attacker=attacker,
        errors=report["errors"],
    )
