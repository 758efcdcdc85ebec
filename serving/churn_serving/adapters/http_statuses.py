"""What a backend's status other than 200 means: whether the request, the model or the backend is at fault.

It reads no answer; whatever a body says to the contrary, the status counts.
"""

from http import HTTPStatus

from churn_serving.core.errors import (
    BackendBusy,
    BackendError,
    BackendFailed,
    BackendOtherSchema,
    BackendRefusedRequest,
    BackendRejected,
)

# Said of what was sent, not of who was asked: another call may be answered.
_ABOUT_THE_REQUEST = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.REQUEST_URI_TOO_LONG,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    }
)


def refusal_of(status: int) -> BackendError:
    """The error of the core that says it."""
    said = f"answered {status}"
    if status in _ABOUT_THE_REQUEST:
        return BackendRefusedRequest(said)
    if status == HTTPStatus.PRECONDITION_FAILED:
        return BackendOtherSchema(said)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return BackendBusy(said)
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return (BackendRejected if refused else BackendFailed)(said)
