"""Every refusal has a place in every protocol's table, so that none ever becomes a bare 500."""

from collections.abc import Iterator

from churn_serving.core.errors import BackendError, RequestRefused
from churn_serving.gateway import grpc_service, problems
from churn_serving.gateway.authentication import Unauthenticated
from churn_serving.gateway.records import MalformedRequest
from churn_serving.oip.faults import InvalidRequest, UnknownModel
from churn_serving.web.body import BodyTooLarge
from churn_serving.web.request import WrongRequest


def family(root: type[Exception]) -> Iterator[type[Exception]]:
    for child in root.__subclasses__():
        yield child
        yield from family(child)


def test_http() -> None:
    assert set(problems.REFUSALS) == {
        *family(RequestRefused),
        *family(WrongRequest),
        UnknownModel,
        InvalidRequest,
        MalformedRequest,
        BodyTooLarge,
    }


def test_grpc() -> None:
    assert set(grpc_service.REFUSALS) == {
        *family(RequestRefused),
        InvalidRequest,
        Unauthenticated,
        UnknownModel,
    }


def test_a_refusal_is_never_a_server_error_but_for_load() -> None:
    assert all(kind.status < 500 or kind.status == 503 for kind in problems.REFUSALS.values())
    problem = problems.problem_for(ValueError("secret inside"), "id")
    assert problem.status == 500
    assert b"secret" not in problem.body


def test_every_backend_error_says_its_reason() -> None:
    reasons = [error.reason for error in family(BackendError) if issubclass(error, BackendError)]
    assert len(set(reasons)) == len(reasons) == 9
