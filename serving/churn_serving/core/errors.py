"""What can go wrong on the decision path, as two trees that never mix.

BackendError            one backend could not answer; the request may still succeed elsewhere
├── BackendUnreachable      no connection, or it broke
├── BackendTimeout          no answer in time
├── BackendFailed           it answered with an error of its own (5xx), or sent its caller elsewhere (3xx)
├── BackendBusy             it has no room for this call now (429)
├── BackendRejected         it takes no call at all, whatever is in it (404 and the like)
├── BackendBadAnswer        it answered nonsense: wrong shape, NaN, a probability outside 0 to 1
├── BackendRefusedRequest   it refused these very rows (400, 413, 414, 422, 431)                    not its fault
├── BackendOtherSchema      its model has another schema than the one the rows were read by         not its fault
└── BackendChanging         it answered parts of one request by different models to the end         not its fault

RequestRefused          a request gets no prediction; each protocol maps these by one table
├── Overloaded              the caller should come back later
├── NotReady                no model is known yet
└── RefusedByBackends       every backend that looked at it refused it, and is well: it is the request
"""


class BackendError(Exception):
    """One backend could not answer. ``its_fault``: whether that says something about the backend; only then it counts
    for its breaker, neither as a failure nor as a success otherwise."""

    reason = "error"
    its_fault = True


class BackendUnreachable(BackendError):
    """No connection, or it broke before the answer was complete."""

    reason = "unreachable"


class BackendTimeout(BackendError):
    """No answer within the time of one try."""

    reason = "timeout"


class BackendFailed(BackendError):
    """The backend answered with an error of its own."""

    reason = "failed"


class BackendBusy(BackendError):
    """The backend has no room for this call now."""

    reason = "busy"


class BackendRejected(BackendError):
    """The backend takes no call of this kind, whatever is in it: its model has gone, or it is another service."""

    reason = "rejected"


class BackendBadAnswer(BackendError):
    """The answer does not fit the question."""

    reason = "bad_answer"


class BackendRefusedRequest(BackendError):
    """The backend refused what was in this call; it may take any other."""

    reason = "refused"
    its_fault = False


class BackendOtherSchema(BackendError):
    """The backend serves a model of another schema than the one that the rows were read by."""

    reason = "schema"
    its_fault = False


class BackendChanging(BackendError):
    """No single model answered all parts of a request: versions take turns behind the backend's address."""

    reason = "changing"
    its_fault = False


class RequestRefused(Exception):
    """The request gets no prediction."""


class Overloaded(RequestRefused):
    """Answering in time is not possible now; ``retry_after`` is in whole seconds."""

    def __init__(self, reason: str, retry_after: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class NotReady(RequestRefused):
    """No backend has ever described its model to this gateway."""

    retry_after = 2


class RefusedByBackends(RequestRefused):
    """Every backend that looked at the request refused it while it answers others: sending it again will not help."""
