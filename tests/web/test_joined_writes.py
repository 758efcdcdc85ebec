"""What a caller receives when headers wait for bodies: every kind of answer that an application can give."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn

from churn_serving.web.body import Receive, Scope, Send
from churn_serving.web.limits import ConnectionLimits
from churn_serving.web.server import DrainingServer, bind, tune

_BODY = b"x" * 100_000


class _Life:
    draining = False


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    path = scope["path"]
    length = {"/whole": 5, "/empty": 0, "/large": len(_BODY)}.get(path)
    headers = [] if length is None else [(b"content-length", b"%d" % length)]
    if path == "/late":
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if path == "/broken":
        raise RuntimeError("after the header")
    if path == "/stream":
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"second", "more_body": True})
    await send({"type": "http.response.body", "body": {"/whole": b"whole", "/large": _BODY}.get(path, b"")})


@contextlib.asynccontextmanager
async def _server() -> AsyncIterator[int]:
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(_application, lifespan="off", log_config=None)
    server = DrainingServer(tune(config, 1, ConnectionLimits(), lambda _: None), listener, _Life(), 0.0)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells by this attribute alone
        await asyncio.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    await task


async def _talk(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    received = await reader.read()
    writer.close()
    return received


def _get(path: bytes, method: bytes = b"GET", more: bytes = b"") -> bytes:
    return method + b" " + path + b" HTTP/1.1\r\nHost: here\r\n" + more + b"\r\n"


_LAST = b"Connection: close\r\n"


@pytest.mark.parametrize(
    ("path", "ending"),
    [
        (b"/whole", b"\r\n\r\nwhole"),
        (b"/empty", b"content-length: 0\r\nconnection: close\r\n\r\n"),
        (b"/large", _BODY),
        (b"/stream", b"\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n"),
    ],
)
async def test_every_kind_of_answer_arrives_whole(path: bytes, ending: bytes) -> None:
    async with _server() as port:
        answer = await _talk(port, _get(path, more=_LAST))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.endswith(ending)


async def test_an_answer_without_a_body_is_its_header() -> None:
    async with _server() as port:
        answer = await _talk(port, _get(b"/large", b"HEAD", _LAST))
    assert answer.endswith(b"\r\n\r\n")
    assert b"content-length: 100000" in answer


async def test_a_header_arrives_even_if_the_application_breaks_behind_it() -> None:
    async with _server() as port:
        answer = await _talk(port, _get(b"/broken"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n")


async def test_answers_on_one_connection_keep_their_order() -> None:
    requests = _get(b"/whole") + _get(b"/empty") + _get(b"/stream") + _get(b"/whole", more=_LAST)
    async with _server() as port:
        answer = await _talk(port, requests)
    assert answer.count(b"HTTP/1.1 200 OK") == 4
    assert answer.index(b"whole") < answer.index(b"first") < answer.rindex(b"whole")


async def test_a_caller_that_waits_for_leave_to_send_gets_it_first() -> None:
    header = _get(b"/late", b"POST", b"Content-Length: 4\r\nExpect: 100-continue\r\n" + _LAST)
    async with _server() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(header)
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"body")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()
