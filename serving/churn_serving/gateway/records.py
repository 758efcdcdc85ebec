"""Customer records in JSON, checked against a model's schema by a decoder compiled from it.

A sound request is decoded and checked in one pass at C speed. Only when that fails is it read again, patiently, to name
every fault at once; no fault ever quotes a customer's value.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import msgspec

from churn_model.schema import NAN, Row, Schema, SchemaFeature
from churn_serving.gateway.record_faults import MAXIMUM_ID, MAXIMUM_TEXT, find_faults
from churn_serving.oip.faults import InvalidRequest, Problem
from churn_serving.oip.messages import MAX_EXPLAINED_ROWS
from churn_serving.oip.tensors import LARGEST

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
    """Customer ids and rows side by side, in the order of the request."""

    customer_ids: list[str]
    rows: list[Row]
    explain: bool


class RecordDecoder:
    """Reads ``POST /v1/predictions`` bodies for one schema; compiled once, safe to share."""

    def __init__(self, schema: Schema, maximum_customers: int) -> None:
        self.schema = schema
        self.body_type = body_type(schema, maximum_customers)
        self._maximum_customers = maximum_customers
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(self.body_type).decode
        self._numbers = tuple(feature.type == "number" for feature in schema.features)

    def decode(self, body: bytes) -> Request:
        """Read a request.

        Raises:
            MalformedRequest: not JSON.
            InvalidRequest: JSON, but not what the schema asks for; every fault is named.
        """
        try:
            parsed = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._explain(body) from None
        customer_ids = [customer.customer_id for customer in parsed.customers]
        if len(customer_ids) > 1 and len(set(customer_ids)) != len(customer_ids):
            raise self._explain(body)
        return Request(customer_ids, [self._row(customer.features) for customer in parsed.customers], parsed.explain)

    def _row(self, features: Any) -> Row:
        values = msgspec.structs.astuple(features)
        if None in values or "" in values:
            return [
                (NAN if value is None else value) if number else (value or None)
                for value, number in zip(values, self._numbers, strict=True)
            ]
        return values

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


def body_type(schema: Schema, maximum_customers: int) -> type[msgspec.Struct]:
    """The struct type of a request body for a schema; its JSON schema is what the API documentation shows."""
    fields = [(f"field{index}", _value_type(feature)) for index, feature in enumerate(schema.features)]
    rename = {f"field{index}": feature.name for index, feature in enumerate(schema.features)}
    features = msgspec.defstruct("Features", fields, rename=rename, forbid_unknown_fields=True, gc=False)
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


def _value_type(feature: SchemaFeature) -> Any:
    if feature.type == "category":
        return Annotated[str, msgspec.Meta(max_length=MAXIMUM_TEXT, examples=list(feature.categories[:4]))] | None
    low = -LARGEST if feature.minimum is None else feature.minimum
    high = LARGEST if feature.maximum is None else feature.maximum
    return Annotated[float, msgspec.Meta(ge=low, le=high)] | None
