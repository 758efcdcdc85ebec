"""Names as other people's files have them: a model whose columns, levels and actions are called anything answers at
every door, from the use case to the customer's answer; what no protocol can carry is refused where it is read."""

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_model import Description, PackageContents, PackageError, Row, Schema, SchemaFeature, open_package
from churn_model.errors import UseCaseError
from churn_model.names import MAXIMUM_NAME
from churn_model.usecase import UseCase, parse_usecase
from churn_serving.gateway.records import RecordDecoder
from churn_serving.oip import grpc_codec, json_codec
from churn_serving.oip.faults import InvalidRequest
from churn_serving.oip.open_inference_grpc_pb2 import ModelInferRequest, ModelInferResponse
from patience import by_a_model, post, who_served, who_served_over_grpc
from real_processes import System

NASTY = ('Height 5" max', "back\\slash\nnewline\ttab", "class 👩‍💻 __init__", "\x1b[31m\x7f\u2028'", "n" * MAXIMUM_NAME)
LEVEL = 'level "x"\\\n😀'
ACTION = 'call "now"\\\n😀'
characters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
names = st.text(characters, min_size=1, max_size=MAXIMUM_NAME).filter(str.strip)


def document(features: list[str]) -> dict[str, Any]:
    """A use case whose features have these names; the first is its value column, every second a category."""
    kinds = ["number" if index % 2 == 0 else "category" for index in range(len(features))]
    return {
        "name": "nasty",
        "id": "the id column",
        "label": {"column": "the label column", "positive": "Yes"},
        "value": {"column": features[0]},
        "features": [{"name": name, "type": kind} for name, kind in zip(features, kinds, strict=True)],
    }


def schema_of(usecase: UseCase) -> Schema:
    features = tuple(
        SchemaFeature(feature.name, "category" if feature.type == "category" else "number")
        for feature in usecase.features
    )
    return Schema(usecase.name, usecase.id, features)


@settings(max_examples=200, deadline=None)
@given(st.lists(names, min_size=1, max_size=6, unique=True), st.booleans())
def test_whatever_a_use_case_may_name_every_codec_reads(chosen: list[str], ascii_only: bool) -> None:
    usecase = parse_usecase(document(chosen), "nasty.yaml")
    schema = msgspec.json.decode(msgspec.json.encode(schema_of(usecase)), type=Schema)
    row = [1.5 if index % 2 == 0 else LEVEL for index in range(len(chosen))]
    record = {"customer_id": "a", "features": dict(zip(chosen, row, strict=True))}
    decoder = RecordDecoder(schema, 10)
    read = decoder.decode(json.dumps({"customers": [record]}, ensure_ascii=ascii_only).encode())
    assert [list(each) for each in read.rows] == [row]
    assert msgspec.json.schema(decoder.body_type)
    read_json = json_codec.decode_request(json_codec.encode_request([row], schema), schema)
    assert [list(each) for each in read_json.rows] == [row]
    message = ModelInferRequest.FromString(grpc_codec.encode_request([row], schema).SerializeToString())
    assert [list(each) for each in grpc_codec.GrpcCodec(schema).decode(message).rows] == [row]


@given(st.lists(names, min_size=2, max_size=6, unique=True))
def test_every_fault_is_found_under_such_names_too(chosen: list[str]) -> None:
    schema = schema_of(parse_usecase(document(chosen), "nasty.yaml"))
    wrong = {name: "text" if index % 2 == 0 else [5] for index, name in enumerate(chosen)}
    for features in (
        wrong,
        {**wrong, max(chosen) + "?": 1},
        {},
        {chosen[0]: True},
        {chosen[0]: 1e300, chosen[1]: "x" * 300},
    ):
        body = json.dumps({"customers": [{"customer_id": "a", "features": features}]}).encode()
        with pytest.raises(InvalidRequest) as refused:
            RecordDecoder(schema, 10).decode(body)
        fields = [problem.field for problem in refused.value.problems]
        assert sum(field.startswith("customers[0].features.") for field in fields) >= len(chosen)


@pytest.mark.parametrize("name", ["", " \n", "x" * (MAXIMUM_NAME + 1), "half \ud800 a pair", "zero \0 inside"])
def test_a_name_that_no_protocol_carries_is_refused_where_it_is_read(name: str) -> None:
    sound = document(["value", "other"])
    for place in (
        {"features": [*sound["features"], {"name": name, "type": "number"}]},
        {"id": name or " "},  # without an id rows are numbered
        {"label": {"column": name, "positive": "Yes"}},
        {"actions": [{"id": name, "name": "Call", "cost": 1, "effect": 0.1}]},
        {"actions": [{"id": "call", "name": name, "cost": 1, "effect": 0.1}]},
    ):
        with pytest.raises(UseCaseError) as refused:
            parse_usecase({**sound, **place}, "nasty.yaml")
        str(refused.value).encode()
        assert len(str(refused.value)) < 300
    with pytest.raises(ValueError, match="feature 1"):
        Schema("nasty", "id", (SchemaFeature(name, "number"),))


