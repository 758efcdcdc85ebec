"""Whatever family wins is packaged, served on every way with the same bits, and explained.

All families that training compares are fitted on real customers, small, and packaged as one ensemble: its answer is a
sum over all of them, so a bit that one family answers differently anywhere is seen there. Forests of both kinds are
families of their own, too, since they have a file format in common with boosted trees and another arithmetic.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx
import numpy
import pytest

from churn_data.sources import read_customers
from churn_model import Package, Row, open_package, write_package
from churn_model.usecase import load_usecase
from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.grpc_codec import decode_response as decode_message
from churn_serving.oip.grpc_codec import encode_request as encode_message
from churn_serving.oip.json_codec import encode_request
from churn_serving.oip.json_reply import decode_response
from churn_training.families.candidates import TREE_COUNTS, Candidate
from churn_training.families.ensemble import Blend
from churn_training.families.portfolio import default_candidates
from churn_training.packaging.compilation import compile_model, contents_of
from patience import PATIENT_CHANNEL, PatientTransport, by_a_model, who_served, who_served_over_grpc
from tests.contract.conftest import run_churn
from tests.contract.test_every_scorer import json_cell, read_rows
from tests.integration.test_reasons import ask_until_explained_by

pytestmark = pytest.mark.timeout(300)
LEARNED_FROM, TREES = 800, 12


def small(family: Candidate) -> Candidate:
    """A family as training has it, with few trees."""
    count = "n_estimators" if family.is_forest else TREE_COUNTS.get(family.kind)
    return family.at({count: TREES} if count else {})


@pytest.fixture(scope="module")
def model(telco_path: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("every-family")
    known = read_customers(telco_path, load_usecase("telecom")).take(numpy.arange(LEARNED_FROM))
    families = tuple(map(small, default_candidates()))
    shares = numpy.arange(2.0, 2.0 + len(families))
    everybody = Blend.ensemble(families)
    everybody = replace(everybody, weights=tuple((shares / shares.sum()).tolist()), slope=1.07, intercept=-0.013)
    compiled = compile_model(everybody, known, folder, seed=0)
    package = folder / "package"
    write_package(package, contents_of(compiled, known, {}, seed=0), "1", keys.signing, "flavors: {}\n")
    return package


@pytest.fixture(scope="module")
def package(model: Path, keys: Any) -> Package:
    return open_package(model, keys.trusted)


@pytest.fixture(scope="module")
def customers(telco_path: Path, package: Package) -> tuple[list[str], list[Row]]:
    """Every hundredth, and who lacks a number."""
    ids, rows = read_rows(telco_path, package.manifest.schema)
    places = [place for place, row in enumerate(rows) if place % 100 == 0 or None in map(json_cell, row)]
    return [ids[place] for place in places], [rows[place] for place in places]


@pytest.fixture(scope="module")
def expected(package: Package, customers: tuple[list[str], list[Row]]) -> list[float]:
    """Of each customer alone."""
    return [package.scorer.score([row]).probabilities[0] for row in customers[1]]


@pytest.fixture(scope="module")
def served(model: Path, run_system: Callable[..., Any]) -> Iterator[Any]:
    with run_system(model) as system:
        yield system


def test_every_family_that_training_compares_is_among_them(package: Package) -> None:
    kinds = {(family.kind, family.grower) for family in default_candidates()}
    assert kinds == {
        *((kind, "histogram") for kind in ("additive", "catboost", "native", "linear", "trees")),
        ("trees", "randomized"),
        ("trees", "extra"),
        ("trees", "random"),
    }
    assert package.manifest.estimator == "blend"


@pytest.mark.parametrize("place", ["primary_url", "fallback_url", "gateway_url"])
def test_v2_over_http(served: Any, package: Package, customers: Any, expected: list[float], place: str) -> None:
    content = encode_request(customers[1], package.manifest.schema)
    with httpx.Client(base_url=getattr(served, place), timeout=60, transport=PatientTransport()) as client:
        headers = {"content-type": "application/json"}
        ask = partial(client.post, "/v2/models/churn-telecom/infer", content=content, headers=headers)
        answer = by_a_model(ask, who_served)
    assert decode_response(answer.content).probabilities == expected


@pytest.mark.parametrize("port", ["primary_grpc", "gateway_grpc"])
def test_v2_over_grpc(served: Any, package: Package, customers: Any, expected: list[float], port: str) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{served.ports[port]}", PATIENT_CHANNEL) as channel:
        infer = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=messages.ModelInferRequest.SerializeToString,
            response_deserializer=messages.ModelInferResponse.FromString,
        )
        ask = partial(infer, encode_message(customers[1], package.manifest.schema, raw=True), timeout=60)
        reply = decode_message(by_a_model(ask, who_served_over_grpc))
    assert reply.probabilities == expected


def test_the_gateways_own_answer_with_reasons(
    served: Any, package: Package, customers: Any, expected: list[float]
) -> None:
    names = package.manifest.schema.names
    asked = [
        {"customer_id": one, "features": dict(zip(names, map(json_cell, row), strict=True))}
        for one, row in zip(*customers, strict=True)
    ]
    with httpx.Client(base_url=served.gateway_url, timeout=60, transport=PatientTransport()) as client:
        ask = partial(client.post, "/v1/predictions", json={"customers": asked})
        answer = by_a_model(ask, who_served).json()
        assert [one["churn_probability"] for one in answer["predictions"]] == expected
        explained = ask_until_explained_by(client, "primary", {"customers": asked[:1], "explain": True})
    (alone,) = explained["predictions"]
    assert alone["churn_probability"] == expected[0]


def test_batch_scoring(
    model: Path, keys: Any, telco_path: Path, customers: Any, expected: list[float], tmp_path: Path
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "verify.pem").write_bytes(keys.verify_path.read_bytes())
    run_churn(tmp_path, "score", str(telco_path), str(tmp_path / "scores.csv"), "--model", str(model))
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        found = {record["id"]: float(record["churn_probability"]) for record in csv.DictReader(file)}
    assert len(found) == 7043
    assert [found[one] for one in customers[0]] == expected
