"""A backend that sends its caller elsewhere, or never stops talking, is ill; it costs neither memory nor a request."""

import asyncio
import contextlib
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from churn_model import Description, Row, open_package
from churn_serving.adapters.description_store import DescriptionStore
from churn_serving.adapters.http_backend import HttpBackend, open_session
from churn_serving.core.errors import BackendBadAnswer, BackendError, BackendFailed
from sample_package import sample_schema

ROWS: list[Row] = [[3.0, "One year", 70.5, None, 0.0]]
SCHEMA = sample_schema()
CLOSED = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
DECLARED = b"HTTP/1.1 200 OK\r\ncontent-length: 100000000000\r\n\r\n"
MEGABYTE = b" " * 1_000_000
ENDLESS = 400
"""Megabytes after which an endless answer ends after all, so that a caller who reads on fails instead of hanging."""


class Server:
    """Answers each path by a function of the writer; remembers the paths."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.answers: dict[str, Callable[[asyncio.StreamWriter], Any]] = {}
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                path = head.split(" ")[1]
                self.paths.append(path)
                if "content-length: " in head:
                    await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
                await self.answers[path](writer)
        writer.close()

    def says(self, path: str, status: int, body: bytes = b"", *lines: str) -> None:
        async def write(writer: asyncio.StreamWriter) -> None:
            more = "".join(f"{line}\r\n" for line in lines)
            writer.write(f"HTTP/1.1 {status} X\r\n{more}content-length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()

        self.answers[path] = write

    def never_stops(self, path: str, head: bytes, piece: bytes) -> None:
        async def write(writer: asyncio.StreamWriter) -> None:
            writer.write(head)
            for _ in range(ENDLESS * len(MEGABYTE) // len(piece)):
                writer.write(b"%x\r\n" % len(piece) + piece + b"\r\n" if head is CHUNKED else piece)
                await writer.drain()

        self.answers[path] = write


@pytest.fixture
def description(package_folder: Any, keys: Any) -> Description:
    return open_package(package_folder, keys.trusted).description


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield made


@pytest.fixture
async def backend(server: Server, keys: Any, description: Description) -> AsyncIterator[HttpBackend]:
    """A backend at the server, which describes its model as it should."""
    server.says("/v1/package", 200, msgspec.json.encode(description.to_documents()))
    async with open_session() as session:
        yield HttpBackend("primary", server.url, session, keys.trusted, lambda *_: None)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(
    server: Server, backend: HttpBackend, description: Description, status: int
) -> None:
    server.says("/v2/models/churn-sample/infer", status, b"", f"location: {server.url}/elsewhere")
    server.says("/elsewhere", 200, b"{}")
    with pytest.raises(BackendFailed):
        await backend.score(ROWS, SCHEMA, 5.0)
    with pytest.raises(BackendFailed):
        await backend.explain(ROWS, description, 5.0)
    server.says("/v1/package", status, b"", f"location: {server.url}/elsewhere")
    with pytest.raises(BackendFailed):
        await backend.learn()
    assert not await backend.probe(5.0)
    assert "/elsewhere" not in server.paths


NO_DESCRIPTIONS = {
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep and open": b"[" * 100_000,
    "deep objects": b'{"manifest":' * 100_000,
    "a number of many digits": b"9" * 5000,
    "no text": b"\xff",
    "nothing": b"",
    "null": b"null",
}


@pytest.mark.parametrize("kind", NO_DESCRIPTIONS)
async def test_an_answer_that_cannot_be_read_is_the_backends_fault_alone(
    server: Server, backend: HttpBackend, description: Description, kind: str
) -> None:
    await backend.learn()
    for path in ("/v2/models/churn-sample/infer", "/v1/package"):
        server.says(path, 200, NO_DESCRIPTIONS[kind])
    for ask in (backend.score(ROWS, SCHEMA, 5.0), backend.explain(ROWS, description, 5.0), backend.learn()):
        with pytest.raises(BackendBadAnswer):
            await ask
    assert not await backend.probe(5.0)


@pytest.mark.parametrize("kind", NO_DESCRIPTIONS)
def test_a_kept_description_that_cannot_be_read_counts_as_none(keys: Any, tmp_path: Path, kind: str) -> None:
    (tmp_path / "description.json").write_bytes(NO_DESCRIPTIONS[kind])
    assert DescriptionStore(tmp_path, keys.trusted).load() is None


@pytest.mark.parametrize("head", [CHUNKED, CLOSED, DECLARED])
async def test_an_answer_without_end_is_not_read(
    server: Server, backend: HttpBackend, description: Description, head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its length: a busy machine may take more than its time to read as much as is read."""
    monkeypatch.setattr("churn_serving.adapters.http_backend._LEARN_SECONDS", 60.0)
    await backend.learn()
    server.never_stops("/v2/models/churn-sample/infer", head, MEGABYTE)
    server.never_stops("/v1/package", head, MEGABYTE)
    tracemalloc.start()
    try:
        for ask in (
            backend.score(ROWS, SCHEMA, 30.0), backend.explain(ROWS, description, 30.0), backend.learn()
        ):  # fmt: skip
            with pytest.raises(BackendBadAnswer, match="longer"):
                await ask
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 80_000_000


async def test_header_lines_without_end_are_not_read(server: Server, backend: HttpBackend) -> None:
    await backend.learn()
    server.never_stops("/v2/models/churn-sample/infer", b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * 10_000)
    with pytest.raises(BackendError):
        await backend.score(ROWS, SCHEMA, 30.0)
    server.never_stops("/v2/models/churn-sample/infer", b"HTTP/1.1 200 OK\r\nx: ", b"y" * 1_000_000)
    with pytest.raises(BackendError):
        await backend.score(ROWS, SCHEMA, 30.0)
