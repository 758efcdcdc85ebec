"""The moments at which the breaker changes its mind, to the call and to the hundredth of a second."""

from collections.abc import Callable

import pytest

from churn_serving.core.breaker import Breaker, BreakerState
from churn_serving.core.policy import BreakerPolicy

MOMENT = 0.01


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Patient:
    """A breaker with the policy that ships, a clock, and what it has told."""

    def __init__(self, uniform: Callable[[float, float], float] = lambda low, high: (low + high) / 2) -> None:
        self.clock = Clock()
        self.told: list[BreakerState] = []
        self.breaker = Breaker(BreakerPolicy(), self.clock, self.told.append, uniform)

    def fail(self, times: int) -> None:
        for _ in range(times):
            self.breaker.failed()

    def succeed(self, times: int) -> None:
        for _ in range(times):
            self.breaker.succeeded()

    def open_for(self) -> float:
        """Seconds until it may be probed, found by waiting."""
        waited = 0.0
        while self.breaker.state is BreakerState.OPEN:
            self.clock.now += MOMENT
            waited += MOMENT
            assert waited < 60, "it never lets a probe through"
        return waited

    def heal(self) -> None:
        """Wait until it may be probed, and answer its probes well."""
        self.open_for()
        while not self.breaker.closed:
            if self.breaker.wants_probe():
                self.breaker.probed(good=True)
            self.clock.now += MOMENT


@pytest.fixture
def patient() -> Patient:
    return Patient()


def near(seconds: float) -> object:
    return pytest.approx(seconds, abs=2 * MOMENT)


def test_states_are_published_by_these_numbers() -> None:
    assert {state.name: int(state) for state in BreakerState} == {"CLOSED": 0, "HALF_OPEN": 1, "OPEN": 2}


def test_the_fifth_failure_in_a_row_opens_it_and_is_told_once(patient: Patient) -> None:
    patient.fail(4)
    assert (patient.breaker.closed, patient.told) == (True, [])
    patient.fail(1)
    assert (patient.breaker.closed, patient.told) == (False, [BreakerState.OPEN])
    patient.fail(10)
    assert patient.told == [BreakerState.OPEN]


def test_failures_while_it_is_open_do_not_keep_it_open(patient: Patient) -> None:
    patient.fail(5)
    patient.clock.now += 0.9
    patient.fail(20)
    assert patient.open_for() == near(0.1)


@pytest.mark.parametrize(
    ("history", "opens"),
    [
        ("gb" * 9 + "g", False),  # nineteen calls
        ("gb" * 10, True),  # ten of twenty
        ("g" + "gb" * 10, False),  # ten of twenty-one
        ("bbg" * 6 + "b", False),  # thirteen of nineteen
        ("bbg" * 6 + "bb", True),  # fourteen of twenty
        ("g" * 20 + "bbg" * 5, False),
    ],
)
def test_half_of_at_least_twenty_calls_must_fail(patient: Patient, history: str, *, opens: bool) -> None:
    for call in history:
        assert patient.breaker.closed
        patient.succeed(1) if call == "g" else patient.fail(1)
    assert patient.breaker.closed is not opens


@pytest.mark.parametrize(("seconds", "opens"), [(0, True), (9, True), (10, False), (11, False)])
def test_the_share_is_that_of_ten_seconds(patient: Patient, seconds: float, *, opens: bool) -> None:
    for _ in range(3):
        patient.fail(3)
        patient.succeed(1)
    patient.clock.now += seconds
    for _ in range(2):
        patient.succeed(3)
        patient.fail(1)
    assert patient.breaker.closed is not opens


def test_what_is_ten_seconds_old_is_forgotten_calls_and_failures(patient: Patient) -> None:
    for second in range(60):
        patient.clock.now = 1000.0 + second
        patient.succeed(1)
        patient.fail(1)
        # Two calls a second, half of them failing: with ten seconds in sight there are twenty, in nine not.
        assert patient.breaker.closed is (second < 9)
        if not patient.breaker.closed:
            return


