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
from churn_serving.oip.messages import MAX_EXPLAINED_ROWS

_Explain = Annotated[
    bool,
    msgspec.Meta(
        description=f"Whether to say why, for at most {MAX_EXPLAINED_ROWS} customers. The answer takes up to a quarter "
        "of a second longer, and comes without reasons where they cannot be had in that time."
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
        self.body_type = _body_type(features, maximum_customers)
        self._maximum_customers = maximum_customers
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(self.body_type).decode

    def decode(self, body: bytes) -> Request:
        """Read a request.

        Raises:
            MalformedRequest: not JSON.
            InvalidRequest: JSON, but not what the schema asks for; every fault is named.
        """
        request = self.decode_sound(body)
        if request is None:
            raise self._explain(body)
        return request

    def decode_sound(self, body: bytes) -> Request | None:
        """Read a request that has no fault; None for any other."""
        try:
            parsed = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        customer_ids = [customer.customer_id for customer in parsed.customers]
        if len(customer_ids) > 1 and len(set(customer_ids)) != len(customer_ids):
            return None
        records = [self._values(customer.features) for customer in parsed.customers]
        if None in records:
            return None
        notes: list[Note] = []
        rows = [self._row(values, number, notes) for number, values in enumerate(records)]  # type: ignore[arg-type]
        return Request(customer_ids, rows, parsed.explain, notes)

    def _explain(self, body: bytes) -> InvalidRequest:
        try:
            document = json.loads(body.decode())
        except UnicodeDecodeError:
            return MalformedRequest([Problem("body", "not UTF-8")])
        except json.JSONDecodeError as error:
            return MalformedRequest([Problem("body", f"not JSON: line {error.lineno}, column {error.colno}")])
        except RecursionError:
            return MalformedRequest([Problem("body", "JSON is nested too deeply")])
        except ValueError:  # an integer of more digits than Python converts
            return MalformedRequest([Problem("body", "a number has too many digits")])
        return find_faults(document, self.schema, self._maximum_customers)


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
        "PredictionRequest", [("customers", customers), ("explain", _Explain, False)], forbid_unknown_fields=True
    )
