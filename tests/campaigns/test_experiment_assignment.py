"""The same customer is always in the same arm, arms are as large as planned, experiments do not follow each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from churn_campaigns.experiment.assignment import arm_of, in_holdout
from churn_model.holdout import position, salt_id

CUSTOMERS = [f"customer-{number}" for number in range(40_000)]
NAMES = st.text(st.characters(codec="utf-8"), max_size=20)


@pytest.mark.parametrize(
    ("salt", "customer", "expected"),
    [
        ("spring", "7590-VHVEG", 0.14068760635932798),
        ("spring", "5575-GNVDE", 0.7271036290494168),
        ("autumn", "7590-VHVEG", 0.513439100096561),
        ("", "Zürich", 0.4210999951850042),
        ("ab", "c", 0.23040010312371373),
        ("a", "bc", 0.16578567424252744),
    ],
)
def test_answers_never_change(salt: str, customer: str, expected: float) -> None:
    assert position(salt, customer) == expected
    assert arm_of(salt, customer, {"control": 0.4, "b": 0.3, "a": 0.3}) == (
        "control" if expected < 0.4 else "a" if expected < 0.7 else "b"
    )


def test_positions_are_uniform() -> None:
    counts = [0] * 100
    for customer in CUSTOMERS:
        counts[int(100 * position("uniform", customer))] += 1
    assert chisquare(counts).pvalue > 0.001


def test_two_salts_deal_independently() -> None:
    table = [[0] * 10 for _ in range(10)]
    for customer in CUSTOMERS:
        table[int(10 * position("spring", customer))][int(10 * position("autumn", customer))] += 1
    assert chi2_contingency(table).pvalue > 0.001


def test_arms_are_as_large_as_their_shares() -> None:
    shares = {"control": 0.1, "call": 0.5, "letter": 0.4}
    arms = [arm_of("size", customer, shares) for customer in CUSTOMERS]
    sizes = [arms.count(arm) for arm in shares]
    assert chisquare(sizes, [len(arms) * share for share in shares.values()]).pvalue > 0.001


@given(salt=NAMES, customer=NAMES, share=st.floats(0.01, 0.9), smaller=st.floats(0.0, 1.0))
def test_holdout_is_the_control_arm_and_grows(salt: str, customer: str, share: float, smaller: float) -> None:
    held = in_holdout(salt, customer, share)
    assert held == (arm_of(salt, customer, {"a": 0.95 - share, "control": share, "b": 0.05}) == "control")
    assert held or not in_holdout(salt, customer, share * smaller)
    assert in_holdout(salt, customer, 1.0)
    assert not in_holdout(salt, customer, 0.0)


@given(salt=NAMES, customer=NAMES)
def test_the_order_of_arms_changes_nothing(salt: str, customer: str) -> None:
    shares = {"control": 0.2, "x": 0.3, "a": 0.5}
    assert arm_of(salt, customer, shares) == arm_of(salt, customer, dict(reversed(shares.items())))


def test_a_salt_has_a_name_that_does_not_give_it_away() -> None:
    assert salt_id("spring") == "622a494d3ea8"
    assert salt_id("autumn") != salt_id("spring")


@pytest.mark.parametrize("shares", [{}, {"control": 0.5}, {"control": 1.0, "a": 0.0}, {"control": float("nan")}])
def test_shares_that_are_no_shares_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share"):
        arm_of("salt", "customer", shares)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        in_holdout("salt", "customer", 1.5)
