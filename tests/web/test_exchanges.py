"""What a caller receives whatever an application does: every kind of answer, whole or broken, and what the application
is told of the request."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import pytest
import uvicorn
import uvloop

from churn_serving.web.body import Application, Receive, Scope, Send
from churn_serving.web.limits import ConnectionLimits
from churn_serving.web.server import DrainingServer, bind, tune

_BODY = b"x" * 100_000


_WRONG = {
    "/injects": (200, [(b"x-from-elsewhere", b"a\r\nset-cookie: b")]),
    "/no-name": (200, [(b"x y", b"a")]),
    "/more-than-said": (200, [(b"content-length", b"4")]),
    "/less-than-said": (200, [(b"content-length", b"4")]),
    "/nothing-to-say": (204, []),
    "/leaves": (200, [(b"Connection", b"Keep-Alive, Close"), (b"content-length", b"0")]),
}


_SEEN: list[bool] = []


class _Life:
    draining = False


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    path = scope["path"]
    length = {"/whole": 5, "/empty": 0, "/large": len(_BODY)}.get(path)
    headers = [] if length is None else [(b"content-length", b"%d" % length)]
    if path == "/late":
        while (await receive()).get("more_body"):
            pass
    if path in ("/told", "/watched"):
        return await (_say_what_was_told if path == "/told" else _answer_while_watched)(scope, receive, send)
    if path == "/silent":
        return None
    if path == "/raises":
        raise RuntimeError("before the header")
    status, headers = _WRONG.get(path, (200, headers))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if path == "/half":
        return None
    if path == "/broken":
        raise RuntimeError("after the header")
    if path == "/stream":
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"second", "more_body": True})
    bodies = {"/whole": b"whole", "/large": _BODY, "/more-than-said": b"12345", "/less-than-said": b"123"}
    await send({"type": "http.response.body", "body": bodies.get(path, b"")})
    if path == "/twice":
        await send({"type": "http.response.body", "body": b"again"})
    return None


async def _answer_while_watched(_: Scope, receive: Receive, send: Send) -> None:
    """As frameworks do: more than one waits for the caller to leave, and one of them is called off."""
    await receive()
    off, *watching = [asyncio.ensure_future(receive()) for _ in range(3)]
    await asyncio.sleep(0.01)
    off.cancel()
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"seen", "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    assert off.cancelled()
    assert [message["type"] for message in await asyncio.gather(*watching)] == ["http.disconnect"] * 2
    _SEEN.append(True)


async def _say_what_was_told(scope: Scope, receive: Receive, send: Send) -> None:
    body, message = b"", await receive()
    while message.get("more_body"):
        body += message["body"]
        message = await receive()
    told = [scope["method"], scope["path"], scope["raw_path"].decode(), scope["query_string"].decode()]
    content = " ".join([*told, scope["http_version"], (body + message["body"]).decode()]).encode()
    headers = [(b"Content-Length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})
    assert (await receive())["type"] == "http.disconnect"


@contextlib.asynccontextmanager
async def _server(application: Application = _application) -> AsyncIterator[int]:
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(application, lifespan="off", log_config=None)
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


async def test_a_caller_of_the_old_protocol_is_told_nothing_before_its_answer() -> None:
    """It takes the first answer for the only one (RFC 9110, sections 10.1.1 and 15.2)."""
    asked = b"POST /late HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody"
    async with _server() as port:
        assert (await _talk(port, asked)).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("path", [b"/injects", b"/no-name", b"/silent", b"/raises"])
async def test_an_application_that_fails_before_its_header_is_a_500(path: bytes) -> None:
    async with _server() as port:
        answer = await _talk(port, _get(path))
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b"connection: close\r\n\r\nInternal Server Error")
    assert b"cookie" not in answer


@pytest.mark.parametrize(
    ("path", "ending"),
    [
        (b"/half", b"\r\n\r\n"),
        (b"/more-than-said", b"\r\n\r\n"),
        (b"/less-than-said", b"\r\n\r\n123"),
        (b"/twice", b"\r\n\r\n0\r\n\r\n"),
    ],
)
async def test_an_answer_that_is_wrong_ends_the_connection(path: bytes, ending: bytes) -> None:
    async with _server() as port:
        answer = await _talk(port, _get(path))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(ending)


async def test_an_answer_without_content_declares_none() -> None:
    async with _server() as port:
        answer = await _talk(port, _get(b"/nothing-to-say", more=_LAST))
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert answer.endswith(b"connection: close\r\n\r\n")
    assert b"transfer-encoding" not in answer
    assert b"content-length" not in answer


async def test_an_application_may_end_the_connection() -> None:
    async with _server() as port:
        answer = await _talk(port, _get(b"/leaves"))
    assert answer.endswith(b"connection: Keep-Alive, Close\r\ncontent-length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (b"/told", "GET /told /told  1.1 "),
        (b"/told?a=%20b&c", "GET /told /told a=%20b&c 1.1 "),
        (b"/%74old", "GET /told /%74old  1.1 "),
        (b"http://elsewhere/told?x", "GET /told /told x 1.1 "),
    ],
    ids=["plain", "query", "escaped", "absolute"],
)
async def test_a_target_is_told_in_pieces_each_time(target: bytes, told: str) -> None:
    async with _server() as port:
        answer = await _talk(port, _get(target) + _get(target, more=_LAST))
    assert answer.count(b"\r\n\r\n" + told.encode()) == 2


async def test_a_body_is_told_as_it_comes() -> None:
    pieces = [b"5\r\nfirst\r\n", b"6\r\nsecond\r\n", b"0\r\n\r\n"]
    async with _server() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in [_get(b"/told", b"POST", b"Transfer-Encoding: chunked\r\n" + _LAST), *pieces]:
            writer.write(piece)
            await asyncio.sleep(0.02)
        assert (await reader.read()).endswith(b"\r\n\r\nPOST /told /told  1.1 firstsecond")
        writer.close()


async def test_a_caller_of_the_old_protocol_gets_one_answer() -> None:
    async with _server() as port:
        answer = await _talk(port, b"GET /told HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nGET /told /told  1.0 ")
    assert b"connection: close" in answer


async def test_several_may_wait_for_the_end() -> None:
    _SEEN.clear()
    async with _server() as port:
        answer = await asyncio.wait_for(_talk(port, _get(b"/watched", more=_LAST)), 60)
    assert answer.endswith(b"4\r\nseen\r\n0\r\n\r\n")
    assert _SEEN == [True]


async def _answers_late(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers after its caller has gone; ``/told`` waits for being told so."""
    await receive()
    if scope["path"] == "/told":
        assert (await receive())["type"] == "http.disconnect"
        _SEEN.append(True)
    else:
        await asyncio.sleep(0.1)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x", "more_body": True})
    await send({"type": "http.response.body", "body": b"x"})


@pytest.mark.parametrize("behind", [0, 1, 3])
@pytest.mark.parametrize("path", ["/told", "/late"])
def test_a_caller_that_hangs_up_is_no_failure_however_many_requests_it_leaves_behind(
    path: str, behind: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def ask() -> None:
        _SEEN.clear()
        async with _server(_answers_late) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_get(path.encode()) + _get(b"/late") * behind)
            await asyncio.sleep(0.05)
            writer.transport.abort()
            await asyncio.sleep(0.2)
        assert [True] * (path == "/told") == _SEEN

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the servers run
        runner.run(ask())
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []
