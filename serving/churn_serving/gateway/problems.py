"""How refusals look over HTTP, in one total table and two forms: RFC 9457 problem documents, and V2's own.

The table is keyed by the errors of the decision path and of the requests; a test proves that none is missing. Neither
form ever holds more than :data:`MAX_ERROR_BYTES`.
"""

from typing import NamedTuple

import msgspec

from churn_serving.core.errors import NotReady, Overloaded, RefusedByBackends
from churn_serving.gateway.authentication import AmbiguousKey, Unauthenticated
from churn_serving.gateway.records import MalformedRequest
from churn_serving.oip.faults import MAX_ERROR_BYTES, InvalidRequest, Problem, UnknownModel
from churn_serving.oip.http_reply import encode_error
from churn_serving.web.body import BodyTooLarge
from churn_serving.web.request import MethodNotAllowed, UnknownPath, UnsupportedMediaType, WrongRequest

CONTENT_TYPE = b"application/problem+json"
_TYPE = "urn:churn-serving:problem:"
_BAD_REQUEST = 400


class Kind(NamedTuple):
    """How one kind of refusal is answered."""

    status: int
    slug: str
    title: str
    detail: str


REFUSALS: dict[type[Exception], Kind] = {
    MalformedRequest: Kind(400, "malformed", "The body is not JSON", "Send one JSON object in UTF-8."),
    InvalidRequest: Kind(
        422,
        "invalid",
        "The request does not fit the model's schema",
        "Mend the fields in errors; GET /v1/model tells the schema.",
    ),
    Unauthenticated: Kind(401, "unauthenticated", "No key that may call", "Send Authorization: Bearer <API key>."),
    AmbiguousKey: Kind(400, "two-keys", "More than one key", "Send one key, in one header."),
    UnknownPath: Kind(404, "not-found", "No such page", "See /docs for what there is."),
    UnknownModel: Kind(404, "unknown-model", "No such model or version", "GET /v1/model tells what is served."),
    MethodNotAllowed: Kind(405, "method-not-allowed", "Method not allowed", "Use a method that Allow names."),
    BodyTooLarge: Kind(413, "too-large", "The body is too large", "Split the customers over several requests."),
    UnsupportedMediaType: Kind(415, "media-type", "Unsupported content type", "Send Content-Type: application/json."),
    Overloaded: Kind(503, "overloaded", "Too many requests at the moment", "Try again after Retry-After seconds."),
    RefusedByBackends: Kind(
        422, "refused", "The model's servers refuse this request", "They answer others; it will be refused again."
    ),
    NotReady: Kind(503, "not-ready", "No model is known yet", "Try again after Retry-After seconds."),
}
UNEXPECTED = Kind(500, "internal", "The service failed", "The failure was logged under this request's id.")


class _Fault(msgspec.Struct, frozen=True):
    field: str
    message: str


class _Document(msgspec.Struct, frozen=True, omit_defaults=True):
    type: str
    title: str
    status: int
    detail: str
    request_id: str = ""
    errors: list[_Fault] = []


class Refusal(NamedTuple):
    """A refusal ready to send."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]]


def problem_for(error: Exception, request_id: str = "") -> Refusal:
    """The document of a refusal; anything unforeseen is a 500 that says nothing about its inside."""
    kind = _kind(error)
    faults: tuple[Problem, ...] = error.problems if isinstance(error, InvalidRequest) else ()
    while True:
        listed = [_Fault(*fault) for fault in faults]
        document = _Document(_TYPE + kind.slug, kind.title, kind.status, kind.detail, request_id, listed)
        body = msgspec.json.encode(document)
        if len(body) <= MAX_ERROR_BYTES:
            return Refusal(kind.status, body, _headers(error))
        faults = faults[: len(faults) // 2]


def protocol_error_for(error: Exception) -> Refusal:
    """The same refusal as V2 wants it: ``{"error": "..."}``, and 400 where a problem document says 422."""
    kind = _kind(error)
    status = _BAD_REQUEST if isinstance(error, InvalidRequest | RefusedByBackends) else kind.status
    own_words = isinstance(error, InvalidRequest | UnknownModel | UnsupportedMediaType)
    text = str(error) if own_words else kind.detail
    return Refusal(status, encode_error(text), _headers(error))


def _kind(error: Exception) -> Kind:
    return next((REFUSALS[cls] for cls in type(error).__mro__ if cls in REFUSALS), UNEXPECTED)


def _headers(error: Exception) -> list[tuple[bytes, bytes]]:
    if isinstance(error, Overloaded | NotReady):
        return [(b"retry-after", str(error.retry_after).encode())]
    return list(error.headers) if isinstance(error, WrongRequest) else []
