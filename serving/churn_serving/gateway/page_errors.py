"""Errors that the framework makes of itself, in the forms of this project: problem documents, and V2's under ``/v2``.

The one place that knows how FastAPI and Starlette say 404, 405 and 422.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from churn_serving.core.errors import NotReady
from churn_serving.gateway.problems import CONTENT_TYPE, Refusal, problem_for, protocol_error_for
from churn_serving.oip.faults import InvalidRequest, Problem, UnknownModel
from churn_serving.web.request import MethodNotAllowed, UnknownPath

_logger = logging.getLogger(__name__)


def refusal_page(path: str, error: Exception) -> Response:
    """The answer to a request for a page that gets none."""
    if path == "/v2" or path.startswith("/v2/"):
        return _response(protocol_error_for(error), "application/json")
    return _response(problem_for(error), CONTENT_TYPE.decode())


def add_error_pages(app: FastAPI) -> None:
    """Let an application of pages answer every error in our forms."""

    async def ours(request: Request, error: Exception) -> Response:
        return refusal_page(request.url.path, error)

    async def by_status(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for that
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return _other_method(request, error.headers or {})
        return refusal_page(request.url.path, UnknownPath())

    async def bad_parameters(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for that
        places = [".".join(map(str, fault["loc"])) for fault in error.errors()]
        return refusal_page(request.url.path, InvalidRequest([Problem(place, "not valid") for place in places]))

    async def unexpected(request: Request, error: Exception) -> Response:
        _logger.error("a page failed: %s", type(error).__name__)  # the server logs the traceback
        return refusal_page(request.url.path, error)

    for kind in (NotReady, UnknownModel):
        app.add_exception_handler(kind, ours)
    app.add_exception_handler(HTTPException, by_status)
    app.add_exception_handler(RequestValidationError, bad_parameters)
    app.add_exception_handler(Exception, unexpected)


def _other_method(request: Request, headers: Mapping[str, str]) -> Response:
    """OPTIONS is answered with what there is; HEAD never comes here, since it is asked as GET."""
    allowed = [method.strip() for method in headers.get("Allow", "GET").split(",")]
    if "GET" in allowed:
        allowed = [*allowed, "HEAD"]
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join([*allowed, "OPTIONS"])})
    return refusal_page(request.url.path, MethodNotAllowed(*allowed))


def _response(refusal: Refusal, media_type: str) -> Response:
    headers = {name.decode(): value.decode() for name, value in refusal.headers}
    return Response(refusal.body, refusal.status, headers, media_type)
