"""A framework behind our own front: what it is given is counted before, and what it says of an error is ours to say."""

import json
from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest

from churn_serving.backend.answers import MAX_BODY_BYTES
from churn_serving.backend.asgi import BackendApp
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.routes import Routes
from churn_serving.backend.wrapped import BoundedApplication
from churn_serving.oip.faults import MAX_ERROR_BYTES

Message = MutableMapping[str, Any]


class Framework:
    """Answers as it is told to, and keeps what it was asked."""

    def __init__(self, status: int = 200, headers: list[tuple[bytes, bytes]] | None = None, *pieces: bytes) -> None:
        self.status, self.headers, self.pieces = status, headers or [], pieces or (b"",)
        self.asked: list[tuple[str, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append((scope["type"], (await receive()).get("body", b"")))
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        for place, piece in enumerate(self.pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": place < len(self.pieces)})


def asking(framework: Framework) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(BoundedApplication(framework))
    return httpx.AsyncClient(transport=transport, base_url="http://model")


async def test_a_request_and_its_answer_pass_as_they_are() -> None:
    framework = Framework(200, [(b"x-own", b"1")], b"one", b"two")
    async with asking(framework) as client:
        answer = await client.post("/", content=b"request")
    assert framework.asked == [("http", b"request")]
    assert (answer.status_code, answer.headers["x-own"], answer.content) == (200, "1", b"onetwo")


@pytest.mark.parametrize(("surplus", "status"), [(0, 200), (1, 413)])
async def test_no_more_bytes_come_in_than_by_our_own_paths(surplus: int, status: int) -> None:
    framework = Framework()
    async with asking(framework) as client:
        answer = await client.post("/", content=b" " * (MAX_BODY_BYTES + surplus))
    assert answer.status_code == status
    assert len(framework.asked) == 1 - surplus


SAID = [
    (400, [b'{"error": "so it is"}'], "so it is"),
    (422, [b'{"detail": "a field"}'], "a field"),
    (422, [b'{"detail": "a field", "error": "so it is"}'], "so it is"),
    (422, [b'{"detail": [{"input": "a customer"}]}'], "unprocessable"),
    (500, [b'{"error": "in two', b' pieces"}'], "in two pieces"),
    (400, [b"<html>a customer</html>"], "bad request"),
    (400, [b'"error"'], "bad request"),
    (400, [b'"\xff"'], "bad request"),
    (400, [b"[" * 9000], "bad request"),
    (404, [b""], "not found"),
    (499, [b""], "refused"),
    (400, [b'{"error": "' + b"x" * MAX_ERROR_BYTES + b'"}'], "bad request"),
    (400, [b'{"error": "so it is"}'.ljust(MAX_ERROR_BYTES)], "so it is"),
    (400, [b'{"error": "so it is"}'.ljust(MAX_ERROR_BYTES + 1)], "bad request"),
]


@pytest.mark.parametrize(("status", "pieces", "said"), SAID)
async def test_an_error_is_said_in_the_protocols_form_and_bounded(status: int, pieces: list[bytes], said: str) -> None:
    headers = [(b"content-type", b"text/html"), (b"Retry-After", b"7"), (b"x-own", b"1"), (b"content-length", b"1")]
    async with asking(Framework(status, headers, *pieces)) as client:
        answer = await client.post("/", content=b"request")
    assert answer.status_code == status
    assert answer.json()["error"].startswith(said)
    assert len(answer.content) <= MAX_ERROR_BYTES
    assert (answer.headers["content-type"], answer.headers["retry-after"]) == ("application/json", "7")
    assert "x-own" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_an_error_without_end_is_not_kept() -> None:
    pieces = [b"x" * MAX_ERROR_BYTES] * 50
    async with asking(Framework(400, [], *pieces)) as client:
        assert (await client.post("/")).json() == {"error": "bad request"}


async def test_who_leaves_while_asking_has_asked_nothing() -> None:
    framework = Framework()

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        raise AssertionError("nobody is there")

    await BoundedApplication(framework)({"type": "http"}, gone, send)
    assert framework.asked == []


async def test_what_is_behind_the_body_is_what_comes_next() -> None:
    """A framework that asks on hears that its caller has gone, not the body once more."""
    coming: list[Message] = [{"type": "http.request", "body": b"all"}, {"type": "http.disconnect"}]
    heard: list[Message] = []

    async def framework(_: Any, receive: Any, __: Any) -> None:
        heard.extend([await receive(), await receive()])

    async def receive() -> Message:
        return coming.pop(0)

    await BoundedApplication(framework)({"type": "http"}, receive, receive)  # type: ignore[arg-type]  # sends nothing
    assert [message["type"] for message in heard] == ["http.request", "http.disconnect"]
    assert heard[0]["body"] == b"all"


async def test_only_what_is_not_ours_is_the_frameworks(slot: ModelSlot) -> None:
    framework = Framework(200, [], b"its own")
    app = BackendApp(slot, Routes(slot, lambda: None), framework)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as client:
        assert (await client.get("/metrics")).content == b"its own"
        assert (await client.get("/v2/models")).json() == {"models": ["churn-telecom"]}
        assert (await client.get("/v1/models/churn-telecom:predict")).content == b"its own"
        assert (await client.post("/v2/models/churn-telecom/infer", content=b"{}")).status_code == 400
    await app({"type": "lifespan"}, lambda: _message({"type": "lifespan.startup"}), lambda _: _message({}))
    assert [kind for kind, _ in framework.asked] == ["http", "http", "lifespan"]


async def _message(message: Message) -> Any:
    return message


async def test_without_a_framework_only_http_is_answered(slot: ModelSlot) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    app = BackendApp(slot, Routes(slot, lambda: None))
    await app({"type": "lifespan"}, lambda: _message({}), send)
    assert sent == []
    await app({"type": "http", "method": "GET", "path": "/nothing", "headers": []}, lambda: _message({}), send)
    assert (sent[0]["status"], json.loads(sent[1]["body"])) == (404, {"error": "no such path"})
