"""Whoever speaks V2 sees who served it in the answer's own parameters, in every form of the protocol; and
whoever served, at every door levels never seen are told and counted, and missing values are counted."""

import json
import math
import re
from typing import Any

import grpc
import httpx
import pytest

from churn_model import Row
from churn_serving.oip import grpc_codec, json_codec
from churn_serving.oip import open_inference_grpc_pb2 as messages
from patience import PATIENT_CHANNEL, by_a_model, post
from sample_package import sample_rows, sample_schema

PATH = "/v2/models/churn-sample/infer"
ROWS = sample_rows(3, 4)


def over_json(system: Any) -> str:
    answer = post(system.gateway_url + PATH, content=json_codec.encode_request(ROWS, sample_schema()),
                        headers={"content-type": "application/json"}, timeout=30)  # fmt: skip
    served_by: str = answer.json()["parameters"]["served_by"]
    assert answer.headers["x-served-by"] == served_by
    return served_by


def over_json_with_binary_answers(system: Any) -> str:
    body = json_codec.encode_request(ROWS, sample_schema())[:-1] + b',"parameters":{"binary_data_output":true}}'
    answer = post(system.gateway_url + PATH, content=body, headers={"content-type": "application/json"}, timeout=30)
    length = int(answer.headers["inference-header-content-length"])
    assert length < len(answer.content)
    served_by: str = httpx.Response(200, content=answer.content[:length]).json()["parameters"]["served_by"]
    return served_by


def infer_over_grpc(system: Any, rows: list[Row]) -> Any:
    with grpc.insecure_channel(f"127.0.0.1:{system.ports['gateway_grpc']}", options=PATIENT_CHANNEL) as channel:
        call = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=messages.ModelInferRequest.SerializeToString,
            response_deserializer=messages.ModelInferResponse.FromString,
        )
        return call(grpc_codec.encode_request(rows, sample_schema()), timeout=30)


def over_grpc(system: Any) -> str:
    answer = infer_over_grpc(system, ROWS)
    served_by: str = answer.parameters["served_by"].string_param
    return served_by


DOORS = [over_json, over_json_with_binary_answers, over_grpc]


# The first customer has a level that is nearly one, the second none, the third no number and a level like no other.
MISSING = math.nan
ODD_ROWS: list[Row] = [
    [1.0, "Month to month", 20.0, "Card", 0.0],
    [2.0, None, 30.0, "Card", 0.0],
    [MISSING, "One year", 40.0, "Zloty?", 0.0],
]
UNSEEN = [(0, "Contract", "Month-to-month"), (2, "Payment", None)]
COUNTED = {"unseen Contract": 1, "unseen Payment": 1, "missing Contract": 1, "missing tenure": 1}


def odd_over_v1(system: Any) -> Any:
    names = sample_schema().names
    customers = [
        {"customer_id": f"c{number}", "features": dict(zip(names, row, strict=True))}
        for number, row in enumerate([[None if each is MISSING else each for each in row] for row in ODD_ROWS])
    ]
    answer = post(system.gateway_url + "/v1/predictions", json={"customers": customers}, timeout=30).json()
    of_customers = [one for one in answer["warnings"] if "customer_id" in one]
    told = [(int(one["customer_id"][1:]), one["feature"], one.get("nearest")) for one in of_customers]
    return answer["served_by"], told


def odd_over_v2(system: Any) -> Any:
    answer = post(system.gateway_url + PATH, content=json_codec.encode_request(ODD_ROWS, sample_schema()),
                        headers={"content-type": "application/json"}, timeout=30)  # fmt: skip
    parameters = answer.json()["parameters"]
    return parameters["served_by"], told(parameters["warnings"])


def odd_over_grpc(system: Any) -> Any:
    parameters = infer_over_grpc(system, ODD_ROWS).parameters
    return parameters["served_by"].string_param, told(parameters["warnings"].string_param)


def told(text: str) -> list[tuple[int, str, str | None]]:
    """Warnings as the protocol's parameter has them."""
    return [(one["row"], one["feature"], one.get("nearest")) for one in json.loads(text)]


def counted(system: Any) -> dict[str, int]:
    """What the gateway has counted, by kind and feature."""
    text = httpx.get(f"http://127.0.0.1:{system.ports['metrics']}/metrics", timeout=30).text
    line = re.compile(r'^churn_(unseen|missing)_(?:levels|values)_total\{feature="(\w+)"\} (\S+)$', re.MULTILINE)
    return {f"{kind} {feature}": int(float(value)) for kind, feature, value in line.findall(text)}


def odd_customers(system: Any, ask: Any, expected: str) -> tuple[list[Any], dict[str, int]]:
    """What was told of three odd customers, and what was counted meanwhile, once they are served by whom it is expected
    of: on a busy machine another may answer at first."""

    def told_and_counted() -> tuple[str, list[Any], dict[str, int]]:
        before = counted(system)
        served_by, told_of = ask(system)
        return served_by, told_of, {name: value - before.get(name, 0) for name, value in counted(system).items()}

    return by_a_model(told_and_counted, lambda found: found[0], expected)[1:]


ODD_DOORS = [odd_over_v1, odd_over_v2, odd_over_grpc]


@pytest.fixture(scope="module")
def without_primary(system: Any) -> Any:
    """The system, served by its fallback from here on."""
    system.primary.stop()
    return system


@pytest.fixture(scope="module")
def left_alone(without_primary: Any) -> Any:
    """The system without its backends from here on."""
    without_primary.fallback.stop()
    return without_primary


@pytest.mark.parametrize("ask", DOORS)
def test_the_primary(system: Any, ask: Any) -> None:
    assert by_a_model(lambda: ask(system), str, "primary")


@pytest.mark.parametrize("ask", ODD_DOORS)
def test_what_is_odd_is_told_and_counted_where_the_primary_serves(system: Any, ask: Any) -> None:
    assert odd_customers(system, ask, "primary") == (UNSEEN, COUNTED)


@pytest.mark.parametrize("ask", ODD_DOORS)
def test_what_is_odd_is_told_and_counted_where_the_fallback_serves(without_primary: Any, ask: Any) -> None:
    assert odd_customers(without_primary, ask, "fallback") == (UNSEEN, COUNTED)


@pytest.mark.parametrize("ask", DOORS)
def test_the_scorecard_says_that_it_is_only_that(left_alone: Any, ask: Any) -> None:
    assert ask(left_alone) == "degraded"


@pytest.mark.parametrize("ask", ODD_DOORS)
def test_what_is_odd_is_told_and_counted_where_the_scorecard_serves(left_alone: Any, ask: Any) -> None:
    assert odd_customers(left_alone, ask, "degraded") == (UNSEEN, COUNTED)
