"""How requests are received, byte by byte: what is kept of a stranger's, and who is not waited for."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import waitress.wasyncore

from churn_marketing import receiving
from churn_marketing.settings import read_settings
from ports import free_port
from sample_package import Keys, PackageMaker
from tests.marketing.running_app import App, Scored, running_app, token_of

MEGABYTE = 1024 * 1024
SENT, DECLARED = 24 * MEGABYTE, 32 * MEGABYTE


@pytest.fixture(scope="module")
def app(make_package: PackageMaker, keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app without batches."""
    home = tmp_path_factory.mktemp("bare")
    with running_app(Scored(home, make_package(), keys.verify_path, "telecom"), home / "state") as started:
        yield started


def kept_bytes(app: App) -> int:
    """Bytes that the app has in files without a name, as it keeps bodies in."""
    assert app.service.process is not None
    sizes = []
    for each in Path(f"/proc/{app.service.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if str(each.readlink()).endswith("(deleted)"):
                sizes.append(each.stat().st_size)
    return sum(sizes)


@contextlib.contextmanager
def half_sent(app: App, path: str, cookies: str = "") -> Iterator[socket.socket]:
    """A form of which so much has gone that no buffer of the kernel's holds it."""
    host, port = app.url.removeprefix("http://").split(":")
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    head += f"Content-Length: {DECLARED}\r\nCookie: {cookies}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(head.encode() + b"a" * SENT)
        yield line


def answer_of(line: socket.socket) -> str:
    """The answer to a form when the rest of it is sent."""
    line.sendall(b"a" * (DECLARED - SENT))
    line.shutdown(socket.SHUT_WR)
    parts = []
    while part := line.recv(65536):
        parts.append(part)
    return b"".join(parts).decode()


def test_nothing_is_kept_of_what_a_stranger_sends_and_they_are_told_in_words(app: App) -> None:
    with half_sent(app, "/results/x") as line:
        assert kept_bytes(app) == 0
        assert answer_of(line).startswith("HTTP/1.1 303")
    with half_sent(app, "/sign-in") as line:
        assert kept_bytes(app) == 0
        answer = answer_of(line)
        assert answer.startswith("HTTP/1.1 413")
        assert "which is 64 kB. Nothing was done" in answer


@pytest.mark.parametrize(("path", "kept"), [("/results/x", True), ("/plans/", False)])
def test_of_those_who_have_signed_in_files_are_kept_where_there_may_be_some(app: App, path: str, kept: bool) -> None:
    with app.client() as petra:
        cookies = "; ".join(f"{name}={value}" for name, value in petra.cookies.items())
    with half_sent(app, path, cookies):
        deadline = time.monotonic() + (60 if kept else 0)
        while kept_bytes(app) < 8 * MEGABYTE and time.monotonic() < deadline:
            time.sleep(0.05)
        assert (kept_bytes(app) >= 8 * MEGABYTE) == kept


def test_a_file_that_is_too_large_is_told_in_words(app: App) -> None:
    with app.client() as petra:
        token = token_of(petra.get("/plans/").text)
        files = {"outcomes": ("outcomes.csv", b"a" * (65 * MEGABYTE), "text/csv")}
        answer = petra.post("/results/x", data={"csrf_token": token}, files=files, headers={"Referer": app.url})
        assert answer.status_code == 413
        assert "which is 64 MB. Nothing was done: send it in parts" in answer.text


def test_a_body_that_does_not_say_how_long_it_is_has_the_same_limit(app: App) -> None:
    def parts() -> Iterator[bytes]:
        yield from [b"a" * 1024] * 70

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert httpx.post(f"{app.url}/sign-in", content=parts(), headers=kind, timeout=60).status_code == 413


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Callable[[], None]]]:
    """A server that waits for a fifth of a second: its port, and what lets it do what there is to do."""
    monkeypatch.setattr(receiving, "_FIRST_SECONDS", 0.2)
    port = free_port()

    def hello(_: Any, start: Any) -> list[bytes]:
        start("200 OK", [("Content-Length", "5")])
        return [b"hello"]

    server = receiving.make_server(hello, read_settings([f"--http-port={port}"]), lambda *_: 0)
    yield port, lambda: waitress.wasyncore.loop(timeout=0.02, map=server._map, count=1)
    server.task_dispatcher.shutdown()
    waitress.wasyncore.close_all(server._map)


def test_who_sends_drop_by_drop_is_not_waited_for(quick: tuple[int, Callable[[], None]]) -> None:
    port, do = quick
    assert _answer(port, do, [b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"]).endswith(b"hello")
    assert _answer(port, do, [b"GET / HTTP/1.1\r\n", *[b"X-Drop: 1\r\n"] * 1000]) == b""


def _answer(port: int, do: Callable[[], None], drops: list[bytes]) -> bytes:
    """What comes back until the connection is closed, while a drop a millisecond is sent as long as there are any."""
    told, coming = b"", iter(drops)
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setblocking(False)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                line.send(next(coming, b""))
            time.sleep(0.001)
            do()
            with contextlib.suppress(BlockingIOError):
                part = b""
                with contextlib.suppress(ConnectionResetError):
                    part = line.recv(65536)
                if not part:
                    return told
                told += part
    raise AssertionError("the connection stays open")