@pytest.mark.parametrize("name", ["", "-", "a--b", "a-", "A", "é", "a b", "a/b", "a\n", "x" * 41])
def test_a_use_cases_own_name_is_fit_for_paths_and_hosts(name: str) -> None:
    with pytest.raises(UseCaseError, match="`name`"):
        parse_usecase({**document(["value"]), "name": name}, "nasty.yaml")


def renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [renamed(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def nasty(
    make_package: Callable[..., Path], contents: PackageContents, run_system: Callable[..., Any], keys: Any
) -> Iterator[tuple[System, Description]]:
    """A running system around the sample model under other names."""
    names = dict(zip(contents.schema.names, NASTY, strict=True))
    features = tuple(
        msgspec.structs.replace(feature, name=names[feature.name], label="") for feature in contents.schema.features
    )
    actions = {**contents.actions, "value": {**contents.actions["value"], "column": names["charges"]}}
    actions["actions"] = [{**actions["actions"][0], "id": ACTION, "name": ACTION}]
    segments = {**contents.segments, "segments": [{**each, "name": LEVEL} for each in contents.segments["segments"]]}
    package = make_package(
        schema=msgspec.structs.replace(contents.schema, features=features),
        encoder=renamed(contents.encoder, names),
        actions=actions,
        segments=segments,
    )
    with run_system(package) as system:
        yield system, open_package(package, keys.trusted).description


def test_predictions_and_documentation(nasty: tuple[System, Description]) -> None:
    system, _ = nasty
    features = dict(zip(NASTY, (3, LEVEL, 70.5, "Check", 0), strict=True))
    customers = [{"customer_id": "a", "features": features}, {"customer_id": "b", "features": dict.fromkeys(NASTY)}]
    body = {"customers": customers}
    asked = partial(post, f"{system.gateway_url}/v1/predictions", json={**body, "explain": True})
    answer = by_a_model(asked, who_served, "primary")
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"][0]["segment"]["name"] == LEVEL
    assert answer.json()["predictions"][0]["action"]["id"] in (ACTION, "none")
    missing = {"customers": [{"customer_id": "a", "features": {}}]}
    refused = post(f"{system.gateway_url}/v1/predictions", json=missing)
    assert refused.status_code == 422
    assert len(refused.json()["errors"]) == len(NASTY)
    model = httpx.get(f"{system.gateway_url}/v1/model").json()
    assert [feature["name"] for feature in model["features"]] == list(NASTY)
    assert httpx.get(f"{system.gateway_url}/openapi.json").status_code == 200


def test_v2_at_every_door(nasty: tuple[System, Description]) -> None:
    system, description = nasty
    row: Row = [3.0, LEVEL, 70.5, None, 0.0]
    scores = set()
    content = json_codec.encode_request([row], description.schema)
    for base in (system.gateway_url, system.primary_url, system.fallback_url):
        model = f"{base}/v2/models/{description.name}"
        asked = partial(post, f"{model}/infer", content=content, headers={"content-type": "application/json"})
        answer = by_a_model(asked, who_served)
        assert answer.status_code == 200, answer.text
        scores.add(answer.json()["outputs"][0]["data"][0])
        assert [tensor["name"] for tensor in httpx.get(model).json()["inputs"]] == list(NASTY)
    message = grpc_codec.encode_request([row], description.schema)
    message.model_name = description.name
    for port in ("gateway_grpc", "primary_grpc"):
        with grpc.insecure_channel(f"127.0.0.1:{system.ports[port]}") as channel:
            path = "/inference.GRPCInferenceService/ModelInfer"
            method = channel.unary_unary(path, None, ModelInferResponse.FromString)
            sound = message.SerializeToString()
            answered = by_a_model(partial(method, sound, timeout=60), who_served_over_grpc)
            scores.add(answered.outputs[0].contents.fp64_contents[0])
            del message.inputs[:]
            with pytest.raises(grpc.RpcError) as caught:
                method(message.SerializeToString(), timeout=60)
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            message = grpc_codec.encode_request([row], description.schema)
            message.model_name = description.name
    assert len(scores) == 1


def test_a_package_with_a_name_that_no_protocol_carries_is_never_opened(
    make_package: Callable[..., Path], keys: Any
) -> None:
    package = make_package()
    manifest = json.loads((package / "manifest.json").read_bytes())
    manifest["schema"]["features"][0]["name"] = "x" * (MAXIMUM_NAME + 1)
    (package / "manifest.json").write_text(json.dumps(manifest))
    signature = keys.signing.sign((package / "manifest.json").read_bytes())
    (package / "signature").write_bytes(base64.b64encode(signature))
    with pytest.raises(PackageError, match="longer than"):
        open_package(package, keys.trusted)
