"""Large bodies are read by another process, as they would be read here; sixteen at most; and one that is lost harms the
body alone that it was reading."""

import asyncio
import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_model.dates import DateRule
from churn_model.schema import NAN, Row, SchemaFeature
from churn_serving.core.errors import Overloaded
from churn_serving.gateway.large_bodies import Body, LargeBodies, release
from churn_serving.gateway.reader_stream import ReaderLost
from churn_serving.gateway.reader_wire import Task, chunks_of, read_chunk
from churn_serving.gateway.records import MalformedRequest, RecordDecoder
from churn_serving.oip import json_codec
from churn_serving.oip.faults import InvalidRequest
from churn_serving.oip.grpc_codec import GrpcCodec, encode_request
from churn_serving.oip.messages import MAX_ROWS
from churn_serving.runtime.supervision import Supervisor
from sample_package import sample_rows, sample_schema
from tests.integration.test_poison import in_binary

SCHEMA = sample_schema()
ROWS: list[Row] = [*sample_rows(400, 5), [NAN if f.type == "number" else None for f in SCHEMA.features]]
RECORDS, V2, GRPC = (Task(door, MAX_ROWS) for door in ("records", "v2", "grpc"))


def records(rows: list[Row], **more: Any) -> bytes:
    known = [[None if value != value else value for value in row] for row in rows]  # noqa: PLR0124 - NaN
    customers = [
        {"customer_id": f"c{n}", "features": dict(zip(SCHEMA.names, row, strict=True))} for n, row in enumerate(known)
    ]
    return msgspec.json.encode({"customers": customers, **more})


@pytest.fixture
def refusals() -> list[str]:
    return []


@pytest.fixture
async def reading(refusals: list[str]) -> AsyncIterator[LargeBodies]:
    bodies = LargeBodies(refusals.append)
    supervisor = Supervisor(lambda _: None)
    supervisor.start("large bodies", bodies.run)
    yield bodies
    await supervisor.stop()
    assert processes() == [], "nothing is left of it"


def processes() -> list[psutil.Process]:
    """Reading processes that this one has started; others' servers may run beside them."""
    return [child for child in psutil.Process().children() if "churn_serving.gateway.reader_process" in child.cmdline()]


def the_process() -> psutil.Process:
    (process,) = processes()
    return process


async def test_records_are_read_as_here(reading: LargeBodies) -> None:
    for explain in (False, True):
        body = records(ROWS, explain=explain)
        found, customer_ids, rows, notes = await reading.read(RECORDS, SCHEMA, body)
        here = RecordDecoder(SCHEMA, MAX_ROWS).decode(body)
        assert (customer_ids, found.explain, notes) == (here.customer_ids, explain, here.notes)
        assert notes
        assert repr(rows) == repr(list(map(list, here.rows)))


async def test_dates_are_read_as_here(reading: LargeBodies) -> None:
    features = (
        SchemaFeature("since", "number", date=DateRule(snapshot="2024-03-31")),
        SchemaFeature("plan", "category"),
    )
    schema = msgspec.structs.replace(SCHEMA, features=features)
    days = ["2024-03-01", "2023-12-31", None]
    customers = [{"customer_id": f"c{n}", "features": {"since": days[n % 3], "plan": "a"}} for n in range(500)]
    body = msgspec.json.encode({"customers": customers})
    read = await reading.read(RECORDS, schema, body)
    here = RecordDecoder(schema, MAX_ROWS).decode(body)
    assert repr(read.rows) == repr(list(map(list, here.rows)))
    assert read.rows[0][0] == 30.0
    assert read.notes == here.notes


async def test_protocol_requests_are_read_as_here(reading: LargeBodies) -> None:
    usual = json_codec.encode_request(ROWS, SCHEMA, "an id")
    more = {"outputs": [{"name": "segment"}], "model_name": "m", "model_version": "7"}
    named = json.dumps({**json.loads(usual), **more}).encode()
    raw, headers = in_binary(ROWS)
    length = int(headers["inference-header-content-length"])
    for body, header_length in ((usual, None), (named, None), (raw, length)):
        found, _, rows, notes = await reading.read(Task("v2", MAX_ROWS, header_length), SCHEMA, body)
        here = json_codec.codec_for(SCHEMA).decode(body, header_length)
        assert (found.id, found.outputs, found.model, notes) == (here.id, here.outputs, here.model, here.notes)
        assert repr(rows) == repr(list(map(list, here.rows)))


