"""The schema is closed at every level, and is of the same keys as the values."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from tests.charts.rendered import Chart

# Handed on whole by toYaml or merged; their keys are Kubernetes'.
WHOLE = {"resources", "setupResources", "showResources", "behavior", "autoscalingBehavior"}
# Helm puts them there for charts within charts.
HELMS_OWN = {"global", "churn-library"}


@pytest.fixture(scope="session")
def schema(chart: Chart) -> Any:
    return json.loads((chart.folder / "values.schema.json").read_text())


@pytest.fixture(scope="session")
def values(chart: Chart) -> Any:
    return yaml.safe_load((chart.folder / "values.yaml").read_text())


def objects(node: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if node.get("type") == "object" or "properties" in node:
            yield path, node
        for key, value in node.items():
            yield from objects(value, f"{path}/{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from objects(value, f"{path}/{number}")


def test_every_object_refuses_unknown_keys_or_types_them(schema: Any) -> None:
    found = list(objects(schema))
    assert len(found) > 40
    for path, node in found:
        unknown = node.get("additionalProperties")
        assert unknown is False or unknown == {"type": "string"}, path


def test_every_leaf_has_a_type(schema: Any) -> None:
    for path, node in objects(schema):
        for name, inner in node.get("properties", {}).items():
            assert {"type", "$ref", "enum", "allOf"} & inner.keys(), f"{path}/properties/{name}"


def test_every_reference_leads_somewhere_and_every_definition_is_used(schema: Any) -> None:
    used = set(re.findall(r'"#/definitions/(\w+)"', json.dumps(schema)))
    assert used == schema["definitions"].keys()


def test_the_defaults_are_valid(schema: Any, values: Any) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(values, schema, jsonschema.Draft7Validator)


def mappings(node: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(node, dict):
        yield path
        for key, value in node.items():
            yield from mappings(value, (*path, key))


def test_a_misspelt_key_is_refused_wherever_it_stands(schema: Any, values: Any) -> None:
    typed_maps = {("nodeSelector",), ("gateway", "ingress", "annotations"), ("gateway", "service", "annotations")}
    typed_maps |= {("monitoring", part, "labels") for part in ("podMonitor", "prometheusRules", "dashboards")}
    typed_maps |= {("monitoring", "dashboards", "annotations"), ("rollout", "prometheus", "labels")}
    typed_maps |= {("gateway", "routes", part, "annotations") for part in ("http", "grpc")}
    typed_maps |= {("marketing", part, "annotations") for part in ("ingress", "route")}
    validator = jsonschema.Draft7Validator(schema)
    for path in set(mappings(values)) - typed_maps:
        broken = copy.deepcopy(values)
        place = broken
        for name in path:
            place = place[name]
        place["misspelt"] = 1
        (error,) = validator.iter_errors(broken)
        deepest = max(leaves(error), key=lambda one: len(one.absolute_path))
        assert tuple(deepest.absolute_path) == path, path
        assert "misspelt" in deepest.message


def leaves(error: jsonschema.ValidationError) -> Iterator[jsonschema.ValidationError]:
    if not error.context:
        yield error
    for inner in error.context or ():
        yield from leaves(inner)


def test_schema_and_values_have_the_same_keys(schema: Any, values: Any) -> None:
    def compare(node: Any, value: Any, path: str) -> None:
        while "$ref" in node:
            node = schema["definitions"][node["$ref"].rsplit("/", 1)[1]]
        if isinstance(value, dict) and value and "properties" in node:
            assert node["properties"].keys() - HELMS_OWN == value.keys(), path
            for key in value.keys() - WHOLE:
                compare(node["properties"][key], value[key], f"{path}.{key}")

    compare(schema, values, "")


def test_every_value_is_used(chart: Chart, values: Any) -> None:
    templates = "".join(
        path.read_text()
        for pattern in ("*.tpl", "*.yaml", "*.txt")
        for path in chart.folder.rglob(f"templates/**/{pattern}")
    )

    def names(node: Any) -> Iterator[str]:
        for key, value in node.items():
            yield key
            if isinstance(value, dict) and key not in WHOLE:
                yield from names(value)

    unused = {name for name in names(values) if not re.search(rf'[."]{name}\b', templates)}
    assert not unused
