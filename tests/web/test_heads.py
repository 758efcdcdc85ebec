"""What a request's head may say, and that what follows it is never taken for something else: its body is its body
whatever protocol its caller offers, and a head that two servers could read in two ways is refused."""

import asyncio
import contextlib
import itertools
import re
from collections.abc import AsyncIterator

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_serving.web.body import Receive, Scope, Send, read_body
from churn_serving.web.limits import ConnectionLimits
from churn_serving.web.server import DrainingServer, bind, tune

OFFERS = {
    "h2c": "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n",
    "websocket": "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    "keep-alive too": "Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket\r\n",
}
INNER = b"GET /inner HTTP/1.1\r\nHost: x\r\n\r\n"


class _Life:
    draining = False


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what it was asked: method, path and body."""
    said = f"{scope['method']} {scope['path']} ".encode() + await read_body(receive, 2**20)
    headers = [(b"content-length", b"%d" % len(said))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said})


@contextlib.asynccontextmanager
async def _served(refused: list[str]) -> AsyncIterator[int]:
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(_echo, loop="none", lifespan="off", log_config=None)
    server = DrainingServer(tune(config, 1, ConnectionLimits(), refused.append), listener, _Life(), 0.0)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag for it, no event
        await asyncio.sleep(0.001)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


async def _exchange(port: int, pieces: list[bytes], pause: float = 0.02) -> bytes:
    """All that comes back for these pieces, sent one after the other, until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()


def _ask(pieces: list[bytes]) -> tuple[bytes, list[str]]:
    async def ask() -> tuple[bytes, list[str]]:
        refused: list[str] = []
        async with _served(refused) as port:
            return await _exchange(port, pieces), refused

    return asyncio.run(ask())


def _post(offer: str, body: bytes, path: str = "/outer") -> tuple[bytes, bytes]:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\n{offer}Content-Length: {len(body)}\r\n\r\n".encode(), body


LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("apart", [False, True], ids=["one piece", "body later"])
def test_the_body_behind_an_offer_is_that_requests_body(offer: str, apart: bool) -> None:
    head, body = _post(OFFERS[offer], INNER)
    answers, refused = _ask([head, body, LAST] if apart else [head + body + LAST])
    assert answers.count(b"HTTP/1.1 200 ") == 2, answers
    assert b"POST /outer " + INNER in answers
    assert answers.endswith(b"GET /last ")
    assert refused == []


@pytest.mark.parametrize("offer", OFFERS)
def test_a_chunked_body_behind_an_offer_is_read_too(offer: str) -> None:
    head = f"POST /outer HTTP/1.1\r\nHost: x\r\n{OFFERS[offer]}Transfer-Encoding: chunked\r\n\r\n".encode()
    chunks = b"%x\r\n%b\r\n0\r\nx: y\r\n\r\n" % (len(INNER), INNER)
    answers, _ = _ask([head, chunks[:7], chunks[7:], LAST])
    assert b"POST /outer " + INNER in answers
    assert answers.count(b"HTTP/1.1 200 ") == 2, answers


@pytest.mark.parametrize("offer", OFFERS)
def test_without_a_body_the_next_request_is_the_next(offer: str) -> None:
    get = f"GET /first HTTP/1.1\r\nHost: x\r\n{OFFERS[offer]}\r\n".encode()
    answers, _ = _ask([get * 3 + INNER + LAST])
    assert [answers.count(b"GET /first "), answers.count(b"GET /inner "), answers.count(b"GET /last ")] == [3, 1, 1]


def test_a_caller_that_waits_for_leave_gets_it() -> None:
    head, body = _post(OFFERS["h2c"] + "Expect: 100-continue\r\n", b"body")
    answers, _ = _ask([head, body + LAST])
    assert answers.startswith(b"HTTP/1.1 100 Continue\r\n")
    assert b"POST /outer body" in answers


@given(st.lists(st.tuples(st.sampled_from(["", *OFFERS.values()]), st.binary(max_size=60)), min_size=1, max_size=6),
       st.lists(st.integers(0, 2000), max_size=4))  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_however_requests_are_cut_into_pieces_each_gets_its_own_body(
    requests: list[tuple[str, bytes]], cuts: list[int]
) -> None:
    content = b"".join(b"".join(_post(offer, body, f"/{at}")) for at, (offer, body) in enumerate(requests)) + LAST
    places = sorted({cut % len(content) for cut in cuts} | {0, len(content)})
    answers, refused = _ask([content[begin:end] for begin, end in itertools.pairwise(places)])
    expected = [b"POST /%d " % at + body for at, (_, body) in enumerate(requests)]
    assert answers.count(b"HTTP/1.1 200 ") >= len(requests) + 1
    position = 0
    for one in expected:
        position = answers.index(one, position) + len(one)
    assert refused == []


