"""Why a customer may leave, from real processes: by whoever answered, in time or not at all, at nobody else's cost."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from churn_model import Row, open_package
from churn_model.reasons import reasons
from churn_serving.oip.grpc_codec import encode_request
from churn_serving.oip.messages import MAX_EXPLAINED_ROWS
from churn_serving.oip.open_inference_grpc_pb2 import ModelInferResponse
from patience import PATIENCE_SECONDS, PatientTransport, by_a_model, who_served
from real_processes import System, describe_system, running
from tests.integration.tcp_proxy import ExplanationHolder, serving

FEATURES = {"tenure": 3, "Contract": "Month-to-month", "charges": 70.5, "Payment": "Check", "Senior Citizen": 0}
ROW: Row = [3.0, "Month-to-month", 70.5, "Check", 0.0]


def body(count: int = 1, *, explain: bool = True) -> dict[str, Any]:
    customers = [{"customer_id": f"c{index}", "features": FEATURES} for index in range(count)]
    return {"customers": customers, "explain": explain}


@pytest.fixture(scope="module")
def held(
    package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[System, ExplanationHolder]]:
    """A system whose gateway reaches its primary through something that holds explanations back."""
    home = tmp_path_factory.mktemp("home")
    system = describe_system(package_folder, keys.verify_path, home, CHURN_GATEWAY_FALLBACK_URL="")
    proxy = ExplanationHolder(system.ports["primary"])
    with serving(proxy):
        system.gateway.environment["CHURN_GATEWAY_PRIMARY_URL"] = proxy.url
        with running(system, system.primary, system.gateway):
            yield system, proxy


def expected(system: Any, keys: Any) -> list[str]:
    package = open_package(system.model, keys.trusted)
    return reasons(ROW, package.scorer.contributions([ROW])[0], package.description.schema)


def ask_until_served_by(client: httpx.Client, served_by: str, document: dict[str, Any]) -> dict[str, Any]:
    ask = partial(client.post, "/v1/predictions", json=document)
    answer: dict[str, Any] = by_a_model(ask, who_served, served_by).raise_for_status().json()
    return answer


def ask_until_explained_by(client: httpx.Client, served_by: str, document: dict[str, Any]) -> dict[str, Any]:
    """Reasons are given up after a quarter of a second, which a machine that is busy with other things may take."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = ask_until_served_by(client, served_by, document)
        if all(customer["reasons"] for customer in answer["predictions"]):
            return answer
        time.sleep(0.3)  # what was given up is explained all the same, and who asks at once waits behind it
    raise AssertionError(f"{served_by} gave no reasons")


def outcomes(system: Any) -> dict[str, float]:
    text = httpx.get(f"http://127.0.0.1:{system.ports['metrics']}/metrics", timeout=30).text
    lines = [line for line in text.splitlines() if line.startswith("churn_explanations_total{")]
    return {line.split('"')[1]: float(line.split()[-1]) for line in lines}


@pytest.fixture
def client(system: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=system.gateway_url, timeout=30, transport=PatientTransport()) as http:
        yield http


def test_reasons_are_those_of_the_model_that_answered(client: httpx.Client, system: Any, keys: Any) -> None:
    words = expected(system, keys)
    assert words
    answer = ask_until_explained_by(client, "primary", body(2))
    assert [customer["reasons"] for customer in answer["predictions"]] == [words, words]
    plain = ask_until_served_by(client, "primary", body(explain=False))
    assert plain["predictions"][0]["reasons"] == []
    assert outcomes(system)["given"] >= 1


def test_too_many_customers_are_refused_by_name(client: httpx.Client) -> None:
    answer = client.post("/v1/predictions", json=body(MAX_EXPLAINED_ROWS + 1))
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == ["explain"]


