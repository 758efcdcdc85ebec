"""A gateway's counts without a gateway: its own metrics, shown to a scraper over HTTP, of two backends that behave as a
test says, under a share of customers that a test deploys. And one whose clock lies."""

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import start_http_server

from churn_serving.telemetry.metrics import GatewayMetrics, ServedModel
from churn_serving.telemetry.shadow_metrics import ShadowMetrics

CALLS_A_TICK, TICK_SECONDS = 30, 0.05
NAME = "churn-telecom"


@dataclass(frozen=True)
class Behaviour:
    """Chances of a call: to fail, to come too late, to be slow; by how much churn probabilities are shifted; whether it
    has no pod yet, or none any more."""

    failing: float = 0.0
    late: float = 0.0
    slow: float = 0.01
    shift: float = 0.0
    absent: bool = False
    dead: bool = False


class PlayedGateway:
    """Calls go on until the block ends; `met`: how many the canary was asked."""

    def __init__(self) -> None:
        self.metrics = GatewayMetrics()
        self.shadow_metrics = ShadowMetrics(self.metrics.registry)
        self.canary = Behaviour()
        self.met = 0
        self._share, self._shadow, self._canary, self._primary = 0.0, 0.0, "", "sha256:starter"
        self._random = random.Random(7)
        self._ended = threading.Event()
        self.deploy(0.0, "", "")

    def deploy(self, percent: float, canary: str, primary: str, shadow: float = 0.0) -> None:
        """From now on so many percent of customers go to a canary of this digest, or copies of `shadow` percent of
        requests; empty: none, or the starter."""
        self._share, self._shadow = percent / 100, shadow / 100
        self._canary, self._primary = canary, primary or "sha256:starter"
        self.metrics.canary_share(self._share)
        self.shadow_metrics.shadow_share(self._shadow)
        self.metrics.model_served("primary", ServedModel(NAME, "1", self._primary))
        if canary and not self.canary.absent:
            self.metrics.model_served("canary", ServedModel(NAME, "2", canary))
        else:
            self.metrics.model_forgotten("canary")

    def run(self) -> None:
        while not self._ended.wait(TICK_SECONDS):
            share, shadow, canary, primary = self._share, self._shadow, self._canary, self._primary
            for _ in range(CALLS_A_TICK):
                if canary and self._random.random() < share:
                    self.met += 1
                    self._call("canary", canary, self.canary)
                else:
                    self._call("primary", primary, Behaviour())
                    if canary and self._random.random() < shadow:
                        self._copy(canary, primary)

    def _copy(self, digest: str, beside: str) -> None:
        chance, behaviour = self._random.random(), self.canary
        if behaviour.absent or behaviour.dead:
            self.shadow_metrics.shadow_ended("open", "" if behaviour.absent else digest)
            return
        outcome = "failed" if chance < behaviour.failing else "answered"
        seconds = 0.08 if self._random.random() < behaviour.slow else 0.004
        self.metrics.backend_called("canary", 1, seconds, outcome, digest)
        self.shadow_metrics.shadow_ended(outcome, digest)
        if outcome == "answered":
            answered = self._random.betavariate(0.8, 2.0)
            moved = answered + self._random.uniform(-0.02, 0.02) + behaviour.shift
            self.shadow_metrics.shadow_compared(digest, beside, [min(1.0, max(0.0, moved))], [answered])

    def end(self) -> None:
        self._ended.set()

    def _call(self, backend: str, digest: str, behaviour: Behaviour) -> None:
        chance = self._random.random()
        if behaviour.absent:
            self.metrics.backend_called(backend, 1, 0.001, "unreachable", "")
            self.metrics.fell_back(backend, "unreachable")
            return
        if chance < behaviour.failing + behaviour.late:
            reason = "failed" if chance < behaviour.failing else "timeout"
            self.metrics.backend_called(backend, 1, 0.1, reason, digest)
            self.metrics.fell_back(backend, reason)
            return
        seconds = 0.08 if self._random.random() < behaviour.slow else 0.004
        self.metrics.backend_called(backend, 1, seconds, "answered", digest)
        probability = min(1.0, self._random.betavariate(0.8, 2.0) + behaviour.shift)
        self.metrics.scored(NAME, digest, backend, [probability])


@contextlib.contextmanager
def played_gateway() -> Iterator[tuple[PlayedGateway, int]]:
    """A gateway and the port of its metrics."""
    gateway = PlayedGateway()
    server, shown = start_http_server(0, "127.0.0.1", registry=gateway.metrics.registry)
    calls = threading.Thread(target=gateway.run)
    calls.start()
    try:
        yield gateway, server.server_address[1]
    finally:
        gateway.end()
        calls.join()
        server.shutdown()
        server.server_close()
        shown.join()


class Liar(ThreadingHTTPServer):
    """Shows a gateway's share of customers as of another time."""

    daemon_threads = True

    def __init__(self, seconds_ahead: float) -> None:
        self.seconds_ahead = seconds_ahead
        super().__init__(("127.0.0.1", 0), _Lie)


class _Lie(BaseHTTPRequestHandler):
    server: Liar

    def do_GET(self) -> None:
        text = f"churn_canary_share 0.1 {int((time.time() + self.server.seconds_ahead) * 1000)}\n".encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        with contextlib.suppress(OSError):  # a scraper that has waited too long has gone
            self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def liar(seconds_ahead: float) -> Iterator[int]:
    """The port of one."""
    with Liar(seconds_ahead) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