REFUSED = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400, "host"),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "host"),
    "the same host twice": (b"GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n", 400, "host"),
    "two hosts of 1.0": (b"GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400, "host"),
    "half an address": (b"GET / HTTP/1.1\r\nHost: [\r\n\r\n", 400, "host"),
    "a path in the host": (b"GET / HTTP/1.1\r\nHost: x/y?\r\n\r\n", 400, "host"),
    "HTTP/2.0": (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505, "version"),
    "HTTP/0.9": (b"GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505, "version"),
    "HTTP/2.1": (b"GET / HTTP/2.1\r\nHost: x\r\n\r\n", 505, "version"),
    "HTTP/3.0": (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n" + INNER, 505, "version"),
    "HTTP/9.9 without a host": (b"GET / HTTP/9.9\r\n\r\n", 505, "version"),
    "HTTP/2's first words": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9, 505, "version"),
    "no protocol": (b"GET /\r\n\r\n", 505, "version"),
    "CONNECT": (b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n" + INNER, 501, "method"),
    "CONNECT with a body": (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody" + INNER, 501, "method"),
    "both lengths behind an offer": (
        f"POST / HTTP/1.1\r\nHost: x\r\n{OFFERS['h2c']}".encode()
        + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER, 400, "malformed"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_a_head_that_could_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_read(kind: str) -> None:
    content, status, reason = REFUSED[kind]
    answers, refused = _ask([content])
    assert answers.startswith(b"HTTP/1.1 %d " % status), answers
    assert len(re.findall(rb"HTTP/1\.1 \d", answers)) == 1
    assert b"connection: close" in answers
    assert refused == [reason]


NAMES = ["RTSP/1.0", "RTSP/1.1", "RTSP/2.0", "ICE/1.0", "http/1.1", "HTTPS/1.1", "SIP/2.0", "HTTP/1", "HTTP/11.1"]
METHODS = ("GET", "POST", "OPTIONS", "SOURCE", "DESCRIBE", "PLAY")


def _of_another_protocol(name: str) -> list[list[bytes]]:
    """In one piece, behind a request that is sound, and cut wherever the name can be cut."""
    heads = [f"{method} /x {name}\r\nHost: x\r\n\r\n".encode() for method in METHODS]
    head = heads[3 if name.startswith("ICE") else 0]
    cuts = range(head.index(b"/"), head.index(b"\n") + 2)
    old = b"GET /before HTTP/1.1\r\nHost: x\r\n\r\n"
    return [*([each] for each in heads), [old, heads[0] + INNER], *([head[:cut], head[cut:]] for cut in cuts)]


def test_another_protocol_is_not_taken_for_http_wherever_its_name_is_cut() -> None:
    async def ask() -> None:
        refused: list[str] = []
        async with _served(refused) as port:
            asked = [(name, pieces) for name in NAMES for pieces in _of_another_protocol(name)]
            answered = await asyncio.gather(*(_exchange(port, pieces, 0.1) for _, pieces in asked))
        for (name, pieces), answers in zip(asked, answered, strict=True):
            last = answers[answers.rindex(b"HTTP/1.1 ") :]
            assert last.startswith(b"HTTP/1.1 400 "), (name, pieces, answers)
            assert b"connection: close" in last
            assert b"inner" not in answers
        assert refused == ["malformed"] * len(asked)

    asyncio.run(ask())


NO_NAMES = {
    "path": b"GET /RTSP/1.0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "first header": b"GET /a HTTP/1.1\r\nVia: RTSP/1.0\r\nHost: x\r\nConnection: close\r\n\r\n",
    "service": b"GET /SERVICE/1.0 HTTP/1.1\r\nHost: x\r\nx: ICE/1.0\r\nConnection: close\r\n\r\n",
    "body": b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 36\r\n\r\n"
    b"GET /a RTSP/1.0\r\nSOURCE /a ICE/1.0\r\n",
}  # fmt: skip


@pytest.mark.parametrize("place", NO_NAMES)
@pytest.mark.parametrize("apart", [False, True], ids=["one piece", "in two"])
def test_the_name_of_another_protocol_in_any_other_place_is_no_protocol(place: str, apart: bool) -> None:
    content = NO_NAMES[place]
    middle = content.index(b"\r\n") - 3
    answers, refused = _ask([content[:middle], content[middle:]] if apart else [content])
    assert answers.startswith(b"HTTP/1.1 200 "), answers
    assert refused == []


@pytest.mark.parametrize("version", ["1.2", "1.9"])
def test_a_later_version_of_http_1_is_answered_as_the_one_that_is_spoken(version: str) -> None:
    head = f"GET /a HTTP/{version}\r\nHost: x\r\n\r\n".encode()
    answers, refused = _ask([head * 2 + LAST])
    assert answers.count(b"HTTP/1.1 200 ") == 3
    assert refused == []


CODINGS = {
    "gzip, chunked": ([b"gzip, chunked"], 501),
    "in two lines": ([b"gzip", b"chunked"], 501),
    "three": ([b"deflate,gzip , Chunked"], 501),
    "identity, chunked": ([b"identity, chunked"], 501),
    "with a parameter": ([b'x;y="chunked", chunked'], 501),
    "not last": ([b"chunked, gzip"], 400),
    "not last, in two lines": ([b"chunked", b"gzip"], 400),
    "chunked twice": ([b"chunked, chunked"], 400),
    "chunked in two lines": ([b"chunked", b"chunked"], 400),
    "chunked around another": ([b"chunked, gzip, chunked"], 400),
    "nothing": ([b""], 400),
    "empty elements": ([b", ,"], 400),
    "nothing, then chunked": ([b"", b"chunked"], 400),
    "identity": ([b"identity"], 400),
    "gzip": ([b"gzip"], 400),
    "almost chunked": ([b"xchunked"], 400),
    "quoted": ([b'"chunked"'], 400),
    "chunked with a parameter": ([b"chunked;q=1"], 400),
}
CHUNKS = b"5\r\nfirst\r\n0\r\n\r\n"


@pytest.mark.parametrize("offer", ["", OFFERS["h2c"]], ids=["plain", "offering h2c"])
def test_a_coding_that_is_not_known_is_refused_and_never_read(offer: str) -> None:
    async def ask() -> None:
        refused: list[str] = []
        async with _served(refused) as port:
            for kind, (values, status) in CODINGS.items():
                lines = b"".join(b"Transfer-Encoding: " + value + b"\r\n" for value in values)
                head = b"POST /outer HTTP/1.1\r\nHost: x\r\n" + offer.encode() + lines + b"\r\n"
                answers = await _exchange(port, [head + CHUNKS + INNER], 0)
                assert answers.startswith(b"HTTP/1.1 %d " % status), (kind, answers)
                assert len(re.findall(rb"HTTP/1\.1 \d", answers)) == 1
                assert b"connection: close" in answers
                assert refused.pop() == ("coding" if status == 501 else "malformed"), kind
        assert refused == []

    asyncio.run(ask())


@pytest.mark.parametrize("value", [b"chunked", b"CHUNKED", b"\tchunked ", b", chunked"], ids=repr)
def test_chunks_are_read_however_they_are_spelt(value: bytes) -> None:
    head = b"POST /outer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + value + b"\r\n\r\n"
    answers, refused = _ask([head + CHUNKS + LAST])
    assert b"POST /outer first" in answers
    assert answers.endswith(b"GET /last ")
    assert refused == []


def test_chunks_of_the_old_protocol_are_faulty_framing() -> None:
    answers, refused = _ask([b"POST /outer HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS])
    assert answers.startswith(b"HTTP/1.1 400 ")
    assert refused == ["malformed"]


@pytest.mark.parametrize("host", ["", "x", "x:8080", "[::1]:8080", "gateway.churn_ns.svc", "127.0.0.1"])
def test_a_host_as_callers_write_it_is_taken(host: str) -> None:
    answers, _ = _ask([f"GET /a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()])
    assert answers.startswith(b"HTTP/1.1 200 ")


def test_http_1_0_needs_no_host() -> None:
    assert _ask([b"GET /a HTTP/1.0\r\n\r\n"])[0].startswith(b"HTTP/1.1 200 ")
