"""Model servers as real processes, on ports of their own."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from ports import free_port

READY_SECONDS = 180.0  # only what hangs gets there, however busy the machine


@dataclass
class Server:
    """A running process; ``grpc_port`` is 0 where it serves none."""

    process: subprocess.Popen[bytes]
    log: Path
    http_port: int
    grpc_port: int
    metrics_port: int

    @property
    def url(self) -> str:
        """Base address of its HTTP port."""
        return f"http://127.0.0.1:{self.http_port}"

    def wait_ready(self) -> None:
        """Return once it says that it is ready; fail with its log otherwise."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/v2/health/ready", timeout=10).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"not ready, status {self.process.poll()}: {self.log.read_text()}")

    def stop(self) -> int:
        """Ask it to end and return its status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=60)


def start_predictor(model: Path, verify_key: Path, folder: Path, *flags: str) -> Server:
    """Start the KServe predictor."""
    http, grpc, metrics = free_port(), free_port(), free_port()
    arguments = ["--http-port", str(http), "--grpc-port", str(grpc), "--metrics-port", str(metrics), *flags]
    return _start("churn_serving.predictor", model, verify_key, folder, arguments, (http, grpc, metrics))


def start_fallback(model: Path, verify_key: Path, folder: Path, *flags: str) -> Server:
    """Start the BentoML fallback."""
    http, metrics = free_port(), free_port()
    arguments = ["--port", str(http), "--metrics-port", str(metrics), *flags]
    return _start("churn_serving.bento", model, verify_key, folder, arguments, (http, 0, metrics))


def _start(
    module: str, model: Path, verify_key: Path, folder: Path, arguments: list[str], ports: tuple[int, int, int]
) -> Server:
    log = folder / f"{module}-{ports[0]}.log"
    command = [sys.executable, "-m", module, "--model", str(model), "--verify-key", str(verify_key), *arguments]
    with log.open("wb") as output:
        environment = os.environ | {"CHURN_HOME": str(folder)}
        process = subprocess.Popen(command, stderr=output, stdout=output, env=environment)
    return Server(process, log, *ports)
