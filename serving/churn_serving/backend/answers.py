"""HTTP answers of a model server, and the one table from what went wrong to a status code."""

from http import HTTPStatus
from typing import NamedTuple

import msgspec

from churn_serving.backend import errors
from churn_serving.oip.faults import InvalidRequest, UnknownModel
from churn_serving.oip.http_reply import encode_error
from churn_serving.oip.messages import MAX_REQUEST_BYTES
from churn_serving.oip.schema_precondition import OtherSchema
from churn_serving.web.body import BodyTooLarge, Send
from churn_serving.web.request import MethodNotAllowed, UnknownPath, UnsupportedMediaType, WrongRequest

MAX_BODY_BYTES = MAX_REQUEST_BYTES
JSON = (b"content-type", b"application/json")
OCTETS = (b"content-type", b"application/octet-stream")

HTTP_STATUS: dict[type[Exception], int] = {
    InvalidRequest: 400,
    UnknownModel: 404,
    UnknownPath: 404,
    MethodNotAllowed: 405,
    OtherSchema: 412,
    BodyTooLarge: 413,
    UnsupportedMediaType: 415,
    errors.PackageRefused: 422,
    errors.CannotExplain: 422,
    errors.ExplainerBusy: 429,
    errors.ReaderBusy: 429,
    errors.NoModelLoaded: 503,
}
EXPECTED = tuple(HTTP_STATUS)


class Answer(NamedTuple):
    """Status, headers beyond ``content-length``, and body of a response."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def json_answer(document: object, status: int = 200) -> Answer:
    """A JSON document as an answer."""
    return Answer(status, (JSON,), msgspec.json.encode(document))


def error_answer(error: Exception) -> Answer:
    """The answer to a request that went wrong in a way this project expects: ``{"error": "..."}`` as V2 wants it."""
    answer = Answer(HTTP_STATUS[type(error)], (JSON,), encode_error(str(error)))
    if isinstance(error, WrongRequest):
        return answer._replace(headers=(JSON, *error.headers))
    if isinstance(error, errors.NoModelLoaded | errors.ExplainerBusy | errors.ReaderBusy):
        return answer._replace(headers=(JSON, (b"retry-after", b"1")))
    return answer


async def send_answer(send: Send, answer: Answer) -> None:
    """Send a complete response."""
    headers = list(answer.headers)
    if answer.status != HTTPStatus.NO_CONTENT:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


INTERNAL_ERROR = json_answer({"error": "internal error"}, 500)
