"""A long list of customers as requests that a gateway takes: so many customers, so many bytes, in the list's order.

It knows nothing of sending.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from churn_client.answers import Customer
from churn_client.errors import FieldError, InvalidRequest, Problem

_HEAD, _TAIL, _EXPLAIN = b'{"customers":[', b"]}", b'],"explain":true}'
_AROUND = len(_HEAD) + len(_EXPLAIN)
_LONGEST_ID = 128
_INVALID = 422
FINITE = "expected a finite number, or null if it is not known"
_encode = msgspec.json.Encoder().encode


class Batch(NamedTuple):
    """Customers of one request by their places in the list, and how each is written."""

    places: tuple[int, ...]
    written: tuple[bytes, ...]
    explain: bool

    @property
    def body(self) -> bytes:
        """Of ``POST /v1/predictions``."""
        return _HEAD + b",".join(self.written) + (_EXPLAIN if self.explain else _TAIL)

    def halves(self) -> tuple["Batch", "Batch"]:
        """The same customers in two requests."""
        middle = len(self.places) // 2
        return (
            self._replace(places=self.places[:middle], written=self.written[:middle]),
            self._replace(places=self.places[middle:], written=self.written[middle:]),
        )

    def without(self, places: frozenset[int]) -> "Batch":
        """The same without the customers at these places of the list."""
        kept = [index for index, place in enumerate(self.places) if place not in places]
        return self._replace(
            places=tuple(self.places[index] for index in kept), written=tuple(self.written[index] for index in kept)
        )


def write(customers: Sequence[Customer]) -> list[bytes]:
    """Each customer as JSON.

    Raises:
        InvalidRequest: customers who could be in no request, by place: an id that is none or comes twice, features that
            are no JSON, infinite numbers among them, which JSON would make unknown ones. No value is told.
    """
    faults: list[FieldError] = []
    written: list[bytes] = []
    places: dict[str, int] = {}
    given: Sequence[Any] = customers  # of callers without type checks
    for place, customer in enumerate(given):
        if not isinstance(customer, Customer):
            faults.append(FieldError(f"customers[{place}]", "expected a churn_client.Customer"))
            continue
        fault = _id_fault(customer.customer_id, places.get(customer.customer_id))
        if fault:
            faults.append(FieldError(f"customers[{place}].customer_id", fault))
        places.setdefault(customer.customer_id, place)
        try:
            written.append(_encode(customer))
            if b"null" in written[-1]:
                faults += [FieldError(f"customers[{place}].features.{name}", FINITE) for name in _infinite(customer)]
        except (TypeError, ValueError, UnicodeEncodeError, RecursionError):
            faults.append(FieldError(f"customers[{place}].features", "expected names with texts, numbers or null"))
    if faults:
        raise InvalidRequest(_INVALID, Problem("urn:churn-client:invalid", "Not sent", _INVALID, errors=tuple(faults)))
    return written


def _infinite(customer: Customer) -> list[str]:
    return [name for name, value in customer.features.items() if isinstance(value, float) and math.isinf(value)]


def _id_fault(customer_id: object, former: int | None) -> str:
    if not isinstance(customer_id, str) or not 1 <= len(customer_id) <= _LONGEST_ID:
        return f"expected a text of 1 to {_LONGEST_ID} characters"
    return "" if former is None else f"same id as customers[{former}]"


def batches(written: Sequence[bytes], customers: int, most_bytes: int, *, explain: bool) -> Iterator[Batch]:
    """Requests of at most so many customers and bytes, in order; a customer who is larger alone gets one of their own,
    which the gateway may refuse."""
    start, size = 0, _AROUND
    for place, each in enumerate(written):
        size += len(each) + 1
        if place > start and (place - start >= customers or size > most_bytes):
            yield _batch(written, start, place, explain=explain)
            start, size = place, _AROUND + len(each) + 1
    if written:
        yield _batch(written, start, len(written), explain=explain)


def _batch(written: Sequence[bytes], start: int, end: int, *, explain: bool) -> Batch:
    return Batch(tuple(range(start, end)), tuple(written[start:end]), explain)
