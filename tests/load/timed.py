"""Starts a gateway that times what it counts and writes down, step by step, where that is done: in a process whose
caches other work has emptied. What was found is written as JSON to the file that is named first when the gateway ends.

Usage: python -m tests.load.timed FILE [FLAGS OF THE GATEWAY]
"""

from __future__ import annotations

import json
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

REQUEST = "request"
CLOCK = "clock"
"""A step that does nothing: what it takes to look at the clock twice."""
ONCE = {"finish": REQUEST, "_scored": "scores", "recommended": "recommendation"}
"""Steps of the service that each request takes, in this commit or a former one, and what they are called here."""
CALL, BURST = "call", "lines of a burst"


class Steps:
    """Nanoseconds of each step, in the order of taking them."""

    def __init__(self) -> None:
        self.found: dict[str, array[int]] = {}

    def timed(self, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        """The same step, and how long it takes is kept."""
        keep, now = self.found.setdefault(name, array("q")).append, time.perf_counter_ns

        def timed(*given: Any, **named: Any) -> Any:
            began = now()
            result = step(*given, **named)
            keep(now() - began)
            return result

        return timed


def main() -> int:
    """Serve, and write down what was found; the gateway's exit code."""
    from churn_serving.gateway import bootstrap
    from churn_serving.gateway.command import main as run
    from churn_serving.gateway.service import PredictionService
    from churn_serving.telemetry.metrics import GatewayMetrics
    from churn_serving.telemetry.request_log import RequestLog

    file, steps = Path(sys.argv.pop(1)), Steps()

    class TimedService(PredictionService):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            for step, name in ONCE.items():
                if hasattr(self, step):
                    setattr(self, step, steps.timed(name, getattr(self, step)))
            clock, finish = steps.timed(CLOCK, _nothing), self.finish

            def finish_and_look(*given: Any) -> None:
                clock(*given)
                finish(*given)

            self.finish = finish_and_look  # type: ignore[method-assign, assignment]

    class TimedMetrics(GatewayMetrics):
        def __init__(self) -> None:
            super().__init__()
            self.backend_called = steps.timed(CALL, self.backend_called)  # type: ignore[method-assign]

    class TimedLog(RequestLog):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            if hasattr(self, "_encode_lines"):
                self._encode_lines = steps.timed(BURST, self._encode_lines)  # type: ignore[method-assign]

    parts = {"PredictionService": TimedService, "GatewayMetrics": TimedMetrics, "RequestLog": TimedLog}
    for name, part in parts.items():
        getattr(bootstrap, name)
        setattr(bootstrap, name, part)
    code = run()
    file.write_text(json.dumps({name: list(found) for name, found in steps.found.items()}))
    return code


def _nothing(*_: Any) -> None:
    """What a step costs that does nothing."""


if __name__ == "__main__":
    raise SystemExit(main())
