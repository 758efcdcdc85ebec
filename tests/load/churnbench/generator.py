"""The load generator, built on demand and called with typed options: the only module that knows its command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from churnbench.errors import BenchError
from churnbench.workplace import LOAD, run_quietly

SOURCE = LOAD / "generator"
OVERTIME_SECONDS = 60

Report = dict[str, Any]


@dataclass(frozen=True)
class Load:
    """One run of the generator; seconds and requests a second (0: closed loop)."""

    url: str
    bodies: Path
    rate: float
    connections: int
    seconds: float
    warmup: float = 3.0
    grpc: bool = False
    channels: int = 0
    timeline: float = 0.0
    require: str = ""
    counted: Mapping[str, str] = field(default_factory=dict)
    pids: Sequence[int] = ()
    core: int | None = None
    key_file: Path | None = None
    traceparent: str = ""
    """W3C's header of a trace that every request is part of."""

    def arguments(self) -> list[str]:
        """The generator's flags."""
        flags = ["-url", self.url, "-bodies", str(self.bodies), "-rate", f"{self.rate:g}"]
        flags += [
            "-connections",
            str(self.connections),
            "-duration",
            f"{self.seconds:g}s",
            "-warmup",
            f"{self.warmup:g}s",
        ]
        flags += ["-grpc", "-channels", str(self.channels)] if self.grpc else []
        flags += ["-timeline", f"{self.timeline:g}s"] if self.timeline else []
        flags += ["-require", self.require] if self.require else []
        for name, substring in self.counted.items():
            flags += ["-count-substring", f"{name}={substring}"]
        flags += ["-key-file", str(self.key_file)] if self.key_file else []
        flags += ["-traceparent", self.traceparent] if self.traceparent else []
        for pid in self.pids:
            flags += ["-pid", str(pid)]
        return flags


class Generator:
    """The built program."""

    def __init__(self, folder: Path) -> None:
        """Build it, or find it built already.

        Raises:
            BenchError: no Go, or it does not compile.
        """
        self.program = folder / "churnload"
        try:
            run_quietly(
                ["go", "build", "-C", str(SOURCE), "-o", str(self.program), "."], folder / "logs" / "go-build.log", {}
            )
        except FileNotFoundError as error:
            raise BenchError("go is needed to build the load generator (1.26 or later)") from error

    def start(self, load: Load) -> subprocess.Popen[str]:
        """Begin a run that others watch; `read` takes its report."""
        pinned = ["taskset", "--cpu-list", str(load.core)] if load.core is not None else []
        return subprocess.Popen(
            [*pinned, str(self.program), *load.arguments()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def read(self, started: subprocess.Popen[str], load: Load) -> Report:
        """Wait for the end of a run.

        Raises:
            BenchError: it refused, or does not end.
        """
        try:
            output, complaint = started.communicate(timeout=load.warmup + load.seconds + OVERTIME_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"the load on {load.url} does not end") from error
        finally:
            started.kill()
        if started.returncode != 0:
            raise BenchError(complaint.strip()[:300] or f"the generator ended with {started.returncode}")
        report: Report = json.loads(output)
        return report

    def run(self, load: Load) -> Report:
        """One run from beginning to end."""
        return self.read(self.start(load), load)
