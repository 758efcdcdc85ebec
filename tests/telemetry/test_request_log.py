"""Lines of the request log are written in bursts; what cannot be written is counted, and nobody waits for it."""

import asyncio
import json
import os
import time
from pathlib import Path

import pytest

from churn_serving.telemetry import names
from churn_serving.telemetry.metrics import GatewayMetrics
from churn_serving.telemetry.request_log import FLUSH_SECONDS, MAXIMUM_LINES, RequestLog
from churn_serving.telemetry.tracing import Trace

TRACE = "0af7651916cd43dd8448eb211c80319c"


class Ended:
    """A request that has ended."""

    def __init__(self, number: int, trace: Trace | None) -> None:
        self.route, self.caller = "/v1/predictions", "crm"
        self.rows, self.request_id = number, f"r{number}"
        self.trace = trace


def write(log: RequestLog, number: int, trace: Trace | None = None) -> None:
    log.write(Ended(number, trace), "primary", "7", 200, 0.0012346)


def numbers(file: Path) -> list[int]:
    return [json.loads(line)["rows"] for line in file.read_text().splitlines()]


async def test_a_line_says_who_answered_how_fast_and_as_part_of_what(tmp_path: Path) -> None:
    began, lost = time.time(), list[int]()
    with (tmp_path / "log").open("wb") as file:
        log = RequestLog(file.fileno(), lost.append)
        write(log, 1)
        write(log, 2, Trace(f"00-{TRACE}-b7ad6b7169203331-00"))
        log.close()
    first, second = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert began - 0.001 <= first.pop("time") <= second.pop("time") <= time.time()
    said = {"route": "/v1/predictions", "code": 200, "caller": "crm", "served_by": "primary", "model_version": "7"}
    assert first == {**said, "rows": 1, "milliseconds": 1.235, "request_id": "r1"}
    assert second == {**said, "rows": 2, "milliseconds": 1.235, "request_id": "r2", "trace_id": TRACE}


async def test_lines_arrive_in_order(tmp_path: Path) -> None:
    lost: list[int] = []
    with (tmp_path / "log").open("wb") as file:
        log = RequestLog(file.fileno(), lost.append)
        for number in range(3):
            write(log, number)
        await asyncio.sleep(FLUSH_SECONDS * 2)
        write(log, 3)
        log.close()
    assert numbers(tmp_path / "log") == [0, 1, 2, 3]
    assert lost == []


async def test_lines_beyond_the_bound_and_a_broken_sink_are_counted() -> None:
    metrics = GatewayMetrics()
    reader, writer = os.pipe()
    os.close(reader)
    log = RequestLog(writer, metrics.log_dropped)
    for number in range(MAXIMUM_LINES + 5):
        write(log, number)
    assert metrics.registry.get_sample_value(names.LOG_DROPPED) == 5
    log.close()
    os.close(writer)
    assert metrics.registry.get_sample_value(names.LOG_DROPPED) == MAXIMUM_LINES + 5


async def test_a_log_that_found_no_thread_once_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[int] = []
    loop = asyncio.get_running_loop()

    def no_thread(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with (tmp_path / "log").open("wb") as file, monkeypatch.context() as patched:
        log = RequestLog(file.fileno(), lost.append)
        patched.setattr(loop, "run_in_executor", no_thread)
        write(log, 1)
        await asyncio.sleep(FLUSH_SECONDS * 2)
        patched.undo()
        write(log, 2)
        await asyncio.sleep(FLUSH_SECONDS * 2)
    assert lost == [1]
    assert numbers(tmp_path / "log") == [2]
