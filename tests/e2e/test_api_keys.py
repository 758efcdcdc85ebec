"""Who may ask: nobody without a key, and a key works or stops working without any pod being restarted."""

import base64
import datetime
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest

from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.grpc_codec import encode_request
from patience import PATIENT_CHANNEL, post
from tests.e2e.cluster import Cluster
from tests.e2e.customers import Customers, read_customers
from tests.e2e.figures import Figures
from tests.e2e.steady_load import Target
from tests.e2e.waiting import wait_until

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("training")]
SECRET, ENTRY = "churn-api-keys", "api-keys.json"
# The kubelet looks at mounted Secrets once a minute or so.
SYNC_SECONDS = 300


@pytest.fixture(scope="module")
def customers(target: Target) -> Customers:
    return read_customers(target.data, 1)


def ask(target: Target, customers: Customers, headers: dict[str, str]) -> httpx.Response:
    return post(f"{target.http}/v1/predictions", json={"customers": [customers.record(0)]}, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-API-Key": "churn_wrong"}, {"Authorization": "Bearer churn_wrong"}, {"Authorization": "Basic Y2h1cm46"}],
)
def test_http_without_a_good_key_is_refused(target: Target, customers: Customers, headers: dict[str, str]) -> None:
    answer = ask(target, customers, headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "www-authenticate" in answer.headers
    infer = post(f"{target.http}/v2/models/churn-telecom/infer", json={}, headers=headers)
    assert infer.status_code == 401
    assert httpx.get(f"{target.http}/v1/model", headers=headers, timeout=30).status_code == 401


def test_health_needs_no_key(target: Target) -> None:
    for path in ("/livez", "/readyz", "/v2/health/ready"):
        assert httpx.get(target.http + path, timeout=30).status_code == 200


@pytest.mark.parametrize("metadata", [(), (("x-api-key", "churn_wrong"),), (("authorization", "Bearer churn_wrong"),)])
def test_grpc_without_a_good_key_is_refused(target: Target, customers: Customers, metadata: Any) -> None:
    assert infer_code(target, customers, metadata) == grpc.StatusCode.UNAUTHENTICATED
    assert infer_code(target, customers, (("x-api-key", target.key),)) == grpc.StatusCode.OK


def infer_code(target: Target, customers: Customers, metadata: Any) -> grpc.StatusCode:
    with grpc.insecure_channel(target.grpc, options=PATIENT_CHANNEL) as channel:
        infer = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=messages.ModelInferRequest.SerializeToString,
            response_deserializer=messages.ModelInferResponse.FromString,
        )
        try:
            infer(encode_request(customers.rows, customers.schema), timeout=30, metadata=metadata)
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            return code
    return grpc.StatusCode.OK


@pytest.fixture
def keys_restored(target: Target, cluster: Cluster) -> Iterator[dict[str, Any]]:
    """The key file as it is; it is put back afterwards."""
    del target
    content = cluster.secret(SECRET)[ENTRY]
    yield json.loads(content)
    write_keys(cluster, content)


def write_keys(cluster: Cluster, content: str) -> None:
    body = {"data": {ENTRY: base64.b64encode(content.encode()).decode()}}
    cluster.core.patch_namespaced_secret(SECRET, cluster.namespace, body)


def test_a_key_is_rotated_without_a_restart(
    target: Target, cluster: Cluster, customers: Customers, keys_restored: dict[str, Any], figures: Figures
) -> None:
    before = cluster.templates("gateway")
    key = "churn_" + secrets.token_urlsafe(32)
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
    expired = "churn_" + secrets.token_urlsafe(32)
    entries = [
        *keys_restored["keys"],
        {"id": "rotated", "sha256": hashlib.sha256(key.encode()).hexdigest()},
        {
            "id": "expired",
            "sha256": hashlib.sha256(expired.encode()).hexdigest(),
            "not_after": past.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    ]
    assert ask(target, customers, {"X-API-Key": key}).status_code == 401
    started = time.monotonic()
    write_keys(cluster, json.dumps({"keys": entries}))
    wait_until(lambda: all_answer(target, customers, key), SYNC_SECONDS, "gateway that knows the new key", every=2)
    seconds = round(time.monotonic() - started, 1)
    assert ask(target, customers, {"X-API-Key": expired}).status_code == 401
    assert ask(target, customers, {"X-API-Key": target.key}).status_code == 200
    assert cluster.templates("gateway") <= before
    figures.record("API key rotated", seconds=seconds)


def all_answer(target: Target, customers: Customers, key: str) -> bool:
    """Whether each of many connections, spread over all pods, accepts a key."""
    return all(ask(target, customers, {"X-API-Key": key}).status_code == 200 for _ in range(12))
