"""Starts one of our servers with nobody who counts or writes down what it answers: no metric of a request, no line of
a log.

No setting does that, since whoever serves must be able to tell how it goes; it is the other end of the benchmark's
scale. What a server is told otherwise holds, and what happens once in a while is counted as ever.

Usage: python -m tests.load.silent gateway|predictor [FLAGS]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from churn_model.spelling import Note


def main() -> int:
    """Start the server that is named first; everything after that is its own."""
    return SERVERS[sys.argv.pop(1)]()


def gateway() -> int:
    """The gateway."""
    from churn_serving.gateway import bootstrap
    from churn_serving.gateway.command import main as run
    from churn_serving.gateway.service import PredictionService

    class SilentService(PredictionService):
        _count_scores = _nothing_soon
        recommended = finish = _nothing

        async def _count(self, notes: Sequence[Note], _: object) -> list[Note]:
            return [note for note in notes if note[2]]  # callers are told of levels that nobody knows

    _exchange(bootstrap, GatewayMetrics=_silent_metrics(), PredictionService=SilentService)
    return run()


def _silent_metrics() -> type:
    from churn_serving.telemetry.metrics import GatewayMetrics

    class SilentMetrics(GatewayMetrics):
        answered = scored = recommended = backend_called = values_noted = _nothing

    return SilentMetrics


def predictor() -> int:
    """The primary."""
    from churn_serving.backend.metrics import BackendMetrics
    from churn_serving.predictor import command

    class SilentMetrics(BackendMetrics):
        answered = _nothing

        def __init__(self, component: str) -> None:
            super().__init__(component)
            self.observe_batch = _nothing

    _exchange(command, BackendMetrics=SilentMetrics)
    return command.main()


def _take_no_notice(*_: Any, **__: Any) -> None:
    """In the place of a method of any form."""


async def _take_none_soon(*_: Any, **__: Any) -> None:
    """The same of one that is waited for."""


_nothing: Any = _take_no_notice
_nothing_soon: Any = _take_none_soon


def _exchange(module: Any, **parts: type) -> None:
    """Have a composition root build other parts; one that it does not know is a mistake here."""
    for name, part in parts.items():
        getattr(module, name)
        setattr(module, name, part)


SERVERS: dict[str, Callable[[], int]] = {
    "gateway": gateway,
    "predictor": predictor,
}

if __name__ == "__main__":
    raise SystemExit(main())
