#!/usr/bin/env python3
"""What `helm test` runs in the gateway's image: is it ready, and does it answer a customer over both protocols?

Takes the gateway's address and, in CHURN_API_KEY, a key. Knows nothing of the model before it has asked, and uses the
standard library alone, so that it needs nothing that the image might lose.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any

READY_SECONDS = 120.0
TIMEOUT_SECONDS = 5.0
UNAUTHORIZED = 401


class Refused(Exception):
    """The gateway does not do what it should; the message is what a person reads."""


def main() -> int:
    """Ask, say what came back, and return the exit code."""
    gateway = sys.argv[1].rstrip("/")
    key = os.environ.get("CHURN_API_KEY", "")
    try:
        wait_ready(gateway)
        refuses_strangers(gateway, key)
        model = ask(gateway, "/v1/model", key)
        customer = {feature["name"]: a_value(feature) for feature in model["features"]}
        probability = predict(gateway, key, customer)
        same_over_v2(gateway, key, model, customer, probability)
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    sys.stdout.write(f"{model['name']} version {model['version']} answers {probability} over both protocols\n")
    return 0


def wait_ready(gateway: str) -> None:
    """Ready may take as long as the first model does."""
    end = time.monotonic() + READY_SECONDS
    last = ""
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{gateway}/readyz", timeout=TIMEOUT_SECONDS).close()  # noqa: S310 - http by its caller
        except OSError as error:
            last = str(error)
            time.sleep(1)
        else:
            return
    raise Refused(f"{gateway}/readyz: not ready after {READY_SECONDS:.0f} s: {last}")


def refuses_strangers(gateway: str, key: str) -> None:
    """Where a key is asked for, nobody gets in without one."""
    if not key:
        return
    try:
        ask(gateway, "/v1/model", "")
    except Refused as refused:
        if refused.args[1:] == (UNAUTHORIZED,):
            return
        raise
    raise Refused("/v1/model: answers without an API key")


def predict(gateway: str, key: str, customer: dict[str, Any]) -> float:
    """The probability of one customer by the gateway's own protocol."""
    body = {"customers": [{"customer_id": "helm-test", "features": customer}]}
    answer = ask(gateway, "/v1/predictions", key, body)
    served_by = answer["served_by"]
    if served_by == "degraded":
        raise Refused("/v1/predictions: no model answers, only the scorecard")
    probability = float(answer["predictions"][0]["churn_probability"])
    if not 0.0 <= probability <= 1.0:
        raise Refused(f"/v1/predictions: {probability} is no probability")
    return probability


def same_over_v2(gateway: str, key: str, model: dict[str, Any], customer: dict[str, Any], expected: float) -> None:
    """Open Inference Protocol V2 says the same of the same customer."""
    inputs = [a_tensor(feature, customer[feature["name"]]) for feature in model["features"]]
    answer = ask(gateway, f"/v2/models/{model['name']}/infer", key, {"inputs": inputs})
    outputs = {output["name"]: output["data"] for output in answer["outputs"]}
    (probability,) = outputs["churn_probability"]
    if probability != expected:
        raise Refused(f"/v2/models/{model['name']}/infer: {probability}, but /v1/predictions: {expected}")


def ask(gateway: str, path: str, key: str, body: object = None) -> Any:
    """The JSON answer; POST with a body, GET without.

    Raises:
        Refused: any other status than 200 (second argument), or no answer.
    """
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(gateway + path, data=data, headers=headers)  # noqa: S310 - http by its caller
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(f"{path}: {error.code} {error.read(500).decode(errors='replace')}", error.code) from error
    except OSError as error:
        raise Refused(f"{path}: {error}") from error


def a_value(feature: dict[str, Any]) -> float | str:
    """Something that the model accepts: its first level, or a number between its bounds."""
    if feature.get("categories"):
        return str(feature["categories"][0])
    if feature["type"] == "category":
        return "helm-test"
    low = feature.get("minimum")
    high = feature.get("maximum")
    if low is not None and high is not None:
        return (float(low) + float(high)) / 2
    return float(low if low is not None else high if high is not None else 1.0)


def a_tensor(feature: dict[str, Any], value: float | str) -> dict[str, Any]:
    """One feature of one customer as V2 wants it."""
    datatype = "BYTES" if isinstance(value, str) else "FP64"
    return {"name": feature["name"], "datatype": datatype, "shape": [1, 1], "data": [value]}


if __name__ == "__main__":
    sys.exit(main())
