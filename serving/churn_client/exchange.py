"""One request with its retries, as a plan: a generator that says what to send and how long to wait, and is told what
came of it.

The synchronous and the asynchronous client carry out the same plans, so that what is decided is decided once. A plan
touches no socket and no clock but the one that it is given.
"""

import logging
import random
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import msgspec

from churn_client.errors import (
    ChurnClientError,
    DeadlineExceeded,
    InvalidAnswer,
    Problem,
    Unreachable,
    refusal,
)
from churn_client.retries import RETRIED_STATUSES, RetryBudget, retry_after, wait_before
from churn_client.settings import Settings

_logger = logging.getLogger("churn_client")
_PROBLEM, _JSON = "application/problem+json", "application/json"
_LEAST_ATTEMPT = 0.001


class Send(NamedTuple):
    """A request to send within ``seconds``."""

    method: str
    path: str
    body: bytes
    request_id: str
    seconds: float


class Wait(NamedTuple):
    """Time to let pass."""

    seconds: float


class Reply(NamedTuple):
    """An answer with any status; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Lost(NamedTuple):
    """No answer came, for a reason that names no customer."""

    reason: str


Result = TypeVar("Result")
Plan = Generator[Send | Wait, Reply | Lost | None, Result]


@dataclass
class Caller:
    """What all requests of a client share."""

    settings: Settings
    budget: RetryBudget = field(default_factory=RetryBudget)
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random


def ask(caller: Caller, method: str, path: str, body: bytes = b"", until: float | None = None) -> Plan[Reply]:
    """Send one request until it is answered with success.

    Args:
        caller: settings and what requests share.
        method: of HTTP.
        path: below the gateway's address.
        body: JSON, or empty.
        until: the caller's clock at which no more time is left, where that is before the settings' deadline.

    Raises:
        Refused: it was refused for good, or for as long as there was time.
        Unreachable: no answer came, and there is no retry left.
        DeadlineExceeded: time was over first.
    """
    settings, request_id = caller.settings, uuid.uuid4().hex
    end = caller.clock() + settings.deadline_seconds
    end = end if until is None else min(end, until)
    for attempt in range(1, settings.attempts + 1):
        left = end - caller.clock()
        if left <= _LEAST_ATTEMPT:
            raise _named(DeadlineExceeded("no time is left for this request"), request_id)
        outcome = yield Send(method, path, body, request_id, min(left, settings.attempt_seconds))
        if isinstance(outcome, Reply) and outcome.status // 100 == 2:  # noqa: PLR2004 - success in HTTP
            caller.budget.succeed()
            return outcome
        error, asked = _failure(outcome, request_id, settings.url)
        wait = wait_before(attempt, asked, caller.chance())
        if not _may_be_asked_again(outcome) or attempt == settings.attempts:
            raise error
        now = caller.clock()
        if now + wait >= end:
            raise error if isinstance(outcome, Reply) else _named(DeadlineExceeded(str(error)), request_id)
        turn = caller.budget.take(now, end - now)
        if turn is None:
            _logger.warning("request %s: no retry comes free in time", request_id)
            raise error
        wait = max(wait, turn)
        _logger.info("request %s: attempt %d: %s; again in %.2f s", request_id, attempt, type(error).__name__, wait)
        yield Wait(wait)
    raise AssertionError  # pragma: no cover - the last attempt raises or returns


def _may_be_asked_again(outcome: Reply | Lost | None) -> bool:
    return not isinstance(outcome, Reply) or outcome.status in RETRIED_STATUSES


def _failure(outcome: Reply | Lost | None, request_id: str, url: str) -> tuple[ChurnClientError, float | None]:
    if not isinstance(outcome, Reply):
        return _named(Unreachable(f"{outcome.reason if outcome else 'no answer'}: {url}"), request_id), None
    asked = retry_after(outcome.headers)
    return _named(refusal(outcome.status, _problem(outcome), asked), request_id), asked


def _problem(reply: Reply) -> Problem:
    """What the gateway said; of anybody else's page nothing but the status."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == _PROBLEM:
            return msgspec.json.decode(reply.body, type=Problem)
        if kind == _JSON:  # V2's own form
            return Problem(title=msgspec.json.decode(reply.body, type=dict[str, str])["error"], status=reply.status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        pass
    return Problem(status=reply.status)


def _named(error: ChurnClientError, request_id: str) -> ChurnClientError:
    error.request_id = error.request_id or request_id
    return error


def read(reply: Reply, kind: type[Result]) -> Result:
    """An answer's body as this type.

    Raises:
        InvalidAnswer: it is none.
    """
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidAnswer(f"the answer is not {kind.__name__}: is that address a gateway's?") from None
