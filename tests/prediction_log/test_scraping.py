"""The port that scrapers ask of whoever looks back: strange and slow callers cost the process next to nothing."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Gauge

from churn_monitoring.scraping import CONNECTIONS, answer_scrapers
from ports import free_port
from tests.prediction_log.keeping import wait_until

ASKED = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def port() -> Iterator[int]:
    registry, port = CollectorRegistry(), free_port()
    Gauge("shown", "What is shown.", registry=registry).set(7)
    server = answer_scrapers(registry, "127.0.0.1", port)
    yield port
    server.shutdown()
    server.server_close()


def asked(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(request)
        parts = iter(lambda: connection.recv(65536), b"")
        return b"".join(parts)


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"Accept: application/openmetrics-text; version=x\r\n",
        b"Accept: \xff\xfe\r\n",
        b"Accept-Encoding: \xff\r\n",
        b"Content-Length: 999999999999\r\n",
    ],
    ids=["plain", "no version", "no text", "no coding", "a body"],
)
def test_strange_headers_are_answered(port: int, rest: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    answer = asked(port, ASKED + rest + b"\r\n")
    assert answer.startswith(b"HTTP/1.0 200 ")
    assert b"shown 7.0" in answer
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"POST /metrics HTTP/1.1", b"405"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1", b"414"),
        (b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 200, b"431"),
    ],
    ids=["post", "long", "many headers"],
)
def test_what_nobody_needs_is_refused(port: int, request_line: bytes, status: bytes) -> None:
    assert asked(port, request_line + b"\r\n\r\n").startswith(b"HTTP/1.0 " + status)


def test_who_asks_without_the_answer_gets_its_head(port: int) -> None:
    (head, body), (same, shown) = (
        asked(port, b"%s /metrics HTTP/1.1\r\nHost: x\r\n\r\n" % method).split(b"\r\n\r\n", 1)
        for method in (b"HEAD", b"GET")
    )
    assert (body, shown[-10:]) == (b"", b"shown 7.0\n")
    assert _without_date(head) == _without_date(same)


@pytest.mark.parametrize("method", [b"OPTIONS", b"POST", b"PUT", b"DELETE", b"PATCH", b"TRACE"])
def test_who_is_refused_is_told_what_may_be_asked(port: int, method: bytes) -> None:
    head, body = asked(port, method + b" /metrics HTTP/1.1\r\nHost: x\r\n\r\n").split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.0 405 ")
    assert b"\r\nAllow: GET, HEAD\r\n" in head + b"\r\n"
    assert body == b"ask with GET or HEAD\n"


def _without_date(head: bytes) -> list[bytes]:
    return [line for line in head.split(b"\r\n") if not line.startswith(b"Date: ")]


def test_many_who_never_finish_asking_neither_shut_a_scraper_out_nor_take_a_thread_each(port: int) -> None:
    before = threading.active_count()
    with contextlib.ExitStack() as stack:
        for _ in range(5 * CONNECTIONS):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            slow.sendall(ASKED)
        assert b"shown 7.0" in asked(port, ASKED + b"\r\n")
        wait_until(lambda: threading.active_count() <= before + CONNECTIONS)
