"""The type that a record's features are decoded into, compiled from a schema, and the values of a decoded one.

A struct for nearly every schema. msgspec's structs hold no name with a quote, a backslash or a control character, all
of which files of customers do have in their headers; such a schema's features are decoded into a mapping and checked
here, by the rules that also explain faults. It knows nothing of requests.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from churn_model.schema import MAXIMUM_TEXT, Schema, SchemaFeature
from churn_serving.gateway.record_faults import value_fault
from churn_serving.oip.tensors import LARGEST, LARGEST_WHOLE

_UNNAMEABLE = frozenset('"\\' + "".join(map(chr, range(32))))
ValuesOf = Callable[[Any], Sequence[Any] | None]


def features_type(schema: Schema) -> tuple[Any, ValuesOf]:
    """The type of a record's features, and what takes their values out of a decoded one, in the schema's order: None
    for one that does not fit."""
    if any(_UNNAMEABLE & set(name) for name in schema.names):
        return _mapping_type(schema), _ValuesOfMapping(schema)
    fields = [(f"field{index}", _value_type(feature)) for index, feature in enumerate(schema.features)]
    rename = {f"field{index}": feature.name for index, feature in enumerate(schema.features)}
    struct = msgspec.defstruct("Features", fields, rename=rename, forbid_unknown_fields=True, gc=False)
    return struct, msgspec.structs.astuple


class _ValuesOfMapping:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._names = frozenset(schema.names)

    def __call__(self, features: Mapping[str, Any]) -> Sequence[Any] | None:
        if features.keys() != self._names:
            return None
        schema = self._schema
        if any(value_fault(features[feature.name], feature) for feature in schema.features):
            return None
        return [_as_decoded(features[feature.name], feature) for feature in schema.features]


def _as_decoded(value: Any, feature: SchemaFeature) -> Any:
    """A value as a struct would hold it, whose numbers are floats."""
    return float(value) if feature.type == "number" and value is not None else value


def _mapping_type(schema: Schema) -> Any:
    """With the names in its JSON schema, since they are what a caller reads in the documentation."""
    properties = {feature.name: msgspec.json.schema(_value_type(feature)) for feature in schema.features}
    shape = {"properties": properties, "required": list(schema.names), "additionalProperties": False}
    return Annotated[dict[str, float | int | str | bool | None], msgspec.Meta(extra_json_schema=shape)]


def _value_type(feature: SchemaFeature) -> Any:
    if feature.type == "category":
        text: Any = Annotated[str, msgspec.Meta(max_length=MAXIMUM_TEXT, examples=list(feature.categories[:4]))]
        whole: Any = Annotated[int, msgspec.Meta(ge=-LARGEST_WHOLE, le=LARGEST_WHOLE)]
        return text | bool | whole | Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)] | None
    low = -LARGEST if feature.minimum is None else feature.minimum
    high = LARGEST if feature.maximum is None else feature.maximum
    return Annotated[float, msgspec.Meta(ge=low, le=high)] | None
