"""The type that a record's features are decoded into, compiled from a schema, and the values of a decoded one.

A struct for nearly every schema. msgspec's structs hold no name with a quote, a backslash or a control character, all
of which files of customers do have in their headers; such a schema's features are decoded into a mapping and checked
here, by the rules that also explain faults. It knows nothing of requests.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from churn_model.dates import ISO, is_number
from churn_model.schema import MAXIMUM_TEXT, Schema, SchemaFeature
from churn_serving.gateway.date_values import MAXIMUM_DATE, ValuesWithDates
from churn_serving.gateway.record_faults import snapshot_fault, value_fault
from churn_serving.oip.tensors import LARGEST, LARGEST_WHOLE

_UNNAMEABLE = frozenset('"\\' + "".join(map(chr, range(32))))
ValuesOf = Callable[[Any], Sequence[Any] | None]


def features_type(schema: Schema) -> tuple[Any, ValuesOf]:
    """The type of a record's features, and what takes their values out of a decoded one, in the schema's order: None
    for one that does not fit."""
    kind, values = _plain_type(schema)
    bounds = _bounds_with_unknown(schema)
    if bounds:
        values = _ValuesWithinBounds(values, bounds, schema.spelling.unknown)
    return kind, ValuesWithDates(schema, values) if any(feature.date for feature in schema.features) else values


def _plain_type(schema: Schema) -> tuple[Any, ValuesOf]:
    """The same with dates as texts, and the snapshots that they need after the features."""
    types = _types(schema)
    if any(_UNNAMEABLE & set(name) for name in types):
        return _mapping_type(types), _ValuesOfMapping(schema)
    fields = [(f"field{index}", kind) for index, kind in enumerate(types.values())]
    rename = {f"field{index}": name for index, name in enumerate(types)}
    struct = msgspec.defstruct("Features", fields, rename=rename, forbid_unknown_fields=True, gc=False)
    return struct, msgspec.structs.astuple


def _types(schema: Schema) -> dict[str, Any]:
    unknown = schema.spelling.unknown
    features = {feature.name: _value_type(feature, unknown) for feature in schema.features}
    return features | {name: _date_type(spelling) for name, spelling in schema.snapshot_columns.items()}


class _ValuesOfMapping:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._names = frozenset((*schema.names, *schema.snapshot_columns))

    def __call__(self, features: Mapping[str, Any]) -> Sequence[Any] | None:
        if features.keys() != self._names:
            return None
        schema = self._schema
        if any(value_fault(features[feature.name], feature, schema) for feature in schema.features):
            return None
        if any(snapshot_fault(features[name], spelling, schema) for name, spelling in schema.snapshot_columns.items()):
            return None
        snapshots = [features[name] for name in schema.snapshot_columns]
        return [*(_as_decoded(features[feature.name], feature) for feature in schema.features), *snapshots]


class _ValuesWithinBounds:
    """Takes a record's values where a number outside a feature's bounds may mean «not known»: that number alone."""

    def __init__(self, values: ValuesOf, bounds: Sequence[tuple[int, float, float]], unknown: frozenset[float]) -> None:
        self._values = values
        self._bounds = bounds
        self._unknown = unknown

    def __call__(self, features: Any) -> Sequence[Any] | None:
        values = self._values(features)
        if values is None:
            return None
        for place, low, high in self._bounds:
            value = values[place]
            if value is not None and not low <= value <= high and value not in self._unknown:
                return None
        return values


def _bounds_with_unknown(schema: Schema) -> list[tuple[int, float, float]]:
    """Place, least and largest number of the features outside whose bounds a number lies that means «not known»."""
    return [
        (place, *own)
        for place, feature in enumerate(schema.features)
        if feature.type == "number"
        and feature.date is None
        and (own := _bounds(feature)) != _bounds(feature, schema.spelling.unknown)
    ]


def _bounds(feature: SchemaFeature, unknown: frozenset[float] = frozenset()) -> tuple[float, float]:
    """The least and the largest number that a feature takes, those that mean «not known» among them."""
    low = -LARGEST if feature.minimum is None else feature.minimum
    high = LARGEST if feature.maximum is None else feature.maximum
    return min(low, *unknown, low), max(high, *unknown, high)


def _as_decoded(value: Any, feature: SchemaFeature) -> Any:
    """A value as a struct would hold it, whose numbers are floats."""
    is_number = feature.type == "number" and feature.date is None
    return float(value) if is_number and value is not None else value


def _mapping_type(types: Mapping[str, Any]) -> Any:
    """With the names in its JSON schema, since they are what a caller reads in the documentation."""
    properties = {name: msgspec.json.schema(kind) for name, kind in types.items()}
    shape = {"properties": properties, "required": list(types), "additionalProperties": False}
    return Annotated[dict[str, float | int | str | bool | None], msgspec.Meta(extra_json_schema=shape)]


def _date_type(spelling: str) -> Any:
    own = "" if spelling == ISO else f", or spelt as {spelling}"
    described = {"format": "date", "description": f"A date, a time of day behind it or not{own}."}
    text: Any = Annotated[
        str, msgspec.Meta(max_length=MAXIMUM_DATE, examples=["2024-03-31"], extra_json_schema=described)
    ]
    return text | Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)] if is_number(spelling) else text


def _value_type(feature: SchemaFeature, unknown: frozenset[float]) -> Any:
    if feature.date is not None:
        return _date_type(feature.date.spelling) | None
    if feature.type == "category":
        text: Any = Annotated[str, msgspec.Meta(max_length=MAXIMUM_TEXT, examples=list(feature.categories[:4]))]
        whole: Any = Annotated[int, msgspec.Meta(ge=-LARGEST_WHOLE, le=LARGEST_WHOLE)]
        return text | bool | whole | Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)] | None
    low, high = _bounds(feature, unknown)
    return Annotated[float, msgspec.Meta(ge=low, le=high)] | None
