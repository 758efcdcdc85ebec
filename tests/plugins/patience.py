"""Callers that come back when they are told to, as every caller should: what they ask for is tested, and a gateway on a
busy machine may be too late for a large body and say so."""

import json
import time
from typing import Any

import httpx

_SECONDS = 60.0
_RETRY = {
    "maxAttempts": 5,
    "initialBackoff": "0.5s",
    "maxBackoff": "5s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["RESOURCE_EXHAUSTED"],
}
PATIENT_CHANNEL = (
    ("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": _RETRY}]})),
    ("grpc.per_rpc_retry_buffer_size", 1 << 24),
)


class PatientTransport(httpx.HTTPTransport):
    """Sends a request again where the answer is 503 with ``Retry-After``."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + _SECONDS
        while True:
            answer = super().handle_request(request)
            refused = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" in answer.headers
            if not refused or time.monotonic() > deadline:
                return answer
            answer.close()
            time.sleep(0.5)


def post(url: str, **options: Any) -> httpx.Response:
    """One request on a connection of its own."""
    with httpx.Client(transport=PatientTransport(), timeout=30) as client:
        return client.post(url, **options)
