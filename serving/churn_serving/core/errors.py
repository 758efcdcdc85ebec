"""What can go wrong on the decision path, as two trees that never mix.

BackendError            one backend could not answer; the request may still succeed elsewhere
├── BackendUnreachable      no connection, or it broke
├── BackendTimeout          no answer in time
├── BackendFailed           it answered with an error of its own (5xx)
├── BackendBusy             it has no room for this call now (429)
├── BackendRejected         it refused the rows (4xx): its model differs from what the rows were checked against
└── BackendBadAnswer        it answered nonsense: wrong shape, NaN, a probability outside 0 to 1

RequestRefused          a sound request gets no prediction; each protocol maps these by one table
├── Overloaded              the caller should come back later
└── NotReady                no model is known yet
"""


class BackendError(Exception):
    """One backend could not answer."""

    reason = "error"


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
    """The backend refused rows that fit the schema the gateway knows: it serves something else by now."""

    reason = "rejected"


class BackendBadAnswer(BackendError):
    """The answer does not fit the question."""

    reason = "bad_answer"


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