def test_the_gateways_v2_gives_none_and_says_so(client: httpx.Client, system: Any, keys: Any) -> None:
    schema = open_package(system.model, keys.trusted).description.schema
    inputs = [
        {"name": f.name, "datatype": "FP64" if f.type == "number" else "BYTES", "shape": [1], "data": [value]}
        for f, value in zip(schema.features, ROW, strict=True)
    ]
    document = {"inputs": inputs, "outputs": [{"name": "contributions"}]}
    answer = client.post("/v2/models/churn-sample/infer", json=document)
    assert answer.status_code == 400
    assert "contributions are not given here" in answer.json()["error"]
    assert "contributions" not in client.get("/v2/models/churn-sample").text
    message = encode_request([ROW], schema)
    message.model_name = "churn-sample"
    message.outputs.add(name="contributions")
    with grpc.insecure_channel(f"127.0.0.1:{system.ports['gateway_grpc']}") as channel:
        infer = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", None, ModelInferResponse.FromString)
        with pytest.raises(grpc.RpcError) as caught:
            infer(message.SerializeToString(), timeout=10)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_explanations_under_load_cost_nobody_an_answer(client: httpx.Client, system: Any) -> None:
    stop, explained = threading.Event(), Counter[int]()

    def explain() -> None:
        with httpx.Client(base_url=system.gateway_url, timeout=60, transport=PatientTransport()) as http:
            while not stop.is_set():
                explained[http.post("/v1/predictions", json=body(MAX_EXPLAINED_ROWS)).status_code] += 1

    threads = [threading.Thread(target=explain) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        answers = [client.post("/v1/predictions", json=body(explain=False)) for _ in range(300)]
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert {answer.status_code for answer in answers} == {200}
    served = Counter(answer.json()["served_by"] for answer in answers)
    assert served["primary"] + served["fallback"] > 0.5 * len(answers), served  # a busy machine is late for some
    assert set(explained) == {200}
    ask_until_explained_by(client, "primary", body())


def test_no_reason_is_ever_logged(client: httpx.Client, system: Any) -> None:
    secret = "plan-4711-secret"
    document = {"customers": [{"customer_id": secret, "features": {**FEATURES, "Contract": secret}}], "explain": True}
    client.post("/v1/predictions", json=document).raise_for_status()
    metrics = httpx.get(f"http://127.0.0.1:{system.ports['metrics']}/metrics", timeout=30).text
    system.gateway.stop()  # which writes what is left of its log
    logs = "".join(service.log.read_text() for service in system.services)
    system.gateway.start()
    system.gateway.wait_ready()
    assert '"route":"/v1/predictions explain"' in logs
    assert secret not in logs + metrics
    assert "raises churn" not in logs + metrics


def test_a_slow_explanation_is_not_waited_for(held: tuple[System, ExplanationHolder], keys: Any) -> None:
    """They are held back for as long as the answers take, so that only giving up can end the requests."""
    system, proxy = held
    with httpx.Client(base_url=system.gateway_url, timeout=10) as client:
        for _ in range(8):  # more in a row than failures that would open the breaker
            answer = ask_until_served_by(client, "primary", body())
            assert answer["predictions"][0]["reasons"] == []
        assert outcomes(system)["late"] >= proxy.held >= 8
        proxy.go.set()
        # The primary explains one after the other; what it was asked in vain comes first.
        answer = ask_until_explained_by(client, "primary", body())
        assert answer["predictions"][0]["reasons"] == expected(system, keys)


def test_when_the_primary_is_gone_the_fallback_explains(client: httpx.Client, system: Any, keys: Any) -> None:
    system.primary.stop()
    answer = ask_until_explained_by(client, "fallback", body())
    assert answer["predictions"][0]["reasons"] == expected(system, keys)


def test_a_degraded_answer_comes_without_reasons(client: httpx.Client, system: Any) -> None:
    system.primary.stop()
    system.fallback.stop()
    answer = ask_until_served_by(client, "degraded", body())
    assert answer["predictions"][0]["reasons"] == []
    assert outcomes(system)["unavailable"] >= 1
    assert "raises churn" not in system.fallback.log.read_text()  # which has explained