@pytest.mark.parametrize("raw", [False, True], ids=["typed", "raw"])
async def test_messages_are_read_as_here(reading: LargeBodies, raw: bool) -> None:
    message = encode_request(ROWS, SCHEMA, "an id", raw=raw)
    message.model_version = "3"
    found, _, rows, notes = await reading.read(GRPC, SCHEMA, message.SerializeToString())
    here = GrpcCodec(SCHEMA).decode(message)
    assert (found.id, found.raw, tuple(found.model)) == ("an id", raw, (message.model_name, "3"))
    assert (repr(rows), notes) == (repr(list(map(list, here.rows))), here.notes)


FAULTY: dict[str, tuple[Task, bytes, type[InvalidRequest]]] = {
    "no JSON": (RECORDS, b"{" * 9000, MalformedRequest),
    "unknown keys": (
        RECORDS,
        b'{"customers":[],' + b",".join(b'"k%d":1' % n for n in range(900)) + b"}",
        InvalidRequest,
    ),
    "faults in every cell": (RECORDS, records([[{}] * len(SCHEMA.features)] * 90), InvalidRequest),  # type: ignore[list-item]
    "unknown tensors": (V2, b'{"inputs":[' + b",".join([b"{}"] * 9000) + b"]}", InvalidRequest),
    "no message": (GRPC, b"\xff" * 9000, InvalidRequest),
    "no tensors": (GRPC, b"", InvalidRequest),
}


@pytest.mark.parametrize(("task", "body", "kind"), FAULTY.values(), ids=FAULTY.keys())
async def test_faults_are_told_as_here(
    reading: LargeBodies, task: Task, body: bytes, kind: type[InvalidRequest]
) -> None:
    with pytest.raises(InvalidRequest) as found:
        await reading.read(task, SCHEMA, body)
    assert type(found.value) is kind
    if task.door != "grpc":
        here: Callable[[bytes], Any] = (
            RecordDecoder(SCHEMA, MAX_ROWS) if task.door == "records" else json_codec.codec_for(SCHEMA)
        ).decode
        with pytest.raises(InvalidRequest) as expected:
            here(body)
        assert (found.value.problems, str(found.value)) == (expected.value.problems, str(expected.value))


async def test_nothing_holds_a_body_that_was_refused(reading: LargeBodies) -> None:
    """Not even until the collector comes by: two a second would be a gigabyte by then."""
    body = b'{"customers":[],' + b",".join(b'"k%d":1' % n for n in range(900)) + b"}"
    before = sys.getrefcount(body)
    gc.disable()
    try:
        for _ in range(3):
            with contextlib.suppress(InvalidRequest):
                await reading.read(RECORDS, SCHEMA, body)
        await asyncio.sleep(0)
        assert sys.getrefcount(body) == before
    finally:
        gc.enable()


async def test_each_body_is_read_by_the_schema_that_it_came_with(reading: LargeBodies) -> None:
    other = msgspec.structs.replace(SCHEMA, features=SCHEMA.features[:2])
    for schema in (SCHEMA, other, SCHEMA, other):
        rows = [row[: len(schema.features)] for row in ROWS]
        _, _, found, _ = await reading.read(V2, schema, json_codec.encode_request(rows, schema))
        assert repr(found) == repr(list(map(list, rows)))


