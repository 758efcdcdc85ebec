"""Callers who mean no good, at every HTTP door: each ends in time, costs little, and leaves the others alone."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.doors import GET, Door, describe_door, ends, eventually, opened, read_all, read_one, send_until_closed

MEGABYTE = 2**20
LINE = b"x-filler: " + b"a" * 4086 + b"\r\n"


@pytest.fixture(scope="module", params=["gateway", "predictor", "bento"])
def door(
    request: pytest.FixtureRequest, package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("home")
    yield from opened(describe_door(request.param, package_folder, keys.verify_path, home))


def problem(content: bytes) -> dict[str, Any]:
    """The refusal in an answer that is one, sent before the connection ended."""
    head, _, body = content.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert b"connection: close" in lines, content[:300]
    assert b"content-type: application/problem+json" in lines
    document: dict[str, Any] = json.loads(body)
    assert head.startswith(b"HTTP/1.1 %d " % document["status"])
    return document


ENDLESS = {
    "lines": (b"GET / HTTP/1.1\r\n", LINE),
    "one name": (b"GET / HTTP/1.1\r\n", b"a" * 4096),
    "one value": (b"GET / HTTP/1.1\r\nx-filler: ", b"a" * 4096),
    "short lines": (b"GET / HTTP/1.1\r\n", b"a: b\r\n" * 700),
    "trailers": (b"POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", LINE),
    "one trailer": (b"POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx: ", b"a" * 4096),
    "chunk extension": (b"POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;x=", b"a" * 4096),
    "target": (b"GET /", b"a" * 4096),
    "empty lines": (b"", b"\r\n" * 2048),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_never_ends_is_cut_off_and_costs_no_memory(door: Door, kind: str) -> None:
    begin, piece = ENDLESS[kind]
    before = door.megabytes()
    with door.connect() as caller:
        caller.sendall(begin)
        sent = send_until_closed(caller, piece, 20 * MEGABYTE)
        assert door.megabytes() - before < 8
        assert ends(caller)
    if kind != "empty lines":  # which cost nothing and end by the clock
        assert sent < 12 * MEGABYTE
    assert door.answers()


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: x\r\n" + LINE * 5 + b"\r\n", 431),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 101 + b"\r\n", 431),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /livez HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", 400),
    ],
    ids=["bytes", "lines", "target", "malformed", "TLS"],
)
def test_a_header_beyond_its_limits_is_refused(door: Door, request_head: bytes, status: int) -> None:
    with door.connect() as caller:
        caller.sendall(request_head)
        assert problem(read_all(caller))["status"] == status


@pytest.mark.parametrize("kind", ["lines", "one value", "target"])
def test_who_still_sends_can_read_why_it_was_refused(door: Door, kind: str) -> None:
    begin, piece = ENDLESS[kind]
    with door.connect() as caller:
        caller.sendall(begin + piece * 300)  # 1.2 MB: more than one read of the server takes
        assert problem(read_all(caller))["status"] in (414, 431)


def test_large_bodies_in_the_same_breath_are_no_large_header(door: Door) -> None:
    body = b" " * 900_000
    with door.connect() as caller:
        for _ in range(3):
            caller.sendall(door.head(f"Content-Length: {len(body)}") + body)
            answer = read_one(caller)
            assert not answer.startswith((b"HTTP/1.1 431", b"HTTP/1.1 408")), answer


def test_who_says_nothing_is_let_go(door: Door) -> None:
    before = door.refused("first_byte")
    with door.connect() as silent, door.connect() as polite:
        polite.sendall(GET)
        assert read_one(polite).startswith(b"HTTP/1.1 200 ")
        assert read_all(silent) == b""
        polite.sendall(GET)  # has its own, longer time between two requests
        assert read_one(polite).startswith(b"HTTP/1.1 200 ")
        assert read_all(polite) == b""
    assert door.refused("first_byte") == before + 1


def test_half_a_header_is_given_up(door: Door) -> None:
    with door.connect() as caller, door.connect() as second:
        second.sendall(GET + GET[:20])
        caller.sendall(GET[:20])
        assert problem(read_all(caller))["status"] == 408
        answers = read_all(second)
        assert answers.count(b"HTTP/1.1 200 ") == 1
        assert answers.count(b"HTTP/1.1 408 ") == 1


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_half_a_body_is_given_up(door: Door, framing: str) -> None:
    with door.connect() as caller:
        caller.sendall(door.head(framing) + b"5\r\n12345\r\n")
        content = read_all(caller)
        assert content.startswith(b"HTTP/1.1 408 ") or b"HTTP/1.1 503 " in content or b"HTTP/1.1 404 " in content


def test_drop_by_drop_does_not_buy_time(door: Door) -> None:
    begun = time.monotonic()
    with door.connect() as caller:
        caller.settimeout(0.2)
        caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        content = None
        while content is None:
            assert time.monotonic() < begun + 15, "a byte now and then keeps a connection for ever"
            try:
                caller.sendall(b"a")
                content = caller.recv(1000)
            except TimeoutError:
                continue
            except OSError:
                content = b""
        assert content == b"" or content.startswith(b"HTTP/1.1 408 ")


def test_a_body_in_crumbs_is_refused(door: Door) -> None:
    with door.connect() as caller:
        caller.sendall(door.head("Transfer-Encoding: chunked"))
        sent = send_until_closed(caller, b"1\r\nx\r\n" * 1000, 20 * MEGABYTE)
        content = read_all(caller)
        assert sent < 12 * MEGABYTE
        assert b"HTTP/1.1 400 " in content or b"HTTP/1.1 503 " in content or content == b""
    assert door.answers()


def test_requests_without_end_and_without_reading_are_stopped(door: Door) -> None:
    before = door.megabytes()
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            caller = stack.enter_context(door.connect())
            send_until_closed(caller, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 1000, MEGABYTE, seconds=0.5)
        assert door.megabytes() - before < 16
        assert door.answers()


def test_some_requests_ahead_are_answered_in_order(door: Door) -> None:
    paths = ["/v2/health/live", "/v2", "/v2/health/live", "/nowhere"]
    with door.connect() as caller:
        caller.sendall(b"".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths))
        content = read_all(caller)
    assert [content.count(b"HTTP/1.1 200 "), content.count(b"HTTP/1.1 404 ")] == [3, 1]
    assert content.index(b'"live"') < content.index(b'"extensions"') < content.rindex(b'"live"')


def test_a_full_house_makes_room_by_sending_the_silent_away(door: Door) -> None:
    with door.connect() as regular, contextlib.ExitStack() as silent:
        regular.sendall(GET)
        assert read_one(regular).startswith(b"HTTP/1.1 200 ")
        for _ in range(100):
            silent.enter_context(door.connect())
        eventually(lambda: len(door.callers()) <= 41)
        assert door.answers()
        regular.sendall(GET)
        assert read_one(regular).startswith(b"HTTP/1.1 200 ")
    assert door.refused("connections") >= 50


def test_where_everybody_is_busy_the_next_is_told_to_come_back(door: Door) -> None:
    with contextlib.ExitStack() as busy:
        for _ in range(40):
            busy.enter_context(door.connect()).sendall(door.head("Content-Length: 10") + b"12345")
        eventually(lambda: len(door.callers()) == 40)
        time.sleep(0.3)
        with door.connect() as late:
            assert problem(read_all(late))["status"] == 503
    eventually(door.answers)


def test_a_caller_that_reads_nothing_does_not_stay(door: Door) -> None:
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.connect(("127.0.0.1", door.http))
        port = caller.getsockname()[1]
        for _ in range(4000):
            if send_until_closed(caller, GET * 8, len(GET) * 8, seconds=0.3) == 0:
                break
        eventually(lambda: port not in door.callers(), 15)
    assert door.answers()
