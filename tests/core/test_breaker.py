"""The breaker against a plain model of itself, over any sequence of calls, probes and waits."""

import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from churn_serving.core.breaker import Breaker, BreakerState
from churn_serving.core.policy import BreakerPolicy

POLICY = BreakerPolicy()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def exact(low: float, high: float) -> float:
    return (low + high) / 2


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(POLICY, clock, uniform=exact)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed()


def test_consecutive_failures_open_it(breaker: Breaker) -> None:
    fail(breaker, 4)
    breaker.succeeded()
    fail(breaker, 4)
    assert breaker.closed
    fail(breaker, 1)
    assert breaker.state is BreakerState.OPEN


def test_a_failing_share_opens_it_once_there_are_enough_calls(breaker: Breaker) -> None:
    for _ in range(9):
        breaker.succeeded()
        breaker.failed()
    assert breaker.closed
    breaker.succeeded()
    breaker.failed()
    assert not breaker.closed


def test_old_failures_are_forgotten(breaker: Breaker, clock: Clock) -> None:
    for _ in range(9):
        breaker.succeeded()
        breaker.failed()
    clock.now += POLICY.window + 1
    for _ in range(19):
        breaker.succeeded()
    breaker.failed()
    assert breaker.closed


def test_only_good_probes_in_a_row_close_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 5)
    clock.now += POLICY.open_seconds[0]
    assert breaker.wants_probe()
    breaker.probed(good=True)
    assert not breaker.wants_probe()
    clock.now += POLICY.probe_interval
    breaker.probed(good=False)
    assert breaker.state is BreakerState.OPEN
    clock.now += POLICY.open_seconds[1]
    for _ in range(POLICY.probes):
        assert breaker.wants_probe()
        breaker.probed(good=True)
        clock.now += POLICY.probe_interval
    assert breaker.closed


def test_a_returned_backend_serves_again_within_ten_seconds_at_worst() -> None:
    worst = max(POLICY.open_seconds) * (1 + POLICY.jitter) + POLICY.probes * (POLICY.probe_interval + 0.1)
    assert worst < 10


class BreakerMachine(RuleBasedStateMachine):
    """Any history: customers pass only when closed; it closes only after its probes; it never stays open for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.changes: list[BreakerState] = []
        self.breaker = Breaker(POLICY, self.clock, self.changes.append, exact)
        self.consecutive = 0
        self.good_probes = 0
        self.opened_at = 0.0

    @rule(count=st.integers(1, 8))
    def customers_fail(self, count: int) -> None:
        for _ in range(count):
            was_closed = self.breaker.closed
            self.breaker.failed()
            if was_closed:
                self.consecutive += 1
                if not self.breaker.closed:
                    self.opened_at = self.clock.now

    @rule(count=st.integers(1, 30))
    def customers_are_served(self, count: int) -> None:
        for _ in range(count):
            if self.breaker.closed:
                self.breaker.succeeded()
                self.consecutive = 0

    @rule(good=st.booleans())
    def probe(self, good: bool) -> None:
        if self.breaker.wants_probe():
            self.good_probes = self.good_probes + 1 if good else 0
            self.breaker.probed(good=good)
            if good:
                assert self.breaker.closed == (self.good_probes >= POLICY.probes)
            else:
                assert self.breaker.state is BreakerState.OPEN
                self.opened_at = self.clock.now
            if self.breaker.closed:
                self.good_probes = self.consecutive = 0

    @rule(seconds=st.floats(0.01, 12))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def never_closed_after_too_many_failures_in_a_row(self) -> None:
        if self.consecutive >= POLICY.consecutive_failures:
            assert not self.breaker.closed

    @invariant()
    def open_only_for_its_time(self) -> None:
        if self.clock.now - self.opened_at > max(POLICY.open_seconds):
            assert self.breaker.state is not BreakerState.OPEN

    @invariant()
    def changes_follow_the_diagram(self) -> None:
        allowed = {
            (BreakerState.CLOSED, BreakerState.OPEN),
            (BreakerState.OPEN, BreakerState.HALF_OPEN),
            (BreakerState.HALF_OPEN, BreakerState.OPEN),
            (BreakerState.HALF_OPEN, BreakerState.CLOSED),
        }
        path = [BreakerState.CLOSED, *self.changes]
        assert set(itertools.pairwise(path)) <= allowed


TestAnyHistory = BreakerMachine.TestCase
TestAnyHistory.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
