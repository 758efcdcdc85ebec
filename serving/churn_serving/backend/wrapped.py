"""The application that a model server's front wraps, KServe's or BentoML's, held to the limits of our own routes.

What comes in is counted before the framework keeps it; an error that goes out has the protocol's form and a bounded
length, whatever a framework would quote of the request. It knows neither framework.
"""

from http import HTTPStatus
from typing import Any

import msgspec

from churn_serving.backend.answers import MAX_BODY_BYTES, Answer, error_answer, send_answer
from churn_serving.oip.faults import MAX_ERROR_BYTES
from churn_serving.oip.http_reply import encode_error
from churn_serving.web.body import Application, BodyTooLarge, Disconnected, Receive, Scope, Send, read_body

_Message = Any
# Of an error's headers those that tell its caller what to do; the rest describe a body that is not sent.
_KEPT = frozenset({b"allow", b"retry-after", b"www-authenticate", b"x-request-id"})


class BoundedApplication:
    """An ASGI application around another one."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        try:
            body = await read_body(receive, MAX_BODY_BYTES)
        except Disconnected:
            return
        except BodyTooLarge as error:
            await send_answer(send, error_answer(error))
            return
        await self._application(scope, _replay(body, receive), _BoundedErrors(send))


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replay() -> _Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


class _BoundedErrors:
    """Passes an answer on as it comes; an error is held until it is whole, and said in our form."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._error: _Message | None = None
        self._body = b""

    async def __call__(self, message: _Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= HTTPStatus.BAD_REQUEST:
            self._error = message
        elif self._error is None:
            await self._send(message)
        else:
            if len(self._body) <= MAX_ERROR_BYTES:
                self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await send_answer(self._send, _error_of(self._error, self._body))


def _error_of(start: _Message, body: bytes) -> Answer:
    status: int = start["status"]
    kept = tuple((name, value) for name, value in start.get("headers", ()) if name.lower() in _KEPT)
    return Answer(status, ((b"content-type", b"application/json"), *kept), encode_error(_text_of(status, body)))


def _text_of(status: int, body: bytes) -> str:
    """The framework's own words if they are short and said as ``error`` or ``detail``, else what the status means."""
    try:
        document = msgspec.json.decode(body) if len(body) <= MAX_ERROR_BYTES else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document = None
    if isinstance(document, dict):
        for key in ("error", "detail"):
            if isinstance(document.get(key), str):
                return str(document[key])
    return HTTPStatus(status).phrase.lower() if status in HTTPStatus._value2member_map_ else "refused"
