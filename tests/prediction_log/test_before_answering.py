"""What is answered stands in the file before anybody is told, on either loop, and whatever cannot be written."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop
from prometheus_client import CollectorRegistry

from churn_model import Description, Row, Scores, TrustedKeys, open_package
from churn_model.prediction_log.pseudonyms import add_pseudonym_key
from churn_serving.adapters.segment_writer import REASONS, SegmentLimits, SegmentWriter
from churn_serving.core.dispatch import Outcome
from churn_serving.gateway.answers import Action, Prediction, SegmentName
from churn_serving.gateway.prediction_log import PredictionLog
from churn_serving.gateway.pseudonym_ring import PseudonymRing
from churn_serving.gateway.service import Exchange
from churn_serving.telemetry.prediction_log import RECORDS, SHED, PredictionLogMetrics
from tests.prediction_log.segments import answers

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
        self.row = description.golden.rows[0]
        add_pseudonym_key(home / "keys.json", "first")
        self.registry = CollectorRegistry()
        ring = PseudonymRing(home / "keys.json", lambda _outcome: None)
        self.writer = SegmentWriter(self.folder, LIMITS)
        self.log = PredictionLog(self.writer, ring, PredictionLogMetrics(self.registry, REASONS), lambda _key: None)

    def exchange(self, request_id: str) -> Exchange:
        exchange = Exchange("/v1/predictions", request_id)
        exchange.outcome = Outcome("primary", Scores([0.5], [1]), self._description)
        return exchange

    def made(self, customer_id: str) -> Prediction:
        return Prediction(customer_id, 0.5, "low", SegmentName(1, "all"), Action("call", "Call", 1.0, 0.5, None), [])

    def answer(self, number: int, row: Row | None = None) -> bool:
        """Keep an answer to one customer; whether it stands in the file then."""
        request = f"r{number}"
        self.log.answered(self.exchange(request), [row or self.row], [self.made(f"c{number}")])
        return request in self.requests()

    def hold(self, number: int, row: Row | None = None) -> None:
        """Take an answer that is written later."""
        exchange = self.exchange(f"r{number}")
        assert exchange.outcome is not None
        self.log.hold(exchange, exchange.outcome, [row or self.row], [self.made(f"c{number}")])

    def requests(self) -> list[str]:
        """Ids of all requests in the files, in their order."""
        return [note.request_id for _, note in answers(self.folder)]

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def kept(tmp_path: Path, description: Description) -> Iterator[Kept]:
    made = Kept(tmp_path, description)
    yield made
    made.log.close()


def test_all_of_a_turn_are_there_when_their_callers_go_on(run: Run, kept: Kept) -> None:
    async def one(number: int) -> bool:
        await asyncio.sleep(0)
        return kept.answer(number)

    async def turn() -> None:
        assert await asyncio.gather(*map(one, range(20))) == [True] * 20

    run(turn())
    assert kept.requests() == [f"r{number}" for number in range(20)]
    assert kept.metric(RECORDS) == 20


def test_an_answer_to_many_is_there_whole_when_its_caller_goes_on(run: Run, kept: Kept) -> None:
    async def many() -> None:
        exchange, rows, made = kept.exchange("many"), [kept.row] * 300, [kept.made("c")] * 300
        asked = asyncio.ensure_future(kept.log.answered_many(exchange, rows, made))
        await asyncio.sleep(0)
        assert kept.answer(1)
        await asked
        assert kept.requests() == ["r1", "many"]

    run(many())
    assert kept.metric(RECORDS) == 301


@pytest.mark.parametrize("customer_id", ["  ", "\u200b", "\u00a0"])
def test_an_id_in_which_nothing_can_be_seen_names_nobody(kept: Kept, customer_id: str) -> None:
    """Else all who are sent so would be one customer, of whom the first answer alone counts."""
    kept.log.answered(kept.exchange("r"), [kept.row], [kept.made(customer_id)])
    kept.answer(1)
    assert [note.customers[0].customer is None for _, note in answers(kept.folder)] == [True, False]


def test_each_segment_introduces_the_model_that_its_answers_are_of(kept: Kept) -> None:
    for number in range(3):
        kept.answer(number)
        kept.writer._next()
    kept.answer(3)
    assert [(model.name, note.request_id) for model, note in answers(kept.folder)] == [
        ("churn-sample", f"r{number}") for number in range(4)
    ]


def test_what_cannot_be_written_is_counted_and_the_next_one_introduces_the_model(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(kept.writer, "_maximum_bytes", 10)
        assert not kept.answer(0)
    assert kept.answer(1)
    assert kept.metric(SHED, reason="full") == 1


def test_what_no_record_can_be_made_of_is_counted_and_takes_nobody_along(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    assert not kept.answer(0, ["\ud800"] * len(kept.row))
    assert kept.answer(1)
    assert kept.metric(SHED, reason="failed") == 1
    assert "could not be made: UnicodeEncodeError" in caplog.text


def test_what_is_held_is_one_write_and_comes_before_whatever_else_is_written(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[int] = []
    append = kept.writer.append

    def counted(content: bytes) -> None:
        writes.append(len(content))
        append(content)

    monkeypatch.setattr(kept.writer, "append", counted)
    for number in range(3):
        kept.hold(number)
    assert kept.requests() == []
    kept.log.write_held()
    kept.log.write_held()
    assert (kept.requests(), len(writes), kept.metric(RECORDS)) == (["r0", "r1", "r2"], 1, 3)
    kept.hold(3)
    assert kept.answer(4)
    assert kept.requests() == [f"r{number}" for number in range(5)]


def test_what_is_held_is_introduced_in_the_segment_that_it_comes_to(kept: Kept) -> None:
    kept.hold(0)
    kept.writer._next()
    kept.log.write_held()
    kept.writer._next()
    kept.hold(1)
    kept.hold(2)
    kept.log.close()
    assert [(model.name, note.request_id) for model, note in answers(kept.folder)] == [
        ("churn-sample", f"r{number}") for number in range(3)
    ]


def test_of_what_is_held_one_that_no_record_can_be_made_of_takes_nobody_along(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept.hold(0, ["\ud800"] * len(kept.row))
    kept.hold(1)
    kept.log.write_held()
    assert (kept.requests(), kept.metric(SHED, reason="failed"), kept.metric(RECORDS)) == (["r1"], 1, 1)
    assert "could not be made: UnicodeEncodeError" in caplog.text
    with monkeypatch.context() as full:
        full.setattr(kept.writer, "_maximum_bytes", 10)
        kept.hold(2)
        kept.hold(3)
        kept.log.write_held()
    kept.hold(4)
    kept.log.write_held()
    assert (kept.requests(), kept.metric(SHED, reason="full"), kept.metric(RECORDS)) == (["r1", "r4"], 2, 2)
