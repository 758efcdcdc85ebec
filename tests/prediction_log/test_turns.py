"""What is answered in one turn of the event loop is written together, before anybody is told, on either loop."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvloop
from prometheus_client import CollectorRegistry

from churn_model import Description, TrustedKeys, open_package
from churn_model.prediction_log.frames import frames
from churn_model.prediction_log.pseudonyms import add_pseudonym_key
from churn_model.prediction_log.records import AnswerNote, decode_note
from churn_serving.adapters.segment_writer import REASONS, SegmentLimits, SegmentWriter
from churn_serving.gateway.prediction_log import PredictionLog
from churn_serving.gateway.pseudonym_ring import PseudonymRing
from churn_serving.telemetry.prediction_log import PredictionLogMetrics

LIMITS = SegmentLimits(1_000_000, 3600.0, 100_000_000)
Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    found: Run = request.param
    return found


@pytest.fixture(scope="module")
def description(logged_package: Path, keys: Any) -> Description:
    return open_package(logged_package, TrustedKeys.load(keys.verify_path)).description


class Kept:
    """A log in a folder, and what stands there."""

    def __init__(self, home: Path, description: Description) -> None:
        self.folder, self._description = home / "segments", description
        add_pseudonym_key(home / "keys.json", "first")
        self.registry = CollectorRegistry()
        ring = PseudonymRing(home / "keys.json", lambda _outcome: None)
        self.writer = SegmentWriter(self.folder, LIMITS)
        self.log = PredictionLog(self.writer, ring, PredictionLogMetrics(self.registry, REASONS), lambda _key: None)
        self.writes = 0
        append = self.writer.append

        def counted(content: bytes) -> None:
            self.writes += 1
            append(content)

        self.writer.append = counted  # type: ignore[method-assign]

    async def answer(self, number: int) -> bool:
        """Keep an answer to one customer; whether it stood in the file when its caller went on."""
        outcome = SimpleNamespace(description=self._description, served_by="primary")
        request = f"r{number}"
        exchange: Any = SimpleNamespace(
            request_id=request, route="/v1/predictions", started=time.perf_counter(), outcome=outcome
        )
        row = self._description.golden.rows[0]
        made: Any = SimpleNamespace(
            customer_id=f"c{number}", churn_probability=0.5, segment=SimpleNamespace(id=1),
            action=SimpleNamespace(id="call", expected_value=1.0),
        )  # fmt: skip
        await self.log.answered(exchange, [row], [made])
        return request in self.requests()

    def requests(self) -> list[str]:
        """Ids of all requests in the files, in their order."""
        found = [
            decode_note(one.content) for path in sorted(self.folder.glob("*/0*")) for one in frames(path.read_bytes())
        ]
        return [note.request_id for note in found if isinstance(note, AnswerNote)]


@pytest.fixture
def kept(tmp_path: Path, description: Description) -> Iterator[Kept]:
    made = Kept(tmp_path, description)
    yield made
    made.log.close()


def test_all_of_a_turn_are_one_write_and_are_there_before_anybody_goes_on(run: Run, kept: Kept) -> None:
    async def turn() -> None:
        assert await asyncio.gather(*(kept.answer(number) for number in range(20))) == [True] * 20

    run(turn())
    assert kept.writes == 1
    assert kept.requests() == [f"r{number}" for number in range(20)]
    assert kept.registry.get_sample_value("churn_prediction_log_records_total") == 20


def test_turn_after_turn_each_is_written_when_its_caller_goes_on(run: Run, kept: Kept) -> None:
    async def turns() -> None:
        assert [await kept.answer(number) for number in range(5)] == [True] * 5

    run(turns())
    assert (kept.writes, len(kept.requests())) == (5, 5)


def test_whoever_gives_up_waiting_takes_nobody_along_and_is_written(run: Run, kept: Kept) -> None:
    async def turn() -> None:
        tasks = [asyncio.ensure_future(kept.answer(number)) for number in range(3)]
        asyncio.get_running_loop().call_soon(tasks[1].cancel)
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert (ended[0], ended[2]) == (True, True)
        assert isinstance(ended[1], asyncio.CancelledError)

    run(turn())
    assert kept.requests() == ["r0", "r1", "r2"]


def test_what_waits_at_the_end_is_written_by_closing(run: Run, kept: Kept) -> None:
    async def end() -> None:
        task = asyncio.ensure_future(kept.answer(0))
        asyncio.get_running_loop().call_soon(kept.log.close)
        await asyncio.sleep(0)
        await task

    run(end())
    assert kept.requests() == ["r0"]
