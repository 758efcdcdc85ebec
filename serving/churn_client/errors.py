"""Everything that can go wrong for a caller of the gateway, in one tree.

No text here holds a customer's value or id: what the gateway says names fields and never values, and what others say (a
proxy's page, a library's error) is not repeated. So errors may be logged as they are.
"""

from collections.abc import Mapping, Sequence

import msgspec

ELSEWHERE = "from something else than the gateway: a proxy before it, or the address is not the gateway's"
_SHOWN_FIELDS = 5
_SHOWN_CHARACTERS = 200


class ChurnClientError(Exception):
    """Whatever this package raises; ``request_id`` is what the gateway's log calls the request, empty before any."""

    request_id: str = ""


class InvalidSettings(ChurnClientError):
    """A setting is missing or makes no sense; the text names it."""


class Unreachable(ChurnClientError):
    """No answer came: no connection, or one that was cut. The text says which, and whose address was asked."""


class DeadlineExceeded(ChurnClientError):
    """The time for the whole call was over before an answer came."""


class InvalidAnswer(ChurnClientError):
    """Something answered that is not this gateway, or not as its API says."""


class FieldError(msgspec.Struct, frozen=True):
    """One field that is wrong: its place in what was sent, and what was expected of it."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True):
    """A refusal as the gateway describes it (RFC 9457); ``errors`` name every field that is wrong."""

    type: str = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    request_id: str = ""
    errors: tuple[FieldError, ...] = ()


class Refused(ChurnClientError):
    """The gateway, or something before it, refused. ``problem`` is all that it said; ``retry_after`` are the seconds
    after which it may be asked again, where it said so."""

    def __init__(self, status: int, problem: Problem, retry_after: float | None = None) -> None:
        self.status = status
        self.problem = problem
        self.retry_after = retry_after
        self.request_id = problem.request_id
        super().__init__(_text(status, problem))

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Every field that is wrong."""
        return self.problem.errors


class InvalidRequest(Refused):
    """What was sent does not fit the model's schema (400, 422); sent again, it will be refused again."""


class Unauthenticated(Refused):
    """No key, or none that may call (401, 403)."""


class NotFound(Refused):
    """No such page, model or version (404)."""


class TooLarge(Refused):
    """The body, its target or its header is too large (413, 414, 431)."""


class TooManyRequests(Refused):
    """This caller asks too often (429), and was so until the deadline or the budget of retries was over."""


class Unavailable(Refused):
    """The service cannot answer now (502, 503, 504), and could not until the deadline or the budget was over."""


class ServiceFailed(Refused):
    """The service failed (another 5xx); its log says why, under the request's id."""


_BY_STATUS: Mapping[int, type[Refused]] = {
    400: InvalidRequest, 401: Unauthenticated, 403: Unauthenticated, 404: NotFound, 413: TooLarge, 414: TooLarge,
    422: InvalidRequest, 429: TooManyRequests, 431: TooLarge, 502: Unavailable, 503: Unavailable, 504: Unavailable,
}  # fmt: skip
_SERVER = 500


class PartialFailure(ChurnClientError):
    """Some customers of a long list have no answer; ``errors`` are the reasons, one a group of customers."""

    def __init__(self, missing: int, asked: int, errors: Sequence[ChurnClientError]) -> None:
        self.missing = missing
        self.asked = asked
        self.errors = tuple(errors)
        kinds = ", ".join(sorted({type(error).__name__ for error in errors}))
        super().__init__(f"{missing} of {asked} customers have no answer: {kinds}")


def refusal(status: int, problem: Problem, retry_after: float | None = None) -> Refused:
    """The error of a status that is no success."""
    kind = _BY_STATUS.get(status, ServiceFailed if status >= _SERVER else Refused)
    return kind(status, problem, retry_after)


def _text(status: int, problem: Problem) -> str:
    words = [f"{status} {problem.title or ELSEWHERE}"]
    words += [f"{each.field}: {each.message}" for each in problem.errors[:_SHOWN_FIELDS]]
    if len(problem.errors) > _SHOWN_FIELDS:
        words.append(f"and {len(problem.errors) - _SHOWN_FIELDS} more fields")
    if not problem.errors and problem.detail:
        words.append(problem.detail)
    return "; ".join(word[:_SHOWN_CHARACTERS] for word in words)
