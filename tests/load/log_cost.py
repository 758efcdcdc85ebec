"""What keeping an answer costs a gateway: processor time by customer beside the same requests without a log, and where
it goes. In one process, without sockets: what is measured is the log alone.

Usage: python -m tests.load.log_cost [ROUNDS]
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import uvloop
from prometheus_client import CollectorRegistry

from churn_model import Scores
from churn_model.prediction_log.frames import frame
from churn_model.prediction_log.pseudonyms import add_pseudonym_key, read_pseudonym_keys
from churn_model.prediction_log.records import AnswerNote, CustomerNote, encode_note
from churn_serving.adapters import segment_writer
from churn_serving.adapters.segment_writer import REASONS, SegmentLimits, SegmentWriter
from churn_serving.core.dispatch import Outcome
from churn_serving.gateway.answers import Action, Prediction, SegmentName
from churn_serving.gateway.prediction_log import PredictionLog
from churn_serving.gateway.pseudonym_ring import PseudonymRing
from churn_serving.gateway.service import Exchange
from churn_serving.telemetry.prediction_log import SHED, PredictionLogMetrics

FEATURES, KEPT, ANSWERS, TOGETHER = 19, 15, 8_000, (1, 4, 16)
_NAMES = tuple(f"feature_{place}" for place in range(FEATURES))
_ROW = tuple("Month-to-month" if place % 3 else 29.85 + place for place in range(FEATURES))
_REGISTRY = CollectorRegistry()
_LIMITS = SegmentLimits(4 * 1024 * 1024, 60.0, 1024**3)


def main(rounds: int) -> None:
    """Print microseconds of processor time as one line of JSON, the least of all rounds each."""
    # Where others have the processor meanwhile, that is no slow disk, for which records would be left out.
    segment_writer._SLOW_SECONDS = float("inf")
    with tempfile.TemporaryDirectory() as home:
        found = uvloop.run(measured(Path(home), rounds)) | {"parts": parts(Path(home))}
    sys.stdout.write(json.dumps(found) + "\n")


async def measured(home: Path, rounds: int) -> dict[str, Any]:
    """By how many are answered in one turn of the event loop: without a log, with it, and the difference."""
    log = opened(home)
    found: dict[str, Any] = {}
    for together in TOGETHER:
        least = {"without": float("inf"), "with": float("inf")}
        for _ in range(rounds):
            for name, kept in (("without", None), ("with", log)):
                least[name] = min(least[name], await answers(together, kept))
        found[f"{together} a turn"] = {name: round(value, 2) for name, value in least.items()}
        found[f"{together} a turn"]["log"] = round(least["with"] - least["without"], 2)
    log.close()
    if shed := sum(one.value for each in _REGISTRY.collect() for one in each.samples if one.name == SHED):
        raise RuntimeError(f"{shed:.0f} records are not in the log, and their cost would be none")
    return found


async def answers(together: int, log: PredictionLog | None) -> float:
    """Microseconds an answer, where so many requests wait for one call of a backend and are answered by it: those of a
    shared call are held for all and written by the first that goes on, as the gateway does it."""
    loop = asyncio.get_running_loop()
    exchanges, rows, made = [exchange() for _ in range(together)], [_ROW], [prediction()]
    outcome = exchanges[0].outcome
    assert outcome is not None

    async def request(answered: Any, called: "asyncio.Future[None]") -> None:
        await called
        if log is not None and together == 1:
            log.answered(answered, rows, made)
        elif log is not None:
            log.write_held()

    turns = ANSWERS // together
    began = time.process_time()
    for _ in range(turns):
        calls = [loop.create_future() for _ in range(together)]
        tasks = [loop.create_task(request(one, called)) for one, called in zip(exchanges, calls, strict=True)]
        await asyncio.sleep(0)
        if log is not None and together > 1:
            for one in exchanges:
                log.hold(one, outcome, rows, made)
        for called in calls:
            called.set_result(None)
        for task in tasks:
            await task
    return (time.process_time() - began) / (turns * together) * 1e6


def opened(home: Path) -> PredictionLog:
    """A log in a folder of its own."""
    add_pseudonym_key(home / "keys.json", "first")
    ring = PseudonymRing(home / "keys.json", lambda _outcome: None)
    writer = SegmentWriter(home / "segments", _LIMITS)
    return PredictionLog(writer, ring, PredictionLogMetrics(_REGISTRY, REASONS), lambda _key: None)


def exchange() -> Exchange:
    """A request that was answered, as far as the log looks at it."""
    features = [SimpleNamespace(name=name, type="number") for name in _NAMES]
    schema = SimpleNamespace(names=_NAMES, logged=_NAMES[:KEPT], features=features, usecase="telecom")
    manifest = SimpleNamespace(name="churn-telecom", version="7")
    description: Any = SimpleNamespace(digest=f"sha256:{'0' * 64}", schema=schema, manifest=manifest)
    made = Exchange("/v1/predictions", "0f8fad5b-d9cb-469f-a165-70867728950e")
    made.outcome = Outcome("primary", Scores([0.7351], [2]), description)
    return made


def prediction() -> Prediction:
    """What a customer was answered."""
    action = Action("loyalty-discount", "Loyalty discount", 31.25, 10.0, None)
    return Prediction("7590-VHVEG", 0.7351, "high", SegmentName(2, "New"), action, [])


def parts(home: Path) -> dict[str, float]:
    """What the steps of it cost one by one."""
    (key,) = read_pseudonym_keys(home / "keys.json")
    customer = CustomerNote(key.of("7590-VHVEG"), _ROW[:KEPT], 0.7351, 2, "loyalty-discount", 31.25)
    note = AnswerNote(1.79e9, "0f8fad5b-d9cb-469f", "/v1/predictions", 0, "primary", None, 3.21, "first", (customer,))
    content = encode_note(note)
    writer = SegmentWriter(home / "parts", _LIMITS)
    metrics = PredictionLogMetrics(CollectorRegistry(), REASONS)
    steps: dict[str, Callable[[], object]] = {
        "pseudonym": lambda: key.of("7590-VHVEG"),
        "notes": lambda: AnswerNote(
            1.79e9, "0f8fad5b-d9cb-469f", "/v1/predictions", 0, "primary", None, 3.21, "first",
            (CustomerNote(b"", _ROW, 0.7351, 2, "loyalty-discount", 31.25),),
        ),
        "encode": lambda: encode_note(note),
        "frame": lambda: frame(content),
        "write": lambda: writer.append(content),
        "count": lambda: metrics.kept(1),
        "bytes": lambda: len(content),
    }  # fmt: skip
    found = {name: round(cost(step), 2) for name, step in steps.items()}
    writer.close()
    return found | {"bytes": len(content)}


def cost(step: Callable[[], object], count: int = 3_000) -> float:
    """Microseconds of processor time a call, the least of three rounds."""
    least = float("inf")
    for _ in range(3):
        began = time.process_time()
        for _ in range(count):
            step()
        least = min(least, time.process_time() - began)
    return least / count * 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