async def test_sixteen_bodies_wait_and_the_next_is_refused(refusals: list[str]) -> None:
    bodies = LargeBodies(refusals.append)  # nobody reads
    waiting = [asyncio.ensure_future(bodies.read(RECORDS, SCHEMA, records(ROWS))) for _ in range(16)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await bodies.read(RECORDS, SCHEMA, records(ROWS))
    assert refusals == ["bodies_full"]
    reading = asyncio.ensure_future(bodies.run())
    assert [len(body.rows) for body in await asyncio.gather(*waiting)] == [len(ROWS)] * 16
    assert len((await bodies.read(RECORDS, SCHEMA, records(ROWS))).rows) == len(ROWS), "places are given back"
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_who_gives_up_holds_up_no_other(reading: LargeBodies) -> None:
    answers = [asyncio.ensure_future(reading.read(RECORDS, SCHEMA, records(ROWS))) for _ in range(6)]
    await asyncio.sleep(0)
    for gone in answers[::2]:
        gone.cancel()
    read = await asyncio.gather(*answers, return_exceptions=True)
    assert [len(one.rows) if isinstance(one, Body) else one.__class__ for one in read] == [
        asyncio.CancelledError,
        len(ROWS),
    ] * 3


async def test_a_lost_process_costs_the_body_that_it_read_and_no_other(
    reading: LargeBodies, refusals: list[str]
) -> None:
    await reading.read(RECORDS, SCHEMA, records(ROWS))
    process = the_process()
    process.send_signal(signal.SIGSTOP)
    first, second = (asyncio.ensure_future(reading.read(RECORDS, SCHEMA, records(ROWS))) for _ in range(2))
    await asyncio.sleep(0.1)
    process.kill()
    with pytest.raises(Overloaded):
        await first
    assert len((await second).rows) == len(ROWS)
    assert refusals == ["reader_lost"]
    assert the_process().pid != process.pid


async def test_one_that_was_lost_while_nothing_waited_costs_nobody(reading: LargeBodies, refusals: list[str]) -> None:
    await reading.read(RECORDS, SCHEMA, records(ROWS))
    process = the_process()
    process.kill()
    await asyncio.to_thread(process.wait)
    await asyncio.sleep(0.1)
    assert len((await reading.read(RECORDS, SCHEMA, records(ROWS))).rows) == len(ROWS)
    assert refusals == []


async def test_one_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch, refusals: list[str]) -> None:
    monkeypatch.setattr("churn_serving.gateway.reader_stream._COMMAND", (sys.executable, "-c", "pass"))
    with pytest.raises(ReaderLost):
        await LargeBodies(refusals.append).run()


def test_it_ends_with_the_process_that_started_it() -> None:
    script = """
import asyncio, os, psutil
from churn_serving.gateway.large_bodies import LargeBodies
async def main():
    running = asyncio.create_task(LargeBodies(print).run())
    while not psutil.Process().children():
        await asyncio.sleep(0.01)
    print(psutil.Process().children()[0].pid, flush=True)
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False, text=True)
    assert ended.returncode == -signal.SIGKILL
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(ended.stdout)).wait(timeout=60)
    assert not psutil.pid_exists(int(ended.stdout))


async def test_it_gives_way_to_those_who_answer_and_no_signal_but_its_gateway_ends_it(reading: LargeBodies) -> None:
    await reading.read(RECORDS, SCHEMA, records(ROWS))
    process = the_process()
    assert os.sched_getscheduler(process.pid) == os.SCHED_IDLE
    for number in (signal.SIGINT, signal.SIGTERM):
        process.send_signal(number)
    await reading.read(RECORDS, SCHEMA, records(ROWS))
    assert the_process().pid == process.pid


cells = st.one_of(st.none(), st.floats(), st.text(max_size=3), st.sampled_from(["a", "b"]))


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=9), st.integers(1, 4))
def test_rows_come_back_bit_for_bit(rows: list[list[float | str | None]], size: int) -> None:
    ids = [f"c{number}" for number in range(len(rows))]
    notes = [
        (number, place, False) for number, row in enumerate(rows) for place, cell in enumerate(row) if cell is None
    ]
    chunks = [read_chunk(msgspec.msgpack.encode(chunk)) for chunk in chunks_of(rows, ids, notes, size)]
    assert [note for chunk in chunks for note in chunk.notes] == notes
    assert [one for chunk in chunks for one in chunk.customer_ids] == ids
    assert repr([row for chunk in chunks for row in chunk.rows()]) == repr(rows)
    assert all(len(chunk.cells) <= size for chunk in chunks)


@pytest.mark.parametrize(("count", "left"), [(0, 0), (1, 1), (256, 256), (257, 1), (1000, 232)])
async def test_many_rows_are_let_go_and_a_list_that_a_call_may_hold_is_left_alone(count: int, left: int) -> None:
    rows: list[Row] = [[0.0]] * count
    await release(rows)
    assert len(rows) == left