@pytest.mark.parametrize(("uniform", "seconds"), [(min, 0.8), (max, 1.2)])
def test_the_first_opening_lasts_a_second_give_or_take_a_fifth(
    uniform: Callable[[float, float], float], seconds: float
) -> None:
    patient = Patient(uniform)
    patient.fail(5)
    assert patient.open_for() == near(seconds)


def test_chance_decides_within_that_when_nobody_says_how() -> None:
    lengths = set()
    for _ in range(50):
        patient = Patient()
        patient.breaker = Breaker(BreakerPolicy(), patient.clock)
        patient.fail(5)
        lengths.add(round(patient.open_for(), 2))
    assert 0.8 - MOMENT <= min(lengths) < max(lengths) <= 1.2 + 2 * MOMENT


def test_it_waits_longer_each_time_and_at_most_four_seconds(patient: Patient) -> None:
    patient.fail(5)
    lengths = []
    for _ in range(5):
        lengths.append(patient.open_for())
        patient.breaker.probed(good=False)
    assert lengths == [near(1), near(2), near(4), near(4), near(4)]


def test_three_good_probes_a_quarter_of_a_second_apart_close_it(patient: Patient) -> None:
    patient.fail(5)
    patient.open_for()
    for count in range(1, 4):
        assert patient.breaker.wants_probe()
        patient.breaker.probed(good=True)
        assert patient.breaker.closed is (count == 3)
        assert not patient.breaker.wants_probe()
        patient.clock.now += 0.24
        assert not patient.breaker.wants_probe()
        patient.clock.now += 0.02
    assert patient.told == [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED]


def test_good_probes_of_another_opening_do_not_count(patient: Patient) -> None:
    patient.fail(5)
    patient.open_for()
    patient.breaker.probed(good=True)
    patient.breaker.probed(good=True)
    patient.breaker.probed(good=False)
    patient.open_for()
    patient.breaker.probed(good=True)
    patient.breaker.probed(good=True)
    assert patient.breaker.state is BreakerState.HALF_OPEN
    patient.breaker.probed(good=True)
    assert patient.breaker.closed


def test_only_a_half_open_one_listens_to_probes(patient: Patient) -> None:
    for _ in range(5):
        patient.breaker.probed(good=True)
        patient.breaker.probed(good=False)
    assert (patient.breaker.closed, patient.told) == (True, [])
    patient.fail(5)
    for _ in range(5):
        patient.breaker.probed(good=True)
        patient.breaker.probed(good=False)
    assert patient.told == [BreakerState.OPEN]
    assert patient.open_for() == near(1)


def test_it_begins_anew_when_it_closes(patient: Patient) -> None:
    for _ in range(3):
        patient.fail(3)
        patient.succeed(1)
    patient.fail(5)
    patient.heal()
    patient.fail(4)
    patient.succeed(16)
    assert patient.breaker.closed
    patient.fail(4)
    assert patient.breaker.closed


@pytest.mark.parametrize(("well_for", "next_opening"), [(0.0, 2), (29.5, 2), (30.5, 1)])
def test_half_a_minute_of_health_is_forgiven(patient: Patient, well_for: float, next_opening: float) -> None:
    patient.fail(5)
    patient.heal()
    patient.clock.now += well_for
    patient.fail(5)
    assert patient.open_for() == near(next_opening)


def test_a_good_answer_that_comes_late_changes_nothing(patient: Patient) -> None:
    patient.fail(5)
    patient.succeed(50)
    assert not patient.breaker.closed
    assert patient.told == [BreakerState.OPEN]


@pytest.mark.parametrize(("well_for", "next_opening"), [(29.75, 2), (30.0, 1)])
def test_after_half_a_minute_to_the_moment_it_is_forgiven(
    patient: Patient, well_for: float, next_opening: float
) -> None:
    patient.fail(5)
    patient.clock.now += 1
    for _ in range(3):
        patient.breaker.probed(good=True)
    assert patient.breaker.closed
    patient.clock.now += well_for
    patient.fail(5)
    assert patient.open_for() == near(next_opening)


def test_what_was_counted_is_forgotten_with_its_second(patient: Patient) -> None:
    for _ in range(1000):
        patient.succeed(1)
        patient.clock.now += 1
        assert len(patient.breaker._buckets) <= BreakerPolicy().window
