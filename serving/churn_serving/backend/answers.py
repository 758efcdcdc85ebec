"""HTTP answers of a model server, and the one table from what went wrong to a status code."""

from typing import NamedTuple

import msgspec

from churn_serving.backend import errors
from churn_serving.oip.messages import InvalidRequest
from churn_serving.web.body import BodyTooLarge

JSON = (b"content-type", b"application/json")
OCTETS = (b"content-type", b"application/octet-stream")

HTTP_STATUS: dict[type[Exception], int] = {
    InvalidRequest: 400,
    errors.UnknownModel: 404,
    errors.UnknownRoute: 404,
    errors.WrongMethod: 405,
    BodyTooLarge: 413,
    errors.WrongMediaType: 415,
    errors.PackageRefused: 422,
    errors.CannotExplain: 422,
    errors.ExplainerBusy: 429,
    errors.NotReady: 503,
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
    answer = json_answer({"error": str(error)}, HTTP_STATUS[type(error)])
    if isinstance(error, errors.WrongMethod):
        return answer._replace(headers=(JSON, (b"allow", error.allowed.encode())))
    if isinstance(error, errors.NotReady | errors.ExplainerBusy):
        return answer._replace(headers=(JSON, (b"retry-after", b"1")))
    return answer


INTERNAL_ERROR = json_answer({"error": "internal error"}, 500)
