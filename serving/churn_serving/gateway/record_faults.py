"""Every fault of a request for predictions, in words that say what to do.

Reads what the standard library's JSON parser made of a body that the compiled decoder refused. Must never put a
customer's value into a message: a field's name and what is expected there are enough to mend it.
"""

import itertools
import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress

from churn_model.dates import moment
from churn_model.not_known import date_text, known_date
from churn_model.schema import MAXIMUM_TEXT, Schema, SchemaFeature
from churn_serving.gateway.date_values import MAXIMUM_DATE
from churn_serving.oip.faults import MAX_PROBLEMS, InvalidRequest, Problem, is_text
from churn_serving.oip.json_names import Document, named
from churn_serving.oip.messages import MAX_EXPLAINED_ROWS
from churn_serving.oip.tensors import LARGEST, LARGEST_WHOLE

MAXIMUM_ID = 128
_NO_DATE = "expected a date such as 2024-03-31"
_MAXIMUM_COUNTED = 1000
"""Faults beyond those listed that are counted; looking for all of a hostile body takes longer than reading it."""


def find_faults(document: Document, schema: Schema, maximum_customers: int) -> InvalidRequest:
    """All faults, at least one; beyond :data:`MAX_PROBLEMS` the rest is counted."""
    faults = itertools.chain(document.doubled, _body(document.content, schema, maximum_customers))
    listed = list(itertools.islice(faults, MAX_PROBLEMS))
    if not listed:
        return InvalidRequest([Problem("body", "not a request this service can read")])
    more = sum(1 for _ in itertools.islice(faults, _MAXIMUM_COUNTED))
    if more < _MAXIMUM_COUNTED:
        return InvalidRequest(listed, more)
    return InvalidRequest([*listed[:-1], Problem("body", f"and more than {_MAXIMUM_COUNTED} more problems")])


def explain_fault(customers: int) -> Problem | None:
    """What is wrong with asking for the reasons of so many customers; None if nothing is."""
    if customers <= MAX_EXPLAINED_ROWS:
        return None
    return Problem("explain", f"reasons are given for at most {MAX_EXPLAINED_ROWS} customers in one request")


def _body(document: object, schema: Schema, maximum_customers: int) -> Iterator[Problem]:
    if not isinstance(document, dict):
        yield Problem("body", "expected an object with customers")
        return
    for key in _unknown(document, ("customers", "explain")):
        yield Problem(named(key), "unknown field")
    customers = document.get("customers")
    yield from _explain(document.get("explain", False), customers)
    if not isinstance(customers, list):
        yield Problem("customers", "expected a list of customers")
        return
    if not customers:
        yield Problem("customers", "expected at least one customer")
    if len(customers) > maximum_customers:
        yield Problem("customers", f"{len(customers)} customers; send at most {maximum_customers} in one request")
        return
    seen: dict[str, int] = {}
    for index, customer in enumerate(customers):
        yield from _customer(customer, f"customers[{index}]", schema)
        customer_id = customer.get("customer_id") if isinstance(customer, dict) else None
        if isinstance(customer_id, str) and customer_id in seen:
            yield Problem(f"customers[{index}].customer_id", f"same id as customers[{seen[customer_id]}]")
        elif isinstance(customer_id, str):
            seen[customer_id] = index


def _explain(explain: object, customers: object) -> Iterator[Problem]:
    if not isinstance(explain, bool):
        yield Problem("explain", "expected true or false")
    elif explain and isinstance(customers, list):
        fault = explain_fault(len(customers))
        if fault:
            yield fault


