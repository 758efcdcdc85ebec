"""The gateway's contract over real HTTP: predictions, problems, documentation, health, metrics and log."""

import html
import json
import re
import socket
from typing import Any

import httpx
import pytest

from churn_model import Row, open_package
from patience import PatientTransport, by_a_model, until, who_served

GOOD = {"tenure": 3, "Contract": "Month-to-month", "charges": 70.5, "Payment": "Check", "Senior Citizen": 0}


@pytest.fixture
def client(system: Any) -> Any:
    with httpx.Client(base_url=system.gateway_url, timeout=30, transport=PatientTransport()) as http:
        yield http


def body(count: int = 1, **features: Any) -> dict[str, Any]:
    return {"customers": [{"customer_id": f"c{n}", "features": {**GOOD, **features}} for n in range(count)]}


def test_one_customer(client: httpx.Client, system: Any, keys: Any) -> None:
    answer = by_a_model(lambda: client.post("/v1/predictions", json=body()), who_served, "primary")
    assert answer.status_code == 200
    document = answer.json()
    package = open_package(system.model, keys.trusted)
    row: Row = [3.0, "Month-to-month", 70.5, "Check", 0.0]
    scores = package.scorer.score([row])
    chosen = package.description.actions.decide(scores.probabilities[0], scores.segments[0], row)
    assert document["model"] == {
        "name": "churn-sample",
        "version": "1",
        "digest": package.digest,
        "simulated": True,
    }
    assert document["predictions"] == [
        {
            "customer_id": "c0",
            "churn_probability": scores.probabilities[0],
            "risk": chosen.risk,
            "segment": {"id": scores.segments[0], "name": f"segment {scores.segments[0]}"},
            "action": {
                "id": chosen.id,
                "name": chosen.name,
                "expected_value": chosen.expected_value,
                "cost": chosen.cost,
                "source": "assumed",
            },
            "reasons": [],
        }
    ]
    assert answer.headers["x-request-id"] == document["request_id"]


def test_many_customers_keep_their_order(client: httpx.Client) -> None:
    answer = client.post("/v1/predictions", json=body(1000)).json()
    assert [one["customer_id"] for one in answer["predictions"]] == [f"c{n}" for n in range(1000)]


def test_a_caller_may_name_its_request(client: httpx.Client) -> None:
    answer = client.post("/v1/predictions", json=body(), headers={"x-request-id": "my-id.1"})
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "my-id.1"
    forged = client.post("/v1/predictions", json=body(), headers={"x-request-id": "a b\tc"})
    assert forged.json()["request_id"] != "a b\tc"


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"tenure": "long"}, ["tenure"]),
        ({"tenure": -1, "Contract": [5], "Payment": {"no": False}}, ["tenure", "Contract", "Payment"]),
        ({"shoes": 1}, ["shoes"]),
    ],
)
def test_every_bad_field_is_named(client: httpx.Client, change: dict[str, Any], fields: list[str]) -> None:
    answer = client.post("/v1/predictions", json=body(1, **change))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert {fault["field"] for fault in document["errors"]} == {f"customers[0].features.{name}" for name in fields}
    assert document["status"] == 422


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xff", "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (json.dumps(body()).encode(), "text/plain", 415),
        (json.dumps(body()).encode(), "", 415),
        (b" " * 10_000_000, "application/json", 413),
        (json.dumps({"customers": []}).encode(), "application/json", 422),
        (json.dumps({"customers": [1] * 10_000}).encode(), "application/json", 422),
        (json.dumps(body()).replace("70.5", "NaN").encode(), "application/json", 422),
        (json.dumps(body()).replace("70.5", "-Infinity").encode(), "application/json", 422),
        (json.dumps(body()).replace("70.5", "1e999").encode(), "application/json", 422),
        (json.dumps({"customers": body()["customers"] * 2}).encode(), "application/json", 422),
    ],
)
def test_bad_bodies_get_a_problem_document(
    client: httpx.Client, content: bytes, content_type: str, status: int
) -> None:
    answer = client.post("/v1/predictions", content=content, headers={"content-type": content_type})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert {"type", "title", "status", "detail", "request_id"} <= answer.json().keys()


