"""Of answers that went well a gateway writes so many lines a second, of all others each; what is left out it counts."""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from churn_model import open_package
from churn_serving.core.errors import BackendFailed
from churn_serving.gateway.predictions import PATH
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.telemetry import line_budget, names
from churn_serving.telemetry.line_budget import LineBudget
from tests.gateway.front import FEATURES, Front

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0"
USUAL: int = GatewaySettings.model_fields["request_log_lines_per_second"].default
Made = Callable[[int], Front]


@pytest.fixture
def made(package_folder: Any, keys: Any, tmp_path: Path) -> Made:
    """A front door that writes so many lines a second of what went well."""
    return lambda lines: Front(open_package(package_folder, keys.trusted).description, tmp_path / "lines", lines)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is until a test says otherwise."""
    now = [time.perf_counter()]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return now


async def ask(front: Front, count: int, together: int = 50) -> None:
    for _ in range(count // together):
        answers = await asyncio.gather(*(front.ask() for _ in range(together)))
        assert {answer.status_code for answer in answers} == {200}


async def lines(front: Front) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (await front.logged()).splitlines()]


async def test_what_a_second_has_no_room_for_is_left_out_and_counted(made: Made) -> None:
    front, began = made(5), time.perf_counter()
    await ask(front, 200)
    room = 5 * (time.perf_counter() - began)
    written = len(await lines(front))
    assert 5 <= written <= 5 + room + 1
    assert front.counted(names.LOG_LEFT_OUT) == 200 - written
    assert front.counted(names.LOG_DROPPED) == 0
    assert front.counted(names.REQUESTS, route=PATH, served_by="primary", model_version="1", code="200") == 200


@pytest.mark.parametrize(("budget", "asked"), [(USUAL, 300), (0, 1500)], ids=["as it comes", "without a limit"])
async def test_where_there_is_room_every_line_is_written(made: Made, budget: int, asked: int) -> None:
    front = made(budget)
    await ask(front, asked)
    written = await lines(front)
    assert len({line["request_id"] for line in written}) == len(written) == asked
    assert front.counted(names.LOG_LEFT_OUT) == 0


async def test_there_is_room_again_later_and_never_for_more_than_a_second(made: Made, clock: list[float]) -> None:
    front = made(10)
    for later in (0.0, 0.25, 3600.0):
        clock[0] += later
        await ask(front, 50)
    assert len(await lines(front)) == pytest.approx(10 + 2.5 + 10, abs=1.5)


@pytest.mark.usefixtures("clock")
async def test_whatever_did_not_go_well_has_its_line(made: Made) -> None:
    front = made(1)
    await ask(front, 50)
    for _ in range(20):
        assert (await front.client.post(PATH, json={"customers": [{"customer_id": "c"}]})).status_code == 422
    front.backend.failure = BackendFailed("said so")
    await ask(front, 50)
    codes = Counter((line["code"], line["served_by"]) for line in await lines(front))
    assert (codes[422, "none"], codes[200, "degraded"]) == (20, 50)
    assert codes[200, "primary"] + front.counted(names.LOG_LEFT_OUT) == 50
    assert codes[200, "primary"] < 3


@pytest.mark.usefixtures("clock")
async def test_a_request_whose_trace_is_kept_has_its_line(made: Made) -> None:
    front = made(1)
    body = {"customers": [{"customer_id": "c", "features": FEATURES}]}
    for number in range(40):
        headers = {"traceparent": f"{TRACEPARENT}{number % 2}", "x-request-id": f"{'kept' if number % 2 else 'not'}"}
        assert (await front.client.post(PATH, json=body, headers=headers)).status_code == 200
    found = Counter(line["request_id"] for line in await lines(front))
    assert found["kept"] == 20
    assert found["not"] < 3


def test_who_reads_the_log_is_told_how_many_lines_are_missing_and_why(
    made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    front = made(7)
    caplog.set_level(logging.INFO)
    front.budget.tell()
    assert not caplog.messages
    front.metrics.lines_left_out.value += 12
    front.budget.tell()
    front.budget.tell()
    (said,) = caplog.messages
    assert all(word in said for word in ("12", "LINES=7", names.LOG_LEFT_OUT))


async def test_it_is_told_now_and_then(
    made: Made, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_budget, "TELL_SECONDS", 0.01)
    budget: LineBudget = made(7).budget
    caplog.set_level(logging.INFO)
    task = asyncio.create_task(budget.run())
    for count in (1, 2):
        budget.left_out.value += 1
        while len(caplog.messages) < count:  # noqa: ASYNC110 - there is no event of it
            await asyncio.sleep(0.005)
    task.cancel()