def _customer(customer: object, place: str, schema: Schema) -> Iterator[Problem]:
    if not isinstance(customer, dict):
        yield Problem(place, "expected an object with customer_id and features")
        return
    for key in _unknown(customer, ("customer_id", "features")):
        yield Problem(f"{place}.{named(key)}", "unknown field")
    customer_id = customer.get("customer_id")
    if not isinstance(customer_id, str) or not 1 <= len(customer_id) <= MAXIMUM_ID or not is_text(customer_id):
        yield Problem(f"{place}.customer_id", f"expected a text of 1 to {MAXIMUM_ID} characters")
    features = customer.get("features")
    if not isinstance(features, dict):
        yield Problem(f"{place}.features", "expected an object with one field a feature")
        return
    yield from _features(features, place, schema)


def _features(features: dict[str, object], place: str, schema: Schema) -> Iterator[Problem]:
    for key in _unknown(features, (*schema.names, *schema.snapshot_columns)):
        yield Problem(f"{place}.features.{named(key)}", "unknown feature")
    for feature in schema.features:
        where = f"{place}.features.{feature.name}"
        if feature.name not in features:
            yield Problem(where, "missing; send null if it is not known")
        else:
            fault = value_fault(features[feature.name], feature, schema)
            if fault:
                yield Problem(where, fault)
    for name, spelling in schema.snapshot_columns.items():
        fault = snapshot_fault(features.get(name), spelling, schema)
        if fault:
            yield Problem(f"{place}.features.{name}", fault)


def _unknown(fields: Mapping[str, object], known: Collection[str]) -> Iterator[str]:
    """Names without a meaning, in their order; one after the other, since of two hundred thousand few are wanted."""
    return (name for name in fields if name not in known)


def value_fault(value: object, feature: SchemaFeature, schema: Schema) -> str:
    """What is wrong with a value; empty if nothing is."""
    if value is None:
        return ""
    if feature.date is not None:
        return _date_fault(value, feature.date.spelling, schema)
    return _text_fault(value) if feature.type == "category" else _number_fault(value, feature, schema.spelling.unknown)


def _date_fault(value: object, spelling: str, schema: Schema) -> str:
    with suppress(ValueError, TypeError):
        text = known_date(value, spelling, schema.tokens)
        if text is not None:
            moment(text, spelling)
        return _length_fault(value)
    return _NO_DATE


def snapshot_fault(value: object, spelling: str, schema: Schema) -> str:
    """What is wrong with a snapshot, which has to be a date; empty if nothing is."""
    with suppress(ValueError, TypeError):
        moment(date_text(value, spelling, schema.tokens) or "", spelling)
        return _length_fault(value)
    return _NO_DATE


def _length_fault(value: object) -> str:
    return _NO_DATE if isinstance(value, str) and len(value) > MAXIMUM_DATE else ""


def _text_fault(value: object) -> str:
    """A truth value and a number are levels too, as they were in the file that a model learned from."""
    if isinstance(value, int) and abs(value) <= LARGEST_WHOLE:
        return ""
    if isinstance(value, int | float):
        return "too large" if isinstance(value, int) else _size_fault(value)
    if not isinstance(value, str):
        return "expected a text, a number, true, false or null"
    if len(value) > MAXIMUM_TEXT:
        return f"longer than {MAXIMUM_TEXT} characters"
    return "" if is_text(value) else "not valid Unicode"


def _number_fault(value: object, feature: SchemaFeature, unknown: frozenset[float]) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "expected a number or null"
    return _size_fault(value) or ("" if value in unknown else _range_fault(float(value), feature))


def _size_fault(value: float) -> str:
    if value != value:  # noqa: PLR0124 - NaN; math.isnan fails on an integer beyond a double
        return "NaN is not a number; send null if it is not known"
    try:
        number = float(value)
    except OverflowError:
        return "too large"
    return "infinite or too large" if math.isinf(number) or abs(number) > LARGEST else ""


def _range_fault(number: float, feature: SchemaFeature) -> str:
    if feature.minimum is not None and number < feature.minimum:
        return f"must be at least {feature.minimum:g}"
    if feature.maximum is not None and number > feature.maximum:
        return f"must be at most {feature.maximum:g}"
    return ""
