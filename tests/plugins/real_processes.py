"""The real processes on free ports of this machine: predictor, fallback and gateway around one signed package."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ports import free_port

START_SECONDS = 180.0  # only what hangs gets there, however busy the machine
STOP_SECONDS = 60.0  # likewise


@dataclasses.dataclass
class Service:
    """A process and where it listens."""

    name: str
    command: list[str]
    environment: dict[str, str]
    ready_url: str
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; a former process of it must have been told to end."""
        if self.process is not None:
            self.process.wait(STOP_SECONDS)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.command],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode}: {self.tail()}")
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(self.ready_url, timeout=10).status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"{self.name} is not ready: {self.tail()}")

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def signal(self, number: int) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Ask it to end; kill it if it does not. Returns its exit code."""
        if self.process is None:
            return 0
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.wait(STOP_SECONDS)
            return -signal.SIGKILL


def end(*services: Service) -> None:
    """Kill processes that a test is done with, and all they started: a drain takes a second and has its own tests."""
    for service in services:
        if service.process is not None:
            service.signal(signal.SIGKILL)
    for service in services:
        if service.process is not None:
            service.process.wait(STOP_SECONDS)


def mend(*services: Service) -> None:
    """Start again those of them that have ended, and return when they are ready.

    A start takes more of a processor than most tests do: they share processes, and who needs one that a former test has
    ended calls this.
    """
    ended = [service for service in services if service.process is not None and service.process.poll() is not None]
    for service in ended:
        service.start()
    for service in ended:
        service.wait_ready()


@dataclasses.dataclass
class System:
    """A gateway with its two backends and their addresses."""

    primary: Service
    fallback: Service
    gateway: Service
    ports: dict[str, int]
    model: Path

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['gateway']}"

    @property
    def primary_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['primary']}"

    @property
    def fallback_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['fallback']}"

    @property
    def services(self) -> tuple[Service, Service, Service]:
        return (self.primary, self.fallback, self.gateway)

    def mend(self) -> None:
        """Start again what has ended of it."""
        mend(*self.services)


def describe_system(model: Path, verify_key: Path, home: Path, **gateway: str) -> System:
    """Commands and addresses of a system; nothing is started."""
    names = ["gateway", "gateway_grpc", "primary", "primary_grpc", "fallback"]
    names += ["metrics", "primary_metrics", "fallback_metrics"]
    ports = {name: free_port() for name in names}
    shared = {"CHURN_HOME": str(home), "CHURN_VERIFY_KEY": str(verify_key)}
    primary_url = f"http://127.0.0.1:{ports['primary']}"
    fallback_url = f"http://127.0.0.1:{ports['fallback']}"
    addresses = {
        "CHURN_GATEWAY_HTTP_PORT": str(ports["gateway"]),
        "CHURN_GATEWAY_GRPC_PORT": str(ports["gateway_grpc"]),
        "CHURN_GATEWAY_METRICS_PORT": str(ports["metrics"]),
        "CHURN_GATEWAY_PRIMARY_URL": primary_url,
        "CHURN_GATEWAY_FALLBACK_URL": fallback_url,
        **gateway,
    }
    predictor = ["churn_serving.predictor", "--model", str(model), "--http-port", str(ports["primary"])]
    predictor += ["--grpc-port", str(ports["primary_grpc"]), "--metrics-port", str(ports["primary_metrics"])]
    bento = ["churn_serving.bento", "--model", str(model), "--port", str(ports["fallback"])]
    bento += ["--metrics-port", str(ports["fallback_metrics"])]
    return System(
        Service("primary", predictor, shared, f"{primary_url}/v2/health/ready", home / "primary.log"),
        Service("fallback", bento, shared, f"{fallback_url}/v2/health/ready", home / "fallback.log"),
        Service(
            "gateway",
            ["churn_serving.gateway"],
            {**shared, **addresses},
            f"http://127.0.0.1:{ports['gateway']}/readyz",
            home / "gateway.log",
        ),
        ports,
        model,
    )


@contextlib.contextmanager
def running(system: System, *parts: Service) -> Iterator[System]:
    """Start all three side by side, or these parts alone, and end them whatever happens."""
    services = parts or system.services
    try:
        for service in services:
            service.start()
        for service in services:
            service.wait_ready()
        yield system
    finally:
        end(*services)


def without_fallback(
    model: Path, verify_key: Path, home: Path, **gateway: str
) -> contextlib.AbstractContextManager[System]:
    """Start and end a gateway and its primary, for tests in which nobody else stands in."""
    system = describe_system(model, verify_key, home, CHURN_GATEWAY_FALLBACK_URL="", **gateway)
    return running(system, system.primary, system.gateway)


@pytest.fixture(scope="module")
def system(package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A running system that the tests of one module share; one that breaks a part of it mends it again, unless no later
    one needs that."""
    home = tmp_path_factory.mktemp("home")
    with running(describe_system(package_folder, keys.verify_path, home)) as started:
        yield started


@pytest.fixture(scope="session")
def run_system(keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Start and end a system around any package, as a context manager."""

    def run(model: Path, verify_key: Path | None = None) -> contextlib.AbstractContextManager[System]:
        home = tmp_path_factory.mktemp("home")
        return running(describe_system(model, verify_key or keys.verify_path, home))

    return run
