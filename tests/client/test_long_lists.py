"""A long list in many requests: each customer is asked about once, answered at their own place, and failed alone."""

import json
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given

from churn_client import Customer, InvalidRequest, PartialFailure, Settings, TooLarge, Unavailable
from churn_client.predicting import ManyPredictions, answer_batch, split
from tests.client.conftest import WRONG, Carrier, problem

LISTS = st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=60)


def customers_of(drawn: list[tuple[bool, int]]) -> list[Customer]:
    return [
        Customer(f"id-{place}", {"a": WRONG if wrong else place, "text": "ü" * length})
        for place, (wrong, length) in enumerate(drawn)
    ]


def carried(carrier: Carrier, customers: list[Customer], *, explain: bool = False) -> ManyPredictions:
    found = ManyPredictions([None] * len(customers))
    for batch in split(carrier.caller.settings, customers, explain=explain):
        found.add(carrier(answer_batch(carrier.caller, customers, batch, None)))
    return found


@given(LISTS, st.integers(1, 12), st.integers(100, 2000), st.integers(400, 3000), st.integers(1, 5), st.booleans())
def test_whoever_is_sound_is_answered_in_place_and_whoever_is_wrong_is_named_in_place(
    drawn: list[tuple[bool, int]], most: int, most_bytes: int, gateways_bytes: int, most_faults: int, explain: bool
) -> None:
    settings = Settings("http://gateway", batch_customers=most, batch_bytes=most_bytes)
    carrier, customers = Carrier(settings), customers_of(drawn)
    carrier.rules.most_bytes, carrier.rules.most_faults = gateways_bytes, most_faults
    found = carried(carrier, customers, explain=explain)
    for place, (customer, prediction) in enumerate(zip(customers, found.predictions, strict=True)):
        assert (prediction is None) == (customer.features["a"] == WRONG)
        assert prediction is None or prediction.customer_id == customer.customer_id
        if prediction is None:
            (failure,) = [each for each in found.failures if place in each.places]
            assert failure.places == (place,)
            assert isinstance(failure.error, InvalidRequest)
            assert [each.field for each in failure.error.errors] == [f"customers[{place}].features.a"]
    assert sum(found.served_by.values()) == len(customers) - sum(wrong for wrong, _ in drawn)
    for send in carrier.rules.sent:
        assert len(json.loads(send.body)["customers"]) <= most
        assert json.loads(send.body).get("explain", False) is explain


@given(LISTS, st.integers(1, 12), st.integers(100, 2000))
def test_requests_are_as_few_as_the_bounds_allow(drawn: list[tuple[bool, int]], most: int, most_bytes: int) -> None:
    customers = customers_of(drawn)
    settings = Settings("http://gateway", batch_customers=most, batch_bytes=most_bytes)
    batches = split(settings, customers, explain=False)
    assert [place for batch in batches for place in batch.places] == list(range(len(customers)))
    for batch in batches:
        assert len(batch.places) == 1 or (len(batch.places) <= most and len(batch.body) <= most_bytes)
    for batch, following in pairwise(batches):
        joined = batch._replace(written=(*batch.written, following.written[0]))
        assert len(batch.places) == most or len(joined.body) + len(',"explain":true') >= most_bytes


def test_one_request_that_fails_leaves_the_others_answered(carrier: Carrier) -> None:
    carrier.caller.settings = Settings("http://gateway", batch_customers=2, attempts=1)
    answers = iter([None, problem(503), None])
    carrier.rules.before = lambda: next(answers)
    found = carried(carrier, customers_of([(False, 0)] * 6))
    assert [prediction is None for prediction in found.predictions] == [False, False, True, True, False, False]
    (failure,) = found.failures
    assert failure.places == (2, 3)
    with pytest.raises(PartialFailure, match="2 of 6 customers have no answer: Unavailable") as raised:
        found.raise_for_failures()
    assert isinstance(raised.value.errors[0], Unavailable)


def test_a_customer_who_is_too_large_alone_fails_alone(carrier: Carrier) -> None:
    carrier.rules.most_bytes = 300
    customers = customers_of([(False, 1), (False, 300), (False, 1)])
    found = carried(carrier, customers)
    assert [prediction is None for prediction in found.predictions] == [False, True, False]
    assert isinstance(found.failures[0].error, TooLarge)


def test_who_could_be_in_no_request_is_named_before_anything_is_sent(carrier: Carrier) -> None:
    customers = [
        Customer("secret", {"a": 1}),
        Customer("", {}),
        Customer("secret", {"a": object()}),  # type: ignore[dict-item]
        {"customer_id": "secret", "features": {}},
        Customer("c", {"a": float("nan"), "b": float("-inf"), "text": None}),
    ]
    with pytest.raises(InvalidRequest) as raised:
        split(carrier.caller.settings, customers, explain=False)  # type: ignore[arg-type]
    assert [each.field for each in raised.value.errors] == [
        "customers[1].customer_id",
        "customers[2].customer_id",
        "customers[2].features",
        "customers[3]",
        "customers[4].features.b",
    ]
    assert "secret" not in str(raised.value) + repr(raised.value) + repr(customers[0])
    assert carrier.rules.sent == []
