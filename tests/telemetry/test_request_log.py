"""Lines of the request log are written in bursts; what cannot be written is counted, and nobody waits for it."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from churn_serving.telemetry import names
from churn_serving.telemetry.metrics import GatewayMetrics
from churn_serving.telemetry.request_log import FLUSH_SECONDS, MAXIMUM_LINES, RequestLog


async def test_lines_arrive_in_order(tmp_path: Path) -> None:
    lost: list[int] = []
    with (tmp_path / "log").open("wb") as file:
        log = RequestLog(file.fileno(), lost.append)
        for number in range(3):
            log.write(number=number)
        await asyncio.sleep(FLUSH_SECONDS * 2)
        log.write(number=3)
        log.close()
    lines = (tmp_path / "log").read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [0, 1, 2, 3]
    assert lost == []


async def test_lines_beyond_the_bound_and_a_broken_sink_are_counted() -> None:
    metrics = GatewayMetrics()
    reader, writer = os.pipe()
    os.close(reader)
    log = RequestLog(writer, metrics.log_dropped)
    for number in range(MAXIMUM_LINES + 5):
        log.write(number=number)
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
        log.write(number=1)
        await asyncio.sleep(FLUSH_SECONDS * 2)
        patched.undo()
        log.write(number=2)
        await asyncio.sleep(FLUSH_SECONDS * 2)
    assert lost == [1]
    assert [json.loads(line)["number"] for line in (tmp_path / "log").read_text().splitlines()] == [2]
