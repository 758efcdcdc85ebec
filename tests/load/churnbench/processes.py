"""Server processes of a measurement: started in groups of their own, ready when they answer, gone when it ends.

It knows commands and signals, not which server it starts.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from churnbench.errors import BenchError

PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Command:
    """How to start one server."""

    name: str
    arguments: Sequence[str]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)


class Server:
    """One running command, leader of its own session, so that its whole group can be ended."""

    def __init__(self, command: Command, log: Path, core: int | None = None) -> None:
        self.command = command
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        pinned = ["taskset", "--cpu-list", str(core)] if core is not None else []
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*pinned, *command.arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=command.folder,
                env=os.environ | command.environment,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id, also of its group."""
        return self.process.pid

    def signal(self, number: int) -> None:
        """Send a signal to the whole group; gone is fine."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def stop(self) -> None:
        """Ask, wait, kill: nothing of the group is left."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the group at once."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def check_alive(self) -> None:
        """Raise when it has ended by itself.

        Raises:
            BenchError: says what it wrote last.
        """
        if self.process.poll() is not None:
            raise BenchError(f"{self.command.name} ended with {self.process.returncode}: {self.last_words()}")

    def last_words(self) -> str:
        """The last line that it wrote, and where the others are."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return f"{lines[-1].strip()[:300] if lines else 'no output'} ({self.log})"


@contextmanager
def running(commands: Iterable[Command], logs: Path, core: int | None = None) -> Iterator[list[Server]]:
    """Servers in the order of their commands; all are stopped on the way out."""
    with ExitStack() as stack:
        servers = []
        for command in commands:
            server = Server(command, logs / f"{command.name}.log", core)
            stack.callback(server.stop)
            servers.append(server)
        yield servers


def wait_until(ready: Callable[[], bool], servers: Sequence[Server], seconds: float, what: str) -> float:
    """Poll until ready and answer how long it took, in seconds.

    Raises:
        BenchError: not in time, or a server ended.
    """
    begun = time.monotonic()
    while not ready():
        for server in servers:
            server.check_alive()
        if time.monotonic() - begun > seconds:
            words = "; ".join(server.last_words() for server in servers)
            raise BenchError(f"{what}: not ready after {seconds:g} s: {words}")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - begun


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nothing listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]


def end_on_sigterm() -> None:
    """Turn SIGTERM and SIGHUP into an ordinary exit, so that servers are stopped then, too."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
