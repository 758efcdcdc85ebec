"""The metrics port stands up to the same callers as every other one, and a scraper is answered meanwhile."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.web.doors import Door, describe_door, ends, opened, read_all, send_until_closed


@pytest.fixture(scope="module", params=["gateway", "predictor", "bento"])
def door(
    request: pytest.FixtureRequest, package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("home")
    yield from opened(describe_door(request.param, package_folder, keys.verify_path, home))


def connect(door: Door) -> socket.socket:
    return socket.create_connection(("127.0.0.1", door.metrics), 15)


def scraped(door: Door) -> str:
    answer = httpx.get(f"http://127.0.0.1:{door.metrics}/metrics", timeout=5)
    assert answer.status_code == 200
    return answer.text


def test_silence_ends_and_threads_do_not_grow(door: Door) -> None:
    before = door.process.num_threads()
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(door)) for _ in range(100)]
        assert "churn_" in scraped(door)
        assert door.process.num_threads() < before + 8
        for one in silent:
            assert ends(one)
    assert "churn_" in scraped(door)


@pytest.mark.parametrize(
    "accept", [b"\xff", b"text/plain;q=\xe9", b"application/openmetrics-text;version=x;q=nan", b",;="]
)
def test_whatever_a_scraper_says_that_it_reads_it_is_answered(door: Door, accept: bytes) -> None:
    with connect(door) as caller:
        caller.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: " + accept + b"\r\n\r\n")
        assert read_all(caller).startswith(b"HTTP/1.1 200 ")


def test_a_header_without_end_is_refused(door: Door) -> None:
    before = door.megabytes()
    with connect(door) as caller:
        caller.sendall(b"GET /metrics HTTP/1.1\r\n")
        send_until_closed(caller, b"x-filler: " + b"a" * 4086 + b"\r\n", 20 * 2**20)
        assert door.megabytes() - before < 8
        assert ends(caller)
    with connect(door) as caller:
        caller.sendall(b"GET /metrics HTTP/1.1\r\nx: " + b"a" * 20_000 + b"\r\n\r\n")
        assert read_all(caller).startswith(b"HTTP/1.1 431 ")
    assert "churn_" in scraped(door)


def test_a_scraper_that_reads_nothing_does_not_stay(door: Door) -> None:
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.connect(("127.0.0.1", door.metrics))
        get = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
        send_until_closed(caller, get * 8, 2**20, seconds=0.3)
        assert "churn_" in scraped(door)
        caller.settimeout(15)
        with contextlib.suppress(ConnectionResetError):
            while caller.recv(65_536):
                pass
    assert "churn_" in scraped(door)


def test_people_see_a_page_of_a_gateway_and_scrapers_what_they_always_saw(door: Door) -> None:
    url = f"http://127.0.0.1:{door.metrics}"
    root = httpx.get(f"{url}/", timeout=5)
    assert root.status_code == 200
    kind = root.headers["content-type"].split(";")[0]
    assert kind == ("text/html" if "gateway" in door.service.name else "text/plain")
    assert "churn_build_info" in httpx.get(f"{url}/metrics", timeout=5).text


@pytest.mark.parametrize("path", ["/metrics", "/"])
def test_metrics_are_read_and_every_other_method_is_refused(door: Door, path: str) -> None:
    url = f"http://127.0.0.1:{door.metrics}{path}"
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        refused = httpx.request(method, url, content=b"x" if method in ("POST", "PUT") else None, timeout=5)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
        assert "churn_" not in refused.text
    head = httpx.head(url, timeout=5)
    assert (head.status_code, head.text) == (200, "")
