"""What a backend's answer to a question for reasons means, over a real connection."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from churn_model import Description, Row, open_package
from churn_serving.adapters.http_backend import HttpBackend, open_session
from churn_serving.core.errors import (
    BackendBadAnswer,
    BackendBusy,
    BackendError,
    BackendFailed,
    BackendOtherSchema,
    BackendRefusedRequest,
    BackendRejected,
    BackendTimeout,
    BackendUnreachable,
)
from churn_serving.core.ports import Explanation

ROWS: list[Row] = [[3.0, "One year", 70.5, None, 0.0], [float("nan"), None, 1.0, "Card", 1.0]]
CONTRIBUTIONS = [[0.1 * column for column in range(6)], [-1.5] * 6]


class Answering:
    """A server that answers everything alike and remembers what it was asked; without an answer it stays silent."""

    def __init__(self, status: int, body: bytes = b"{}") -> None:
        self.answer = b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body if status else b""
        self.path = ""
        self.body: Any = None
        self.ended = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        self.path = head.split(" ")[1]
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        self.body = json.loads(await reader.readexactly(length))
        writer.write(self.answer)
        await reader.read()  # until the caller closes
        writer.close()
        await writer.wait_closed()
        self.ended.set()


@pytest.fixture
def description(package_folder: Any, keys: Any) -> Description:
    return open_package(package_folder, keys.trusted).description


@contextlib.asynccontextmanager
async def backend_at(answering: Answering, keys: Any) -> AsyncIterator[HttpBackend]:
    server = await asyncio.start_server(answering.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with open_session() as session:
            yield HttpBackend("primary", f"http://127.0.0.1:{port}", session, keys.trusted, lambda *_: None)
        await answering.ended.wait()


def reply(rows: list[list[float]]) -> bytes:
    flat = [value for row in rows for value in row]
    output = {"name": "contributions", "datatype": "FP64", "shape": [len(rows), len(rows[0])], "data": flat}
    return json.dumps({"model_name": "m", "outputs": [output], "parameters": {"digest": "sha256:d"}}).encode()


async def test_only_contributions_are_asked_for_and_told_by_whom(keys: Any, description: Description) -> None:
    answering = Answering(200, reply(CONTRIBUTIONS))
    async with backend_at(answering, keys) as backend:
        explanation = await backend.explain(ROWS, description, 5.0)
    assert explanation == Explanation(CONTRIBUTIONS, "sha256:d")
    assert answering.path == "/v2/models/churn-sample/infer"
    assert answering.body["outputs"] == [{"name": "contributions"}]
    assert [tensor["data"] for tensor in answering.body["inputs"]][:2] == [[3.0, None], ["One year", None]]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, BackendBusy),
        (400, BackendRefusedRequest),
        (404, BackendRejected),
        (412, BackendOtherSchema),
        (422, BackendRefusedRequest),
        (500, BackendFailed),
        (503, BackendFailed),
        (0, BackendTimeout),
    ],
)
async def test_each_refusal_is_one_of_ours(
    keys: Any, description: Description, status: int, error: type[BackendError]
) -> None:
    async with backend_at(Answering(status), keys) as backend:
        with pytest.raises(error):
            await backend.explain(ROWS, description, 0.2)


@pytest.mark.parametrize("body", [b"{}", b"nonsense", reply(CONTRIBUTIONS[:1]), reply([[0.1], [0.2]])])
async def test_what_does_not_fit_is_not_believed(keys: Any, description: Description, body: bytes) -> None:
    async with backend_at(Answering(200, body), keys) as backend:
        with pytest.raises(BackendBadAnswer):
            await backend.explain(ROWS, description, 5.0)


async def test_nobody_there(keys: Any, description: Description) -> None:
    async with open_session() as session:
        backend = HttpBackend("primary", "http://127.0.0.1:1", session, keys.trusted, lambda *_: None)
        with pytest.raises(BackendUnreachable):
            await backend.explain(ROWS, description, 5.0)
