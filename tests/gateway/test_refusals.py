"""What a caller is told when it gets nothing: the numbers that clients and load balancers act upon, in every form."""

import json

import grpc
import pytest

from churn_serving.core.errors import NotReady, Overloaded, RefusedByBackends
from churn_serving.gateway import grpc_service
from churn_serving.gateway.authentication import AmbiguousKey, Unauthenticated
from churn_serving.gateway.problems import problem_for, protocol_error_for
from churn_serving.gateway.records import MalformedRequest
from churn_serving.oip.faults import MAX_PROBLEMS, InvalidRequest, Problem, UnknownModel
from churn_serving.web.body import BodyTooLarge
from churn_serving.web.request import MethodNotAllowed, UnknownPath, UnsupportedMediaType

FAULT = Problem("customers[0].features.tenure", "must be at least 0")
# The refusal, its status as a problem document and in V2's form, and the headers that go with both.
TABLE: list[tuple[Exception, int, int, dict[bytes, bytes]]] = [
    (MalformedRequest([FAULT]), 400, 400, {}),
    (InvalidRequest([FAULT]), 422, 400, {}),
    (Unauthenticated(), 401, 401, {b"www-authenticate": b"Bearer"}),
    (AmbiguousKey(), 400, 400, {b"www-authenticate": b'Bearer error="invalid_request"'}),
    (UnknownPath(), 404, 404, {}),
    (UnknownModel("no such model"), 404, 404, {}),
    (MethodNotAllowed("GET", "HEAD"), 405, 405, {b"allow": b"GET, HEAD"}),
    (BodyTooLarge(), 413, 413, {}),
    (UnsupportedMediaType("content-type must be another"), 415, 415, {b"accept-post": b"application/json"}),
    (Overloaded("queue_full"), 503, 503, {b"retry-after": b"1"}),
    (NotReady(), 503, 503, {b"retry-after": b"2"}),
    (RefusedByBackends(), 422, 400, {}),
    (ValueError("a customer's value"), 500, 500, {}),
]
GRPC = {
    Unauthenticated: (grpc.StatusCode.UNAUTHENTICATED, 401),
    InvalidRequest: (grpc.StatusCode.INVALID_ARGUMENT, 422),
    UnknownModel: (grpc.StatusCode.NOT_FOUND, 404),
    Overloaded: (grpc.StatusCode.RESOURCE_EXHAUSTED, 503),
    RefusedByBackends: (grpc.StatusCode.INVALID_ARGUMENT, 422),
    NotReady: (grpc.StatusCode.UNAVAILABLE, 503),
}


@pytest.mark.parametrize(("error", "status", "status_v2", "headers"), TABLE, ids=lambda each: type(each).__name__)
def test_over_http(error: Exception, status: int, status_v2: int, headers: dict[bytes, bytes]) -> None:
    problem, protocol_error = problem_for(error, "the-id"), protocol_error_for(error)
    assert (problem.status, dict(problem.headers)) == (status, headers)
    assert (protocol_error.status, dict(protocol_error.headers)) == (status_v2, headers)
    document = json.loads(problem.body)
    assert (document["status"], document["request_id"]) == (status, "the-id")
    assert document["type"].startswith("urn:churn-serving:problem:")
    assert list(json.loads(protocol_error.body)) == ["error"]
    assert b"a customer's value" not in problem.body + protocol_error.body


def test_over_grpc() -> None:
    assert grpc_service.REFUSALS == GRPC


def test_a_problem_names_its_fields() -> None:
    document = json.loads(problem_for(InvalidRequest([FAULT, FAULT])).body)
    assert document["errors"] == [{"field": FAULT.field, "message": FAULT.message}] * 2
    assert "request_id" not in document


@pytest.mark.parametrize("character", ["x", "\x01", "ü", '"'], ids=["plain", "control", "two bytes", "quote"])
def test_no_refusal_is_larger_than_sixteen_kibibytes_and_the_first_faults_stay(character: str) -> None:
    faults = [Problem(f"{number} {character * 5000}", character * 5000) for number in range(MAX_PROBLEMS)]
    problem, protocol_error = (
        problem_for(InvalidRequest(faults, 10**6), "i" * 200),
        protocol_error_for(InvalidRequest(faults, 10**6)),
    )
    assert len(problem.body) <= 16_384
    assert len(protocol_error.body) <= 16_384
    named = [fault["field"].split()[0] for fault in json.loads(problem.body)["errors"]]
    assert named[:5] == ["0", "1", "2", "3", "4"]
