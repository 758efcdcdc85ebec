"""Starts of small services as real processes, and the proof that nothing of them is left."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

SMALL_START = Path(__file__).with_name("small_start.py")


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


class Start:
    """One running supervisor, seen from outside."""

    def __init__(self, home: Path, services: tuple[str, ...]) -> None:
        self.home = home
        self._ports = {word for service in services for word in service.split(":") if word.isdecimal()}
        self.up_file = home / "up.json"
        self._output = home.parent / f"{home.name}-output.txt"
        command = [sys.executable, str(SMALL_START), str(home), *services]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def up(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.up_file.read_text())
        return content

    def pid(self, service: str) -> int:
        return int(self.up["processes"][service]["pid"])

    def wait_ready(self) -> None:
        wait_until(lambda: self.up_file.exists() or self.process.poll() is not None)
        assert self.up_file.exists(), self.output

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait_end(self) -> int:
        return self.process.wait(timeout=60)

    def leftovers(self) -> list[str]:
        """Command lines of every process that carries this start's folder or is one of its services."""
        return [
            line
            for line in living_command_lines()
            if str(self.home) in line or ("small_service.py" in line and self._ports.intersection(line.split()))
        ]


def living_command_lines() -> list[str]:
    lines = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                lines.append(" ".join(process.cmdline()))
    return lines


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
