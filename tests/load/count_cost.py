"""What counting and writing down one request costs a gateway: processor time of each step, in one process without
sockets. Caches are warm here; in a running system (``watch_cost.py``) the same takes several times as long.

Usage: python tests/load/count_cost.py
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from churn_serving.gateway.service import PredictionService
from churn_serving.telemetry.metrics import GatewayMetrics
from churn_serving.telemetry.request_log import RequestLog
from log_cost import cost, exchange, prediction


def main() -> None:
    """Print microseconds of processor time a request as one line of JSON."""
    found = {name: round(cost(step), 2) for name, step in steps().items()}
    sys.stdout.write(json.dumps(found) + "\n")


def steps() -> dict[str, Callable[[], object]]:
    """What is done once a request, and `call`, which requests share that wait for a model together."""
    metrics = GatewayMetrics()
    log = RequestLog(os.open(os.devnull, os.O_WRONLY), lambda _lines: None)
    log._scheduled = True  # without an event loop nothing is flushed
    nobody: Any = None
    service = PredictionService(nobody, nobody, metrics, log)
    answered, made = exchange(), prediction()
    outcome: Any = answered.outcome
    description = outcome.description
    description.name, description.version = description.manifest.name, description.manifest.version
    answered.rows = 1
    answered.recommended = [made]

    def finish() -> None:
        log._bursts.clear()
        service.finish(answered, 200)

    return {
        "request, line, score and recommendation": finish,
        "call": lambda: metrics.backend_called("primary", 20, 0.003, "answered", description.digest),
    }


if __name__ == "__main__":
    main()
