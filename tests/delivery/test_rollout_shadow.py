"""How a canary is judged by copies: that the bets on differences are what they say, and what follows from counts."""

from datetime import UTC, datetime
from itertools import product

import numpy as np
import pytest

from churn_delivery.model_file import ServedModel
from churn_delivery.rollout.counts import Counts, Observed
from churn_delivery.rollout.differences import BOUNDS, Differences, evidence, together
from churn_delivery.rollout.judgement import judge
from churn_delivery.rollout.record import Rollout, RolloutFile, read_rollout, rollout_text
from churn_delivery.rollout.rules import Rules, read_rules
from tests.delivery.simulated_rollouts import GOOD, Kind

BLOCKS = 15
MODEL_ON_TRIAL = ServedModel("s3://models/churn/2/", "sha256:" + "2" * 64)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
RULES = read_rules({"steps": ["shadow", 10, 100]})


def differing(shifts: np.ndarray, calls: np.ndarray | None = None) -> Differences:
    """Differences by block and customer, shape (blocks, customers)."""
    within = np.stack([(np.abs(shifts) <= bound).sum(axis=1) for bound in BOUNDS], axis=1).astype(float)
    customers = np.full(len(shifts), float(shifts.shape[1]))
    higher, lower = np.clip(shifts, 0, None).sum(axis=1), np.clip(-shifts, 0, None).sum(axis=1)
    return Differences(customers, customers if calls is None else calls, higher, lower, within)


@pytest.mark.parametrize("margin", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("measure", ["difference", "shift"])
def test_nobody_gains_by_a_bet_on_differences_that_do_not_hold(measure: str, margin: float) -> None:
    """The expectation of one customer's factor, over pairs of differences and their chances."""
    values = np.linspace(-1, 1, 41)
    against, towards = (np.exp(path) for path in _one_customer(measure, values, margin))
    for first, second in product(range(len(values)), repeat=2):
        for chance in (0.0, 0.05, 0.3, 0.5):
            chances = np.zeros(len(values))
            chances[first] += chance
            chances[second] += 1 - chance
            mean = chances @ (np.abs(values) if measure == "difference" else values)
            size = abs(mean)
            if size <= margin:
                assert chances @ against <= 1 + 1e-9
            if size >= margin:
                assert chances @ towards <= 1 + 1e-9


def _one_customer(measure: str, values: np.ndarray, margin: float) -> list[np.ndarray]:
    found = [evidence(measure, differing(np.array([[value]])), margin) for value in values]
    return [np.array([each[way][-1] for each in found]) for way in (0, 1)]


def observed(kind: Kind, mean: float, spread: float, calls: int = 200) -> Observed:
    random = np.random.default_rng(11)
    each = np.full(BLOCKS, calls)
    shifts = np.clip(random.normal(mean, spread, (BLOCKS, calls)), -1, 1)
    canary = kind.counts(each, random) if calls else _nothing()
    return Observed(canary, GOOD.counts(each * 4, random), differing(shifts))


def _nothing() -> Counts:
    none = np.zeros(BLOCKS)
    return Counts(none, none, none, none, none, none, np.zeros((BLOCKS, 2)))


@pytest.mark.parametrize(
    ("kind", "mean", "spread", "verdict", "says"),
    [
        (GOOD, 0.0, 0.02, "advance", "no measure is worse by its margin"),
        (GOOD, 0.02, 0.02, "advance", "no measure is worse by its margin"),
        (GOOD, 0.15, 0.02, "worse", "on average between the two models"),
        (GOOD, -0.15, 0.02, "worse", "shift: -0.1"),
        (GOOD, 0.0, 0.3, "worse", "difference: 0.2"),
        (Kind(failing=0.2), 0.0, 0.02, "worse", "errors: "),
        (Kind(late=0.2), 0.0, 0.02, "worse", "timeouts: "),
        (Kind(slow=0.4), 0.0, 0.02, "worse", "slow: "),
    ],
    ids=["alike", "nearly", "higher", "lower", "scattered", "failing", "too late", "slow"],
)
def test_copies_decide_what_a_canary_may_go_on_to(
    kind: Kind, mean: float, spread: float, verdict: str, says: str
) -> None:
    found = judge(observed(kind, mean, spread), 900.0, RULES)
    assert (found.verdict, says in found.reason) == (verdict, True), found
    assert found.compared is not None
    assert found.compared.customers == BLOCKS * 200


def test_without_copies_nothing_goes_on() -> None:
    found = judge(observed(GOOD, 0.0, 0.02, calls=0), 900.0, RULES)
    assert found.verdict == "wait"
    assert "0 calls of the canary where 500 are needed" in found.reason
    assert found.compared is not None
    assert "nobody was scored by both models yet" in found.compared.worded()
    assert judge(observed(GOOD, 0.0, 0.02, calls=0), 90_000.0, RULES).verdict == "undecided"


def test_customers_of_one_call_count_as_one() -> None:
    shifts = np.full((BLOCKS, 200), 0.01)
    alone, together_ = differing(shifts), differing(shifts, calls=np.full(BLOCKS, 2.0))
    for way in (0, 1):
        whole, part = (evidence("shift", each, 0.05)[way][-1] for each in (alone, together_))
        assert abs(part) < abs(whole)


def test_what_is_told_is_what_was_counted() -> None:
    told = together(differing(np.array([[0.005, -0.02], [0.2, 0.06]])))
    assert told.customers == 4
    assert told.shares == (0.25, 0.5, 0.75)
    assert (told.difference, told.shift) == pytest.approx((0.07125, 0.06125))
    assert told.worded().startswith("of 4 customers scored by both models 25.0% within 0.01, 50.0% within 0.05, 75.0%")


def test_a_step_of_copies_stands_in_the_file_and_is_read_again() -> None:
    begun = Rollout("running", MODEL_ON_TRIAL, "", RULES, (NOON,))
    text = rollout_text(begun, RolloutFile("rollout.yaml", None))
    found = read_rollout("rollout.yaml", text)
    assert (found.rollout, found.differs(), found.percent, found.shadow) == (begun, "", 0, 20)
    assert '"steps": ["shadow", 10.0, 100.0]' in text.decode()
    changed = read_rollout("rollout.yaml", text.replace(b"canaryShadowPercent: 20", b"canaryShadowPercent: 30"))
    assert changed.differs() == "gateway.canaryShadowPercent is 30 where the rollout is at 20"
    further = rollout_text(begun.stepped(NOON), found).decode()
    assert "canaryPercent: 10" in further
    assert "canaryShadowPercent:" not in further
    assert Rules().steps[0] == 1.0
