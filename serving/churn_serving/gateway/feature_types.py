"""The type that a record's features are decoded into, compiled from a schema, and how its values become a row.

A struct for nearly every schema. msgspec's structs hold no name with a quote, a backslash or a control character, all
of which files of customers do have in their headers; such a schema's features are decoded into a mapping and checked
here, by the rules that also explain faults. It knows nothing of requests.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec

from churn_model.schema import MAXIMUM_TEXT, NAN, Row, Schema, SchemaFeature
from churn_serving.gateway.record_faults import value_fault
from churn_serving.oip.tensors import LARGEST

_UNNAMEABLE = frozenset('"\\' + "".join(map(chr, range(32))))
RowOf = Callable[[Any], Row | None]


def features_type(schema: Schema) -> tuple[Any, RowOf]:
    """The type of a record's features, and what makes a row of a decoded value: None for one that does not fit."""
    if any(_UNNAMEABLE & set(name) for name in schema.names):
        return _mapping_type(schema), _RowOfMapping(schema)
    fields = [(f"field{index}", _value_type(feature)) for index, feature in enumerate(schema.features)]
    rename = {f"field{index}": feature.name for index, feature in enumerate(schema.features)}
    struct = msgspec.defstruct("Features", fields, rename=rename, forbid_unknown_fields=True, gc=False)
    return struct, _RowOfStruct(schema)


class _RowOfStruct:
    def __init__(self, schema: Schema) -> None:
        self._numbers = tuple(feature.type == "number" for feature in schema.features)

    def __call__(self, features: Any) -> Row:
        values = msgspec.structs.astuple(features)
        if None in values or "" in values:
            return [
                (NAN if value is None else value) if number else (value or None)
                for value, number in zip(values, self._numbers, strict=True)
            ]
        return values


class _RowOfMapping:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._names = frozenset(schema.names)

    def __call__(self, features: Mapping[str, Any]) -> Row | None:
        if features.keys() != self._names:
            return None
        schema = self._schema
        if any(value_fault(features[feature.name], feature) for feature in schema.features):
            return None
        return [_known(features[feature.name], feature) for feature in schema.features]


def _known(value: Any, feature: SchemaFeature) -> float | str | None:
    """A value as rows hold it: NaN for a missing number, None for a missing or empty text."""
    if feature.type == "number":
        return NAN if value is None else float(value)
    return value or None


def _mapping_type(schema: Schema) -> Any:
    """With the names in its JSON schema, since they are what a caller reads in the documentation."""
    properties = {feature.name: msgspec.json.schema(_value_type(feature)) for feature in schema.features}
    shape = {"properties": properties, "required": list(schema.names), "additionalProperties": False}
    return Annotated[dict[str, float | str | None], msgspec.Meta(extra_json_schema=shape)]


def _value_type(feature: SchemaFeature) -> Any:
    if feature.type == "category":
        return Annotated[str, msgspec.Meta(max_length=MAXIMUM_TEXT, examples=list(feature.categories[:4]))] | None
    low = -LARGEST if feature.minimum is None else feature.minimum
    high = LARGEST if feature.maximum is None else feature.maximum
    return Annotated[float, msgspec.Meta(ge=low, le=high)] | None
