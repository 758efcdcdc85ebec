"""The shipper as a process."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.prediction_log.keeping import wait_until


class ShipperProcess:
    """`churn log ship` from a folder to a store, which may be killed and started again."""

    def __init__(
        self, segments: Path, store: str, log: Path, environment: dict[str, str] | None = None, metrics_port: int = 0
    ) -> None:
        places = ["--segments", str(segments), "--store", store]
        self._command = [sys.executable, "-m", "churn_cli", "log", "ship", *places, "--every", "1s", "--grace", "120s"]
        self._command += ["--metrics-port", str(metrics_port)]
        self._environment = {**os.environ, **(environment or {})}
        self._log = log
        self._begun = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._begun = log.tell()
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)

    def finish(self) -> None:
        """Tell it to end, as a pod is told, once it is there, and wait for what it hands over before it does."""
        assert self._process is not None
        wait_until(lambda: b"taking what lies in" in self._log.read_bytes()[self._begun :])
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(150) == 0, self._log.read_text()[-2000:]
