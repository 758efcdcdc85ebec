"""The fault drills: the whole path on a stage, one way to hurt the primary, one way to heal it.

It knows how faults are made; what must hold then stands in `verdicts.py`.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from churnbench import ours
from churnbench.errors import BenchError
from churnbench.http import ask, is_ok
from churnbench.processes import Command, Server, free_ports, wait_until
from churnbench.workplace import LOAD, Workplace

START_SECONDS = 90.0
# A supervisor starts a dead process again after a moment; so does the drill.
RESTART_AFTER_SECONDS = 2.0


@dataclass(frozen=True)
class Ports:
    """Where the processes of a stage listen."""

    gateway: int
    primary: int
    primary_grpc: int
    primary_metrics: int
    fallback: int
    fallback_metrics: int
    proxy: int
    control: int


class Stage:
    """Gateway, primary, fallback and, where the drill needs it, the fault proxy before the primary."""

    def __init__(self, workplace: Workplace, logs: Path, *, through_proxy: bool) -> None:
        self.ports = Ports(*free_ports(8))
        self.logs = logs
        self.servers: dict[str, Server] = {}
        self.primary_command = ours.predictor(
            workplace, [self.ports.primary, self.ports.primary_grpc, self.ports.primary_metrics]
        )[0]
        self.start(self.primary_command)
        self.start(*ours.fallback(workplace, self.ports.fallback, self.ports.fallback_metrics))
        if through_proxy:
            self.start(proxy_command(self.ports))
        primary = self.ports.proxy if through_proxy else self.ports.primary
        self.start(*ours.gateway(workplace, self.ports.gateway, primary, self.ports.fallback))

    @property
    def url(self) -> str:
        """What customers' systems ask."""
        return f"http://127.0.0.1:{self.ports.gateway}{ours.PREDICTIONS}"

    @property
    def primary(self) -> Server:
        """The process that is hurt."""
        return self.servers[self.primary_command.name]

    def start(self, *commands: Command) -> None:
        """Start processes; one of the same name is replaced."""
        for command in commands:
            self.servers[command.name] = Server(command, self.logs / f"{command.name}.log")

    def wait_until_ready(self) -> None:
        """Wait until primary, fallback and gateway all say so."""
        wait_until(self.is_ready, list(self.servers.values()), START_SECONDS, "the whole path")

    def is_ready(self) -> bool:
        """Whether all say so."""
        ready = f"http://127.0.0.1:{self.ports.gateway}{ours.READY}"
        return self.primary_is_ready() and self.fallback_is_ready() and is_ok(ready)

    def primary_is_ready(self) -> bool:
        """Whether the primary itself says so, whatever the proxy makes of it."""
        return is_ok(f"http://127.0.0.1:{self.ports.primary}{ours.BACKEND_READY}")

    def fallback_is_ready(self) -> bool:
        """Whether the fallback says so."""
        return is_ok(f"http://127.0.0.1:{self.ports.fallback}{ours.BACKEND_READY}")

    def switch(self, mode: str) -> None:
        """Put the proxy into a mode."""
        status, _ = ask(f"http://127.0.0.1:{self.ports.control}/{mode}", b"")
        if status != 200:
            raise BenchError(f"the fault proxy refused {mode}")

    def restart_primary(self) -> None:
        """Start the primary anew and wait until it is ready."""
        time.sleep(RESTART_AFTER_SECONDS)
        self.start(self.primary_command)
        wait_until(self.primary_is_ready, [self.primary], START_SECONDS, "the new primary")

    def stop(self) -> None:
        """End everything."""
        for server in reversed(self.servers.values()):
            server.stop()


@dataclass(frozen=True)
class Drill:
    """One way to fail. `hold` seconds pass between hurting and healing; healing returns when the primary is back."""

    name: str
    what: str
    hurt: Callable[[Stage], None]
    heal: Callable[[Stage], None]
    through_proxy: bool = False
    hold: float = 5.0


def proxy_drill(mode: str, what: str) -> Drill:
    """A fault that the proxy plays."""
    return Drill(mode, what, lambda stage: stage.switch(mode), lambda stage: stage.switch("pass"), through_proxy=True)


DRILLS = (
    Drill("kill", "kill -9", lambda stage: stage.primary.kill(), Stage.restart_primary, hold=1.0),
    Drill(
        "stop",
        "black hole (SIGSTOP)",
        lambda stage: stage.primary.signal(signal.SIGSTOP),
        lambda stage: stage.primary.signal(signal.SIGCONT),
    ),
    proxy_drill("slow", "every answer 1 s late"),
    proxy_drill("reset", "connections reset"),
    proxy_drill("status500", "answers 500"),
    proxy_drill("wrong_shape", "answers one row too many"),
    proxy_drill("nan", "answers NaN"),
)


@contextmanager
def staged(workplace: Workplace, drill: Drill) -> Iterator[Stage]:
    """A fresh stage for one drill, ready; nothing of it is left afterwards."""
    stage = Stage(workplace, workplace.logs / f"drill-{drill.name}", through_proxy=drill.through_proxy)
    try:
        stage.wait_until_ready()
        yield stage
    finally:
        stage.stop()


def proxy_command(ports: Ports) -> Command:
    """The fault proxy in front of the primary."""
    numbers = ["--port", ports.proxy, "--target", ports.primary, "--control", ports.control]
    return Command("proxy", [sys.executable, str(LOAD / "faultproxy.py"), *map(str, numbers)], LOAD)
