"""However real customers are spelt, every process answers with the same bits, and so does batch scoring."""

import csv
import math
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx
import pandas
import pytest

from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.grpc_codec import decode_response as decode_message
from churn_serving.oip.grpc_codec import encode_request as encode_message
from churn_serving.oip.json_codec import encode_request
from churn_serving.oip.json_reply import decode_response
from patience import by_a_model, post, who_served, who_served_over_grpc
from tests.backends.test_binary_and_grpc import binary_request
from tests.contract.test_every_scorer import read_rows

CUSTOMERS = 400
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str, lambda text: f" {text}", lambda text: f"{text}\u00a0", lambda text: text.replace(" ", "\u00a0"),
    lambda text: f"\ufeff{unicodedata.normalize('NFD', text)}\t",
)  # fmt: skip


@pytest.fixture(scope="module")
def spelt(trained: Any) -> tuple[list[str], list[list[Any]], list[list[Any]]]:
    """Ids, rows as they are meant, and as somebody writes them."""
    ids, rows = read_rows(trained.data, trained.package.manifest.schema)
    source = random.Random(5)
    meant = [list(row) for row in rows[:CUSTOMERS]]
    written = [[source.choice(SPELLINGS)(value) if isinstance(value, str) else value for value in row] for row in meant]
    return ids[:CUSTOMERS], meant, written


@pytest.fixture(scope="module")
def served(trained: Any, run_system: Callable[..., Any]) -> Iterator[Any]:
    with run_system(trained.model, trained.verify_key) as system:
        yield system


def test_every_way_gives_the_same_bits(
    served: Any, trained: Any, spelt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, meant, written = spelt
    schema = trained.package.manifest.schema
    expected = trained.package.scorer.score(meant).probabilities
    found: dict[str, list[float]] = {}
    for place in ("primary_url", "fallback_url", "gateway_url"):
        body = encode_request(written, schema)
        url = f"{getattr(served, place)}/v2/models/churn-telecom/infer"
        answer = by_a_model(partial(post, url, content=body), who_served)
        found[place] = decode_response(answer.content).probabilities
        content, header = binary_request(written, schema)
        sizes = {"inference-header-content-length": str(header)}
        answer = by_a_model(partial(post, url, content=content, headers=sizes), who_served)
        found[f"{place} binary"] = decode_response(answer.content).probabilities
    for port in ("primary_grpc", "gateway_grpc"):
        with grpc.insecure_channel(f"127.0.0.1:{served.ports[port]}") as channel:
            infer = channel.unary_unary(
                "/inference.GRPCInferenceService/ModelInfer",
                request_serializer=messages.ModelInferRequest.SerializeToString,
                response_deserializer=messages.ModelInferResponse.FromString,
            )
            for raw in (False, True):
                ask = partial(infer, encode_message(written, schema, raw=raw), timeout=60)
                reply = by_a_model(ask, who_served_over_grpc)
                found[f"{port} {raw}"] = decode_message(reply).probabilities
    customers = [
        {"customer_id": one, "features": {name: _json(value) for name, value in zip(schema.names, row, strict=True)}}
        for one, row in zip(ids, written, strict=True)
    ]
    asked = partial(post, f"{served.gateway_url}/v1/predictions", json={"customers": customers})
    said = by_a_model(asked, who_served).json()
    assert "warnings" not in said
    found["V1"] = [one["churn_probability"] for one in said["predictions"]]
    for suffix in ("csv", "parquet"):
        found[f"batch {suffix}"] = _batch(trained, ids, written, tmp_path, suffix)
    found["notebook"] = _notebook(trained, written, monkeypatch)
    assert {way: probabilities == expected for way, probabilities in found.items()} == dict.fromkeys(found, True)


def test_a_misspelt_level_is_told_by_the_gateway_over_both_protocols(served: Any, trained: Any, spelt: Any) -> None:
    ids, meant, _ = spelt
    schema = trained.package.manifest.schema
    place = schema.names.index("Contract")
    row = [value if index != place else "month-to-month" for index, value in enumerate(meant[0])]
    customer = {"customer_id": ids[0], "features": {n: _json(v) for n, v in zip(schema.names, row, strict=True)}}
    answer = post(f"{served.gateway_url}/v1/predictions", json={"customers": [customer]}).json()
    assert [(one["customer_id"], one["feature"], one["nearest"]) for one in answer["warnings"]] == [
        (ids[0], "Contract", "Month-to-month")
    ]
    body = encode_request([row], schema)
    reply = post(f"{served.gateway_url}/v2/models/churn-telecom/infer", content=body)
    assert reply.status_code == 200, reply.text[:300]
    assert reply.json()["parameters"]["warnings"] == '[{"row":0,"feature":"Contract","nearest":"Month-to-month"}]'


def test_the_gateway_counts_unseen_levels_and_missing_values_by_feature(served: Any, trained: Any, spelt: Any) -> None:
    ids, meant, _ = spelt
    schema = trained.package.manifest.schema
    features = {name: _json(value) for name, value in zip(schema.names, meant[0], strict=True)}
    features |= {"PaymentMethod": "Barter", "tenure": None}
    before = _counted(served)
    customers = [{"customer_id": one, "features": features} for one in ids[:3]]
    post(f"{served.gateway_url}/v1/predictions", json={"customers": customers}).raise_for_status()
    assert _counted(served) == before + Counter(
        {("unseen_levels", "PaymentMethod"): 3, ("missing_values", "tenure"): 3}
    )


def _counted(served: Any) -> Counter[tuple[str, str]]:
    """What the gateway's metrics say of odd values, by kind and feature."""
    text = httpx.get(f"http://127.0.0.1:{served.ports['metrics']}/metrics", timeout=30).text
    found = re.findall(r'^churn_(unseen_levels|missing_values)_total\{feature="([^"]+)"\} (\S+)$', text, re.MULTILINE)
    return Counter({(kind, feature): int(float(count)) for kind, feature, count in found})


def _json(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _batch(trained: Any, ids: list[str], rows: list[list[Any]], folder: Path, suffix: str) -> list[float]:
    schema, given = trained.package.manifest.schema, folder / f"spelt.{suffix}"
    frame = pandas.DataFrame([list(map(_json, row)) for row in rows], columns=schema.names)
    frame.insert(0, schema.id, ids)
    frame.to_csv(given, index=False) if suffix == "csv" else frame.to_parquet(given, index=False)
    trained.run("score", str(given), str(folder / "out.csv"), "--model", str(trained.model))
    with (folder / "out.csv").open(encoding="utf-8", newline="") as stream:
        return [float(record["churn_probability"]) for record in csv.DictReader(stream)]


def _notebook(trained: Any, rows: list[list[Any]], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What MLflow's own loader answers to a frame."""
    import mlflow.pyfunc

    frame = pandas.DataFrame(rows, columns=trained.package.manifest.schema.names)
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(trained.verify_key))
    answers: list[float] = mlflow.pyfunc.load_model(str(trained.model)).predict(frame)["churn_probability"].tolist()
    return answers
