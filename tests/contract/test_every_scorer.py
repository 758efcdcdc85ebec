"""Every way to a score gives the same bits on every real customer: in process, by servers, in batch and by MLflow."""

import csv
import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from churn_model import Row, Schema, Scores
from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.grpc_codec import decode_response as decode_message
from churn_serving.oip.grpc_codec import encode_request as encode_message
from churn_serving.oip.json_codec import encode_request
from churn_serving.oip.json_reply import decode_response
from patience import PATIENT_CHANNEL, PatientTransport, by_a_model, who_served, who_served_over_grpc

BATCH = 1000
pytestmark = pytest.mark.timeout(300)


def read_rows(path: Path, schema: Schema) -> tuple[list[str], list[Row]]:
    """The real customers, read by nothing of the project: ids, and rows in schema order."""
    ids: list[str] = []
    rows: list[Row] = []
    with path.open(encoding="utf-8", newline="") as file:
        for record in csv.DictReader(file):
            ids.append(record[schema.id])
            rows.append([_value(record[feature.name].strip(), feature.type) for feature in schema.features])
    return ids, rows


def _value(text: str, kind: str) -> float | str | None:
    if kind == "number":
        return float(text) if text else math.nan
    return text or None


@pytest.fixture(scope="module")
def customers(trained: Any) -> tuple[list[str], list[Row]]:
    return read_rows(trained.data, trained.package.manifest.schema)


@pytest.fixture(scope="module")
def expected(trained: Any, customers: tuple[list[str], list[Row]]) -> Scores:
    scores: Scores = trained.package.scorer.score(customers[1])
    return scores


@pytest.fixture(scope="module")
def served(trained: Any, run_system: Callable[..., Any]) -> Iterator[Any]:
    with run_system(trained.model, trained.verify_key) as system:
        yield system


def batches(rows: list[Row]) -> Iterator[list[Row]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def test_the_real_data_has_what_is_hard(customers: tuple[list[str], list[Row]]) -> None:
    assert len(customers[1]) == 7043
    assert sum(1 for row in customers[1] for value in row if isinstance(value, float) and math.isnan(value)) == 11


def test_alone_or_together(trained: Any, customers: Any, expected: Scores) -> None:
    alone = [trained.package.scorer.score([row]) for row in customers[1]]
    assert [scores.probabilities[0] for scores in alone] == expected.probabilities
    assert [scores.segments[0] for scores in alone] == expected.segments
    assert set(expected.segments) == {1, 2, 3, 4}


@pytest.mark.parametrize("place", ["primary_url", "fallback_url", "gateway_url"])
def test_v2_over_http(served: Any, trained: Any, customers: Any, expected: Scores, place: str) -> None:
    schema, probabilities, segments = trained.package.manifest.schema, [], []
    with httpx.Client(base_url=getattr(served, place), timeout=60, transport=PatientTransport()) as client:
        for rows in batches(customers[1]):
            asked = partial(
                client.post,
                "/v2/models/churn-telecom/infer",
                content=encode_request(rows, schema),
                headers={"content-type": "application/json"},
            )
            answer = by_a_model(asked, who_served)
            assert answer.status_code == 200, answer.text[:300]
            reply = decode_response(answer.content)
            assert reply.digest == trained.package.digest
            probabilities += reply.probabilities
            segments += reply.segments
    assert (probabilities, segments) == expected


@pytest.mark.parametrize("port", ["primary_grpc", "gateway_grpc"])
@pytest.mark.parametrize("raw", [False, True])
def test_v2_over_grpc(served: Any, trained: Any, customers: Any, expected: Scores, port: str, raw: bool) -> None:
    schema, probabilities, segments = trained.package.manifest.schema, [], []
    with grpc.insecure_channel(f"127.0.0.1:{served.ports[port]}", PATIENT_CHANNEL) as channel:
        infer = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=messages.ModelInferRequest.SerializeToString,
            response_deserializer=messages.ModelInferResponse.FromString,
        )
        for rows in batches(customers[1]):
            asked = partial(infer, encode_message(rows, schema, raw=raw), timeout=60)
            reply = decode_message(by_a_model(asked, who_served_over_grpc))
            probabilities += reply.probabilities
            segments += reply.segments
    assert (probabilities, segments) == expected


def test_the_gateways_own_answer(served: Any, trained: Any, customers: Any, expected: Scores) -> None:
    names = trained.package.manifest.schema.names
    probabilities, segments = [], []
    with httpx.Client(base_url=served.gateway_url, timeout=60, transport=PatientTransport()) as client:
        for start in range(0, len(customers[0]), BATCH):
            asked = [
                {"customer_id": customer_id, "features": dict(zip(names, map(json_cell, row), strict=True))}
                for customer_id, row in zip(
                    customers[0][start : start + BATCH], customers[1][start : start + BATCH], strict=True
                )
            ]
            ask = partial(client.post, "/v1/predictions", json={"customers": asked})
            answer = by_a_model(ask, who_served, "primary").json()
            probabilities += [one["churn_probability"] for one in answer["predictions"]]
            segments += [one["segment"]["id"] for one in answer["predictions"]]
    assert (probabilities, segments) == expected


def json_cell(value: float | str | None) -> float | str | None:
    return None if isinstance(value, float) and math.isnan(value) else value


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_batch_scoring(trained: Any, customers: Any, expected: Scores, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"scores.{suffix}"
    trained.run("score", str(trained.data), str(out), "--model", str(trained.model))
    import pyarrow.csv
    import pyarrow.parquet

    table = pyarrow.csv.read_csv(out) if suffix == "csv" else pyarrow.parquet.read_table(out)
    assert table.column("id").to_pylist() == customers[0]
    assert table.column("churn_probability").to_pylist() == expected.probabilities
    assert table.column("segment").to_pylist() == expected.segments


def test_mlflows_own_loader(trained: Any, expected: Scores, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow.pyfunc
    import pandas

    frame = pandas.read_csv(trained.data)
    frame["TotalCharges"] = pandas.to_numeric(frame["TotalCharges"], errors="coerce")
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(trained.verify_key))
    answer = mlflow.pyfunc.load_model(str(trained.model)).predict(frame)
    assert answer["churn_probability"].tolist() == expected.probabilities
    assert answer["segment"].tolist() == expected.segments


def test_the_scores_rank_the_real_leavers(trained: Any, expected: Scores) -> None:
    with trained.data.open(encoding="utf-8", newline="") as file:
        left = [record["Churn"] == "Yes" for record in csv.DictReader(file)]
    from sklearn.metrics import roc_auc_score

    assert roc_auc_score(left, expected.probabilities) > 0.84
