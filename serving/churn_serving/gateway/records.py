"""Customer records in JSON, checked against a model's schema by a decoder compiled from it.

A sound request is decoded and checked in one pass at C speed. Only when that fails is it read again, patiently, to name
every fault at once; no fault ever quotes a customer's value.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import msgspec

from churn_model.schema import Row, Schema
from churn_model.spelling import Note
from churn_serving.gateway.feature_types import features_type
from churn_serving.gateway.record_faults import MAXIMUM_ID, find_faults
from churn_serving.oip.faults import InvalidRequest, Problem
from churn_serving.oip.json_names import names_come_once, read_document
from churn_serving.oip.messages import MAX_EXPLAINED_ROWS

_Explain = Annotated[
    bool,
    msgspec.Meta(
        extra_json_schema={"default": False},
        description=f"Whether to say why, for at most {MAX_EXPLAINED_ROWS} customers. The answer takes up to a quarter "
        "of a second longer, and comes without reasons where they cannot be had in that time.",
    ),
]


class MalformedRequest(InvalidRequest):
    """The body is not JSON at all."""


class Request(NamedTuple):
    """Customer ids and rows side by side, in the order of the request, and what is missing or new in them."""

    customer_ids: list[str]
    rows: list[Row]
    explain: bool
    notes: list[Note] | None = None


class RecordDecoder:
    """Reads ``POST /v1/predictions`` bodies for one schema; compiled once, safe to share."""

    def __init__(self, schema: Schema, maximum_customers: int) -> None:
        self.schema = schema
        features, self._values = features_type(schema)
        self._row = schema.spelling.row
        # A customer's own two, and one a feature.
        self._names_a_customer = 2 + len(schema.features) + len(schema.snapshot_columns)
        self.body_type = _body_type(features, maximum_customers)
        self._maximum_customers = maximum_customers
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(self.body_type).decode

    def decode(self, body: bytes) -> Request:
        """Read a request.

        Raises:
            MalformedRequest: not JSON.
            InvalidRequest: JSON, but not what the schema asks for; every fault is named.
        """
        return self.decode_sound(body) or self._decode_patiently(body)

    def decode_sound(self, body: bytes) -> Request | None:
        """Read a request that has no fault and names nothing twice; None for any other, and for the few of which that
        is not clear at once."""
        request, names = self._read(body)
        return request if names_come_once(body, names) else None

    def _read(self, body: bytes) -> tuple[Request | None, int]:
        """A request without a fault, but for names that come twice, and how many there are; None for any other."""
        try:
            parsed = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None, 0
        customer_ids = [customer.customer_id for customer in parsed.customers]
        if len(customer_ids) > 1 and len(set(customer_ids)) != len(customer_ids):
            return None, 0
        records = [self._values(customer.features) for customer in parsed.customers]
        if None in records:
            return None, 0
        notes: list[Note] = []
        rows = [self._row(values, number, notes) for number, values in enumerate(records)]  # type: ignore[arg-type]
        names = 1 + (parsed.explain is not msgspec.UNSET) + len(records) * self._names_a_customer
        return Request(customer_ids, rows, parsed.explain is True, notes), names

    def _decode_patiently(self, body: bytes) -> Request:
        try:
            document = read_document(body.decode())
        except UnicodeDecodeError:
            raise MalformedRequest([Problem("body", "not UTF-8")]) from None
        except json.JSONDecodeError as error:
            fault = f"not JSON: line {error.lineno}, column {error.colno}"
            raise MalformedRequest([Problem("body", fault)]) from None
        except RecursionError:
            raise MalformedRequest([Problem("body", "JSON is nested too deeply")]) from None
        except ValueError:  # an integer of more digits than Python converts
            raise MalformedRequest([Problem("body", "a number has too many digits")]) from None
        request = None if document.doubled else self._read(body)[0]
        if request is None:
            raise find_faults(document, self.schema, self._maximum_customers)
        return request


def undescribed_body_type(maximum_customers: int) -> type[msgspec.Struct]:
    """The same for those who may not know a model: its features are not named."""
    return _body_type(dict[str, str | float | bool | None], maximum_customers)


def _body_type(features: Any, maximum_customers: int) -> type[msgspec.Struct]:
    """The struct type of a request body; its JSON schema is what the API documentation shows."""
    customer = msgspec.defstruct(
        "Customer",
        [("customer_id", Annotated[str, msgspec.Meta(min_length=1, max_length=MAXIMUM_ID)]), ("features", features)],
        forbid_unknown_fields=True,
        gc=False,
    )
    customers = Annotated[list[customer], msgspec.Meta(min_length=1, max_length=maximum_customers)]  # type: ignore[valid-type]
    return msgspec.defstruct(
        "PredictionRequest",
        [("customers", customers), ("explain", _Explain | msgspec.UnsetType, msgspec.UNSET)],
        forbid_unknown_fields=True,
    )
