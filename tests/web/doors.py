"""The three HTTP doors of the system as real processes with small limits, so that tests meet them soon."""

import dataclasses
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from ports import free_port
from real_processes import Service, end

LIMITS = {
    "MAXIMUM_CONNECTIONS": "40",
    "FIRST_BYTE_SECONDS": "2",
    "HEADER_SECONDS": "2",
    "BODY_SECONDS": "2",
    "ANSWER_SECONDS": "2",
    "IDLE_SECONDS": "3",
}
LIVE = "/v2/health/live"
GET = f"GET {LIVE} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@dataclasses.dataclass
class Door:
    """A process that listens; ``post`` is a path that reads a body."""

    service: Service
    http: int
    grpc: int
    metrics: int
    post: str

    @property
    def process(self) -> psutil.Process:
        assert self.service.process is not None
        return psutil.Process(self.service.process.pid)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.http), 60)

    def head(self, *lines: str) -> bytes:
        """The header of a POST, complete."""
        fixed = (f"POST {self.post} HTTP/1.1", "Host: x", "Content-Type: application/json")
        return "\r\n".join((*fixed, *lines, "", "")).encode()

    def megabytes(self) -> float:
        return float(self.process.memory_info().rss) / 2**20

    def callers(self) -> list[int]:
        """The ports of those who are connected to its HTTP port."""
        return [
            one.raddr.port
            for one in psutil.net_connections("tcp")
            if one.pid == self.process.pid and one.raddr and one.laddr and one.laddr.port == self.http
        ]

    def refused(self, reason: str) -> float:
        """How many connections it says that it refused for this reason."""
        text = httpx.get(f"http://127.0.0.1:{self.metrics}/metrics").text
        line = f'churn_connections_refused_total{{reason="{reason}"}} '
        return sum(float(found.removeprefix(line)) for found in text.splitlines() if found.startswith(line))

    def answers(self) -> bool:
        """Whether a caller that does nothing wrong gets an answer."""
        return httpx.get(f"http://127.0.0.1:{self.http}{LIVE}", timeout=60).status_code == 200


def describe_door(name: str, model: Path, verify_key: Path, home: Path, **changes: str) -> Door:
    """A door that is not started yet: ``gateway`` (without backends), ``predictor`` or ``bento``."""
    http, grpc, metrics = free_port(), free_port(), free_port()
    prefix = f"CHURN_{name.upper()}_"
    environment = {prefix + key: value for key, value in (LIMITS | changes).items()}
    environment |= {"CHURN_HOME": str(home), "CHURN_VERIFY_KEY": str(verify_key)}
    environment |= {prefix + "METRICS_PORT": str(metrics), prefix + "MODEL": str(model)}
    environment |= {prefix + ("PORT" if name == "bento" else "HTTP_PORT"): str(http), prefix + "GRPC_PORT": str(grpc)}
    environment |= {"CHURN_GATEWAY_PRIMARY_URL": "http://127.0.0.1:9", "CHURN_GATEWAY_FALLBACK_URL": ""}
    service = Service(
        name, [f"churn_serving.{name}"], environment, f"http://127.0.0.1:{http}{LIVE}", home / f"{name}-{http}.log"
    )
    post = "/v1/predictions" if name == "gateway" else "/v2/models/churn-sample/infer"
    return Door(service, http, grpc, metrics, post)


def opened(door: Door) -> Iterator[Door]:
    """Start it, hand it out, end it."""
    door.service.start()
    try:
        door.service.wait_ready()
        yield door
    finally:
        end(door.service)


def read_one(connection: socket.socket, seconds: float = 10) -> bytes:
    """One whole answer of a known length, however many pieces it comes in."""
    connection.settimeout(seconds)
    content = b""
    while b"\r\n\r\n" not in content:
        piece = connection.recv(65536)
        assert piece, f"closed after {content[:200]!r}"
        content += piece
    head, _, body = content.partition(b"\r\n\r\n")
    (length,) = re.findall(rb"^content-length: *(\d+)", head, re.IGNORECASE | re.MULTILINE)
    while len(body) < int(length):
        piece = connection.recv(65536)
        assert piece, f"closed after {content[:200]!r}"
        body += piece
    return head + b"\r\n\r\n" + body


def read_all(connection: socket.socket, seconds: float = 10) -> bytes:
    """Everything until the other side closes."""
    connection.settimeout(seconds)
    content = b""
    try:
        while piece := connection.recv(65536):
            content += piece
    except ConnectionResetError:
        pass
    except TimeoutError:
        pytest.fail(f"still open after {seconds} s, got {content[:200]!r}")
    return content


def ends(connection: socket.socket, seconds: float = 10) -> bool:
    """Whether the other side closes in time; what it says is dropped."""
    read_all(connection, seconds)
    return True


def send_until_closed(connection: socket.socket, piece: bytes, total: int, seconds: float = 5) -> int:
    """Send ``piece`` again and again until ``total`` bytes are gone or nobody takes them; says how many went."""
    sent = 0
    connection.settimeout(seconds)
    try:
        while sent < total:
            connection.sendall(piece)
            sent += len(piece)
    except OSError:
        pass
    return sent


def eventually(condition: object, seconds: float = 60) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
