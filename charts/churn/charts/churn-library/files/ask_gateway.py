#!/usr/bin/env python3
"""What `helm test` runs in the gateway's image: does it answer a customer over both protocols, by whom it should?

Waits for that as long as it is told to. Takes the gateway's address and, in CHURN_API_KEY, a key. Knows nothing of the
model before it has asked, and uses the standard library alone, so that it needs nothing that the image might lose.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any

TIMEOUT_SECONDS = 5.0
PAUSE_SECONDS = 1.0
UNAUTHORIZED = 401
CUSTOMER = "first-customer"


class Refused(Exception):
    """The gateway does not do what it should; the message is what a person reads."""


def main() -> int:
    """Ask until it is right or time is up, say what came back, and return the exit code."""
    options = arguments()
    deadline = time.monotonic() + options.seconds
    while True:
        try:
            line = examine(options)
        except Refused as refused:
            if time.monotonic() > deadline:
                sys.stderr.write(f"after {options.seconds:.0f} s: {refused}\n")
                return 1
            time.sleep(PAUSE_SECONDS)
        else:
            sys.stdout.write(f"{line}\n")
            return 0


def arguments(*, with_release: bool = False) -> argparse.Namespace:
    """The command line; the API key comes from the environment, where no list of processes shows it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gateway", type=lambda url: url.rstrip("/"), help="http://HOST:PORT")
    parser.add_argument("--served-by", type=lambda names: set(names.split(",")), metavar="NAME,...", required=True)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long to wait for the first right answer")
    parser.add_argument("--show", action="store_true", help="print the question and the whole answer")
    if with_release:
        parser.add_argument("--release", required=True, help="whose pods must be ready")
        parser.add_argument("--components", type=lambda names: names.split(","), default=[], help="only theirs of them")
    options = parser.parse_args()
    options.key = os.environ.get("CHURN_API_KEY", "")
    return options


def examine(options: argparse.Namespace) -> str:
    """One round of questions; returns what to say of it.

    Raises:
        Refused: something is not as it should be, or not yet.
    """
    ask_ready(options.gateway)
    refuses_strangers(options.gateway, options.key)
    model = ask(options.gateway, "/v1/model", options.key)
    customer = {feature["name"]: a_value(feature) for feature in model["features"]}
    question = {"customers": [{"customer_id": CUSTOMER, "features": customer}]}
    answer = ask(options.gateway, "/v1/predictions", options.key, question)
    probability = believable(answer, options.served_by)
    same_over_v2(options.gateway, options.key, model, customer, probability)
    line = f"{model['name']} version {model['version']} answers {probability} over both protocols"
    return (
        f"POST /v1/predictions {json.dumps(question)}\n{json.dumps(answer, indent=2)}\n{line}" if options.show else line
    )


def ask_ready(gateway: str) -> None:
    """Ready takes as long as the first model does."""
    try:
        urllib.request.urlopen(f"{gateway}/readyz", timeout=TIMEOUT_SECONDS).close()  # noqa: S310 - http by its caller
    except OSError as error:
        raise Refused(f"{gateway}/readyz: {error}") from error


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


def believable(answer: dict[str, Any], wanted: set[str]) -> float:
    """The probability of the one customer, answered by whom it should be."""
    served_by = answer["served_by"]
    if served_by not in wanted:
        raise Refused(f"/v1/predictions: answered by {served_by}, not by {' or '.join(sorted(wanted))}")
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
        return CUSTOMER
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
