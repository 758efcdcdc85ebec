"""Who is held out is a matter of the customer alone, for ever, and how often a holdout is used is counted."""

import math
from dataclasses import replace

import msgspec
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_data.customer_keys import customer_keys
from churn_data.dataset import Dataset
from churn_data.errors import DataError
from churn_model.holdout import Holdout, position
from churn_model.rules import HoldoutRule
from churn_model.usecase import parse_usecase
from churn_training.comparison.splits import holdout, holdout_of, keys_of, split_by

TEXTS = st.text(min_size=1, max_size=12)
SHARES = st.floats(0.01, 0.5)


@given(TEXTS, TEXTS, SHARES, SHARES)
def test_a_smaller_holdout_lies_in_a_larger_one(salt: str, key: str, one: float, other: float) -> None:
    smaller, larger = Holdout(salt, min(one, other)), Holdout(salt, max(one, other))
    assert 0.0 <= position(salt, key) < 1.0
    assert larger.holds(key) or not smaller.holds(key)
    assert smaller.holds(key) == Holdout(salt, smaller.share, "another column").holds(key)


@given(TEXTS)
@settings(max_examples=20)
def test_a_share_is_a_share_and_salts_are_independent(salt: str) -> None:
    keys = [f"customer-{number}" for number in range(2000)]
    held = numpy.array([Holdout(salt, 0.2).holds(key) for key in keys])
    other = numpy.array([Holdout(f"{salt}, other", 0.2).holds(key) for key in keys])
    # Six standard deviations: of 2,000 a fifth, and of these a fifth.
    assert abs(held.sum() - 400) < 6 * math.sqrt(2000 * 0.2 * 0.8)
    assert abs((held & other).sum() - 80) < 6 * math.sqrt(2000 * 0.04 * 0.96)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(300, 7043))
@settings(max_examples=10, deadline=None)
def test_seed_order_and_growth_change_nobody(telco: Dataset, seed: int, shuffle: int, rows: int) -> None:
    """However rows come, and whoever joins them, nobody held out is ever learnt from."""
    rule = Holdout("holdout of churn-telecom", 0.1, telco.usecase.id)
    whole = keys_of(telco)[split_by(telco, rule, 0)[1]]
    some = telco.take(numpy.random.default_rng(shuffle).permutation(len(telco))[:rows])
    train, held = split_by(some, rule, seed)
    assert sorted([*train, *held]) == list(range(rows))
    assert set(keys_of(some)[held]) <= set(whole)
    assert not {key for key in keys_of(some)[train] if rule.holds(key)}


def test_the_salt_is_the_use_cases(telco: Dataset) -> None:
    assert holdout_of(telco) == Holdout("holdout of churn-telecom", 0.1, "customerID")
    stated = msgspec.structs.replace(telco.usecase, holdout=HoldoutRule("mine", 0.25))
    rule = holdout_of(replace(telco, usecase=stated))
    assert rule == Holdout("mine", 0.25, "customerID")
    assert len(rule.identity) == 12
    assert rule.identity != holdout_of(telco).identity


@pytest.mark.parametrize("share", [0, 0.6, -0.1], ids=["none", "more than half", "negative"])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    document = {"name": "x", "label": {"column": "left", "positive": "1"}, "holdout": {"share": share}}
    with pytest.raises(Exception, match=r"^x\.yaml: `holdout\.share` must be above 0 and at most 0\.5$"):
        parse_usecase(document, "x.yaml")


@pytest.mark.parametrize(
    ("refresh", "problem"),
    [
        ({"after_days": -1, "margin": 0.1}, "`refresh.after_days` must not be negative"),
        ({"after_days": 30, "margin": 1}, "`refresh.margin` is a share of what the champion earns, between 0 and 1"),
    ],
    ids=["a negative age", "all of it"],
)
def test_a_refresh_that_is_none_is_refused(refresh: dict[str, float], problem: str) -> None:
    document = {"name": "x", "label": {"column": "left", "positive": "1"}, "refresh": refresh}
    with pytest.raises(Exception, match=problem):
        parse_usecase(document, "x.yaml")


def test_without_ids_the_values_of_a_row_stand_for_the_customer(telco: Dataset) -> None:
    frame = telco.frame.iloc[:500]
    keys = customer_keys(None, frame)
    assert len(set(keys)) == 500
    backwards = customer_keys(None, frame.iloc[::-1][frame.columns[::-1]])
    assert sorted(backwards) == sorted(keys)
    changed = frame.assign(tenure=frame["tenure"] + 1)
    assert not set(customer_keys(None, changed)) & set(keys)


def test_an_id_is_known_however_it_is_spelt(telco: Dataset) -> None:
    keys = customer_keys([" 12", "12.0", None, "A\u0301", "\u00c1 "], telco.frame.iloc[:5])
    assert keys[0] == keys[1] == "12"
    assert keys[2].startswith("row ")
    assert keys[3] == keys[4]


def test_doubles_of_a_customer_held_out_are_not_learnt_from(telco: Dataset) -> None:
    """Two tables joined, each customer twice by another id: the model of the one knows the answer of the other."""
    half = telco.take(numpy.arange(2000))
    assert half.keys is not None
    keys = numpy.concatenate([half.keys, numpy.array([f"{key} again" for key in half.keys], dtype=object)])
    twice = replace(telco.take(numpy.tile(numpy.arange(2000), 2)), keys=keys, groups=numpy.tile(half.groups, 2))
    train, held = holdout(twice, seed=0)
    assert not set(twice.groups[train]) & set(twice.groups[held])
    rule = holdout_of(twice)
    assert not [key for key in keys[train] if rule.holds(key)]


def test_so_few_that_nobody_of_a_class_is_held_out_means_more_are(telco: Dataset) -> None:
    left, stayed = (numpy.flatnonzero(telco.churned == value)[:30] for value in (1, 0))
    few = telco.take(numpy.concatenate([left[:10], stayed]))
    train, held = holdout(few, seed=0)
    assert len(set(few.churned[held])) == len(set(few.churned[train])) == 2
    stated = msgspec.structs.replace(few.usecase, holdout=HoldoutRule("mine", 0.001))
    with pytest.raises(DataError, match="both are needed"):
        holdout(replace(few, usecase=stated), seed=0)
