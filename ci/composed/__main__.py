"""What must hold of ``compose.yaml`` once it runs: it answers by the primary, by the fallback when that is gone, every
answer is a row, Prometheus reads everybody by every rule and knows whom to tell. ``ci/compose-podman`` starts it.

It must not know by which engine: the one thing that it asks it for is to end the primary.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

GATEWAY, PROMETHEUS, ALERTMANAGER, MLFLOW = (f"http://127.0.0.1:{port}" for port in (8080, 9094, 9095, 5000))
CUSTOMERS = Path("docs/integrate/examples/customers.json")
SECONDS = 300.0
SCRAPED = 4


def main(end_primary: list[str]) -> int:
    """Look at each of it and say what was seen; what does not hold within five minutes raises TimeoutError."""
    begun = time.monotonic()
    _until("the gateway is ready", lambda: _get(f"{GATEWAY}/readyz").get("status") == "ready")
    asked = json.loads(CUSTOMERS.read_text())
    _until("the primary answers", lambda: _served_by(asked) == "primary")
    _until("MLflow answers", lambda: httpx.get(f"{MLFLOW}/health", timeout=10).text == "OK")
    _until("Prometheus reads everybody", lambda: _value('sum(up{job="churn"})') == SCRAPED)
    _until(
        "Alertmanager is told", lambda: bool(_get(f"{PROMETHEUS}/api/v1/alertmanagers")["data"]["activeAlertmanagers"])
    )
    _until(
        "Alertmanager is ready", lambda: httpx.get(f"{ALERTMANAGER}/-/ready", timeout=10).status_code == httpx.codes.OK
    )
    rules = [rule for group in _get(f"{PROMETHEUS}/api/v1/rules")["data"]["groups"] for rule in group["rules"]]
    faulty = [rule["name"] for rule in rules if rule.get("lastError")]
    if faulty or not rules:
        raise RuntimeError(f"rules that cannot be evaluated: {faulty} of {len(rules)}")
    _until("answers are kept", lambda: _value("sum(churn_prediction_log_shipped_total)") > 0)
    subprocess.run(end_primary, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - the caller's own words
    _until("the fallback answers", lambda: _served_by(asked) == "fallback")
    sys.stdout.write(
        f"all of compose.yaml but Grafana ran, {len(rules)} rules among it: {time.monotonic() - begun:.0f} s\n"
    )
    return 0


def _until(what: str, holds: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while True:
        try:
            if holds():
                break
        except (httpx.HTTPError, ValueError, KeyError):
            pass
        if time.monotonic() > begun + SECONDS:
            raise TimeoutError(what)
        time.sleep(1.0)
    sys.stderr.write(f"{what}: after {time.monotonic() - begun:.0f} s\n")


def _served_by(asked: Any) -> str:
    answer = httpx.post(f"{GATEWAY}/v1/predictions", json=asked, timeout=10)
    return str(answer.json()["served_by"])


def _value(query: str) -> float:
    found = _get(f"{PROMETHEUS}/api/v1/query", query=query)["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def _get(url: str, **parameters: str) -> Any:
    return httpx.get(url, params=parameters, timeout=10).json()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