def test_a_declared_length_proves_nothing(client: httpx.Client) -> None:
    def endless() -> Any:
        for _ in range(100):
            yield b" " * 100_000

    answer = client.post("/v1/predictions", content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_other_methods_and_pages(client: httpx.Client) -> None:
    refused = client.get("/v1/predictions")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert client.get("/nowhere").headers["content-type"] == "application/problem+json"
    assert client.get("/nowhere").status_code == 404
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/readyz").json()["status"] == "ready"


def test_a_caller_that_hangs_up_harms_nobody(client: httpx.Client, system: Any) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", system.ports["gateway"])) as caller:
            caller.sendall(b"POST /v1/predictions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
            caller.sendall(b"Content-Length: 500\r\n\r\n{")
    assert client.post("/v1/predictions", json=body()).status_code == 200


def test_the_model_is_described(client: httpx.Client) -> None:
    model = client.get("/v1/model").json()
    assert [feature["name"] for feature in model["features"]] == list(GOOD)
    assert model["features"][1]["categories"] == ["Month-to-month", "One year", "Two year"]
    assert [segment["id"] for segment in model["segments"]] == [1, 2, 3, 4]
    assert [action["id"] for action in model["actions"]] == ["call", "discount"]
    assert model["simulated"] is True


def test_the_documentation_shows_the_hot_route_with_the_models_features(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert "/v1/predictions" in document["paths"]
    features = document["components"]["schemas"]["Features"]
    assert set(features["properties"]) == set(features["required"]) == set(GOOD)
    shown = client.get("/docs")
    assert shown.status_code == 200
    for name in (*GOOD, "/v1/predictions", "customers[].customer_id", "/v2/health/ready"):
        assert html.escape(name) in shown.text
    assert not re.search(r"https?:|<script|src=", shown.text), "nothing is loaded from anywhere"
    assert "default-src 'none'" in shown.headers["content-security-policy"]


def test_metrics_and_log_tell_of_requests_but_never_of_customers(client: httpx.Client, system: Any) -> None:
    secret = "customer-4711-secret"
    sent = {"customers": [{"customer_id": secret, "features": {**GOOD, "Payment": secret}}]}
    answer = by_a_model(lambda: client.post("/v1/predictions", json=sent), who_served, "primary").json()
    request_id, digest = answer["request_id"], answer["model"]["digest"]
    client.post("/v1/predictions", json={"customers": [{"customer_id": secret, "features": {"tenure": secret}}]})
    metrics = await_metric(system, 'churn_backend_reachable{backend="fallback"} 1.0')
    assert 'churn_requests_total{code="200",model_version="1",route="/v1/predictions",served_by="primary"}' in metrics
    assert f'churn_backend_calls_total{{backend="primary",digest="{digest}",outcome="answered"}}' in metrics
    for name in (
        'churn_request_seconds_bucket{code="200",le="0.025",route="/v1/predictions",served_by="primary"}',
        'churn_backend_seconds_bucket{backend="primary",le="0.025",outcome="answered"}',
        f'churn_scores_bucket{{digest="{digest}",le="0.5",name="churn-sample",served_by="primary"}}',
        'churn_build_info{component="gateway"',
        'churn_background_task_running{task="refresh primary"} 1.0',
        f'churn_model_created_timestamp_seconds{{backend="primary",digest="{digest}"}} 1.',
        'churn_backend_queued_requests{backend="primary",lane="usual"} 0.0',
        "churn_backend_state",
        "churn_event_loop_lag_seconds",
    ):
        assert name in metrics
    assert system.gateway.stop() == 0
    log = system.gateway.log.read_text()
    system.gateway.start()
    system.gateway.wait_ready()
    assert request_id in log
    assert secret not in log + metrics


def test_the_first_answers_come_from_the_last_known_model_while_all_backends_are_down(
    client: httpx.Client, system: Any
) -> None:
    for service in system.services:
        service.stop()
    system.gateway.start()
    system.gateway.wait_ready()
    answer = client.post("/v1/predictions", json=body(3)).json()
    assert answer["served_by"] == "degraded"
    assert len(answer["predictions"]) == 3
    assert "scorecard" in answer["warnings"][0]["message"]
    await_status(client, "degraded")
    system.primary.start()
    system.fallback.start()
    system.primary.wait_ready()
    system.fallback.wait_ready()
    await_status(client, "ready")


def await_metric(system: Any, line: str) -> str:
    """All metrics, as soon as they have this line: a backend that has just been started is found by the clock."""
    page = f"http://127.0.0.1:{system.ports['metrics']}/metrics"
    until(lambda: line in httpx.get(page, timeout=30).text, lambda: f"no {line}")
    return httpx.get(page, timeout=30).text


def await_status(client: httpx.Client, status: str) -> None:
    """Until health says it, by the clock alone: no customer asks."""
    until(lambda: client.get("/readyz").json()["status"] == status, lambda: f"not {status}")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["model"] == "churn-sample"
