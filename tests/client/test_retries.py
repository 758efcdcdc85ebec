"""Retries: as the gateway asks, within the deadline and the budget, and only where asking again can help."""

import logging
from datetime import UTC, datetime

import pytest

from churn_client import (
    ChurnClientError,
    DeadlineExceeded,
    InvalidRequest,
    NotFound,
    Refused,
    ServiceFailed,
    Settings,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unreachable,
)
from churn_client.exchange import Lost, Reply, ask
from churn_client.retries import RetryBudget, retry_after
from tests.client.conftest import Carrier, problem

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
FINE = Reply(200, {}, b"{}")


def scripted(carrier: Carrier, *outcomes: Reply | Lost) -> None:
    waiting = iter(outcomes)
    carrier.rules.before = lambda: next(waiting, FINE)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        (" 7 ", 7.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("-1", None),
        ("soon", None),
        ("1" * 400, None),
        ("٣", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, NOW) == seconds


def test_what_the_gateway_asks_for_is_never_undercut(carrier: Carrier) -> None:
    scripted(carrier, problem(503, retry_after="2"), problem(429, retry_after="3"), Lost("the connection was cut"))
    assert carrier(ask(carrier.caller, "GET", "/livez")) is FINE
    assert carrier.waits == [pytest.approx(2.1), pytest.approx(3.1), pytest.approx(0.4)]
    assert len({send.request_id for send in carrier.rules.sent}) == 1


def test_a_longer_wait_than_there_is_time_ends_at_once_with_what_the_gateway_said(carrier: Carrier) -> None:
    scripted(carrier, problem(503, retry_after="60"))
    with pytest.raises(Unavailable) as raised:
        carrier(ask(carrier.caller, "GET", "/livez"))
    assert (raised.value.retry_after, carrier.waits) == (60.0, [])
    assert raised.value.request_id == carrier.rules.sent[0].request_id


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequest),
        (401, Unauthenticated),
        (403, Unauthenticated),
        (404, NotFound),
        (413, TooLarge),
        (422, InvalidRequest),
        (431, TooLarge),
        (500, ServiceFailed),
        (301, Refused),
    ],
)
def test_what_would_be_refused_again_is_not_asked_again(carrier: Carrier, status: int, kind: type[Refused]) -> None:
    scripted(carrier, problem(status))
    with pytest.raises(kind) as raised:
        carrier(ask(carrier.caller, "GET", "/livez"))
    assert type(raised.value) is kind
    assert (len(carrier.rules.sent), raised.value.status) == (1, status)


@pytest.mark.parametrize(("status", "kind"), [(429, TooManyRequests), (502, Unavailable), (504, Unavailable)])
def test_after_the_last_attempt_the_last_refusal_is_raised(carrier: Carrier, status: int, kind: type[Refused]) -> None:
    carrier.rules.before = lambda: problem(status)
    with pytest.raises(kind):
        carrier(ask(carrier.caller, "GET", "/livez"))
    assert len(carrier.rules.sent) == carrier.caller.settings.attempts


def test_no_attempt_begins_or_lasts_beyond_the_deadline() -> None:
    carrier = Carrier(Settings("http://gateway", deadline_seconds=4.0, attempt_seconds=3.0))

    def slow() -> Lost:
        carrier.clock.now += carrier.rules.sent[-1].seconds
        return Lost("no answer in time")

    carrier.rules.before = slow
    started = carrier.clock.now
    with pytest.raises(DeadlineExceeded, match="no answer in time"):
        carrier(ask(carrier.caller, "GET", "/livez"))
    assert carrier.clock.now - started <= 4.0 + 1e-9
    assert [send.seconds for send in carrier.rules.sent] == [3.0, pytest.approx(0.9)]


def test_a_budget_bounds_the_retries_of_all_requests_together(carrier: Carrier) -> None:
    carrier.caller.budget = RetryBudget(most=3.0)
    carrier.rules.before = lambda: problem(503)
    began = carrier.clock.now
    for _ in range(20):
        with pytest.raises(Unavailable):
            carrier(ask(carrier.caller, "GET", "/livez"))
    retries = len(carrier.rules.sent) - 20
    assert 3 <= retries <= 3 + carrier.clock.now - began
    before = carrier.caller.budget.left
    carrier.rules.before = lambda: FINE
    for _ in range(11):
        carrier(ask(carrier.caller, "GET", "/livez"))
    assert carrier.caller.budget.left == pytest.approx(min(3.0, before + 1.1))


def test_who_has_no_retry_left_waits_for_one_or_ends_at_once_where_none_comes_in_time() -> None:
    budget = RetryBudget(most=2.0)
    assert [budget.take(100.0, 60.0) for _ in range(4)] == [0.0, 0.0, 1.0, 2.0]
    assert budget.take(100.0, 3.0) is None
    assert budget.take(100.5, 3.0) == pytest.approx(2.5)
    assert budget.take(90.0, 60.0) == pytest.approx(3.5)  # a clock that jumps back gives and takes nothing
    assert budget.take(1000.0, 1.0) == 0.0
    assert budget.left == 1.0


def test_requests_of_an_outage_of_seconds_are_all_answered_behind_it(carrier: Carrier) -> None:
    carrier.caller.budget = RetryBudget(most=2.0)
    back = carrier.clock.now + 3.0
    carrier.rules.before = lambda: FINE if carrier.clock.now >= back else Lost("no connection")
    assert [carrier(ask(carrier.caller, "GET", "/livez")) for _ in range(20)] == [FINE] * 20


def test_a_strangers_page_is_not_repeated(carrier: Carrier, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for kind in ("text/html", "application/json", "application/problem+json"):
        scripted(carrier, Reply(502, {"content-type": kind}, b"<p>7590-VHVEG</p>"))
        carrier.caller.settings = Settings("http://gateway", attempts=1)
        with pytest.raises(Unavailable) as raised:
            carrier(ask(carrier.caller, "POST", "/v1/predictions", b"7590-VHVEG"))
        assert str(raised.value).startswith("502 from something else than the gateway")
    scripted(carrier, Lost("no connection"))
    carrier.caller.settings = Settings("http://gateway", attempts=2)
    carrier(ask(carrier.caller, "POST", "/v1/predictions", b"7590-VHVEG"))
    assert "Unreachable" in caplog.text
    assert "7590-VHVEG" not in caplog.text


def test_every_error_is_of_one_tree() -> None:
    for kind in (Refused, Unreachable, DeadlineExceeded):
        assert issubclass(kind, ChurnClientError)
