"""Whoever was answered is in the log, by every door and after every kill, as a hash and with what may be kept alone."""

import asyncio
import collections
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from churn_model.prediction_log.pseudonyms import add_pseudonym_key, read_pseudonym_keys
from churn_model.prediction_log.records import AnswerNote, ModelNote
from tests.prediction_log.conftest import KeepingStart
from tests.prediction_log.keeping import LOGGED, Callers, Keeping, until, wait_until
from tests.prediction_log.segments import answers, segments

RECORDS, SHED = "churn_prediction_log_records_total", "churn_prediction_log_shed_total"


@pytest.fixture(scope="module")
def keeping(start_keeping: KeepingStart) -> Iterator[Keeping]:
    with start_keeping() as started:
        yield started


def kept(keeping: Keeping, request_id: str) -> tuple[ModelNote, AnswerNote]:
    (found,) = [each for each in answers(keeping.folder) if each[1].request_id == request_id]
    return found


@pytest.mark.parametrize(("count", "explain"), [(1, False), (2, False), (2, True), (80, False)])
def test_an_answer_is_kept_as_it_was_given(keeping: Keeping, count: int, explain: bool) -> None:
    request_id = f"v1-{count}-{explain}"
    names = [f"7590-VHVEG-{number}" for number in range(count)]
    answer = keeping.predict(*names, request_id=request_id, explain=explain)
    model, note = kept(keeping, request_id)
    assert (model.usecase, model.name, model.version) == ("sample", "churn-sample", "1")
    assert (model.digest, model.features, model.numbers) == (answer["model"]["digest"], LOGGED, (True, False))
    assert note.route == ("/v1/predictions explain" if explain else "/v1/predictions")
    assert (note.served_by, note.arm, note.key) == (answer["served_by"], None, "first")
    assert 0 < note.milliseconds < 30_000
    key = read_pseudonym_keys(keeping.key_file)[-1]
    for name, made, customer in zip(names, answer["predictions"], note.customers, strict=True):
        assert customer.customer == key.of(name)
        assert customer.values == (7.0, "One year")
        assert (customer.probability, customer.segment) == (made["churn_probability"], made["segment"]["id"])
        assert (customer.action, customer.expected_value) == (made["action"]["id"], made["action"]["expected_value"])


@pytest.mark.parametrize(("rows", "named"), [(1, "7590-VHVEG"), (1, ""), (3, "a batch"), (200, "")])
def test_scores_over_v2_are_kept_without_an_action(keeping: Keeping, rows: int, named: str) -> None:
    request_id = f"v2-{rows}-{bool(named)}"
    answer = keeping.infer(rows, request_id, named)
    outputs = {each["name"]: each["data"] for each in answer["outputs"]}
    _, note = kept(keeping, request_id)
    assert [each.probability for each in note.customers] == outputs["churn_probability"]
    assert [each.segment for each in note.customers] == outputs["segment"]
    assert {(each.action, each.expected_value) for each in note.customers} == {(None, None)}
    key = read_pseudonym_keys(keeping.key_file)[-1]
    assert {each.customer for each in note.customers} == ({key.of(named)} if named and rows == 1 else {None})


def test_scores_over_grpc_are_kept(keeping: Keeping) -> None:
    keeping.infer_over_grpc(5, "over-grpc")
    _, note = kept(keeping, "over-grpc")
    assert (note.route, len(note.customers)) == ("grpc/ModelInfer", 5)


def test_nothing_but_what_may_be_kept_is_there_or_in_logs_and_metrics(keeping: Keeping) -> None:
    odd: dict[str, Any] = {"Payment": "card 4111 1111", "charges": 123456.75}
    keeping.predict("kim.lee@example.com", request_id="secret", **odd)
    keeping.predict("kim.lee@example.com", request_id="secrets", **odd, explain=True)
    everything = b"".join(path.read_bytes() for path in keeping.home.rglob("*") if path.is_file())
    assert b"secret" in everything
    for private in (b"kim.lee", b"4111", b"Payment", b"Senior Citizen", b"charges"):
        of_log = b"".join(path.read_bytes() for path in segments(keeping.folder))
        assert private not in of_log
    assert b"kim.lee" not in everything
    assert b"4111" not in everything


def test_refused_requests_are_not_kept_and_everything_is_counted(keeping: Keeping) -> None:
    before = keeping.metric(RECORDS)
    with pytest.raises(AssertionError, match="tenure"):
        keeping.predict("c1", request_id="refused", tenure=-1)
    keeping.predict("c1", "c2", request_id="counted")
    assert keeping.metric(RECORDS) == before + 2
    assert keeping.metric(SHED) == 0
    assert "refused" not in {note.request_id for _, note in answers(keeping.folder)}


def test_a_new_key_is_used_at_once_and_a_broken_file_changes_nothing(keeping: Keeping) -> None:
    loads = "churn_prediction_log_key_loads_total"
    keeping.predict("7590-VHVEG", request_id="before")
    add_pseudonym_key(keeping.key_file, "second")
    first, second = read_pseudonym_keys(keeping.key_file)
    wait_until(lambda: keeping.metric(loads, '{outcome="read"}') == 1)
    keeping.predict("7590-VHVEG", request_id="after")
    keeping.key_file.write_text("{}")
    wait_until(lambda: keeping.metric(loads, '{outcome="refused"}') == 1)
    keeping.predict("7590-VHVEG", request_id="broken-file")
    notes = {note.request_id: (note.key, note.customers[0].customer) for _, note in answers(keeping.folder)}
    assert notes["before"] == ("first", first.of("7590-VHVEG"))
    assert notes["after"] == notes["broken-file"] == ("second", second.of("7590-VHVEG"))


def test_beyond_its_bound_nothing_is_kept_and_everybody_is_answered(start_keeping: KeepingStart) -> None:
    with start_keeping(_MAXIMUM_BYTES="65536", _SEGMENT_BYTES="8192") as started:
        names = [f"c{number}" for number in range(300)]
        for number in range(8):
            assert len(started.predict(*names, request_id=f"n{number}")["predictions"]) == 300
        kept_rows = sum(len(note.customers) for _, note in answers(started.folder))
        assert 0 < kept_rows < 2400
        assert started.metric(SHED, '{reason="full"}') == 2400 - kept_rows
        assert sum(path.stat().st_size for path in segments(started.folder)) <= 65536


async def test_a_gateway_that_is_killed_loses_no_answer(start_keeping: KeepingStart) -> None:
    with start_keeping(_SEGMENT_BYTES="16384") as started:
        gateway = started.system.gateway
        async with Callers(started.system.gateway_url) as callers:
            for _ in range(3):
                before = len(callers.answered)
                await until(lambda before=before: len(callers.answered) >= before + 150)  # type: ignore[misc]
                gateway.signal(signal.SIGKILL)
                await asyncio.to_thread(gateway.start)
                await asyncio.to_thread(gateway.wait_ready)
        assert gateway.stop() == 0
        rows = collections.Counter[str]()
        for _, note in answers(started.folder):
            rows[note.request_id] += len(note.customers)
        assert {request_id: rows[request_id] for request_id in callers.answered} == callers.answered
        assert all(int(request_id.removeprefix("r-")) < callers.asked for request_id in rows)
        assert (
            len([path for path in segments(started.folder) if path.suffix == ".open"]) <= 3
        )  # of those that were killed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"_KEYS": "/nowhere/keys.json"}, ["CHURN_GATEWAY_PREDICTION_LOG_KEYS: /nowhere/keys.json", "No such file"]),
        ({"_SEGMENT_BYTES": "1"}, ["--prediction-log-segment-bytes", "4096"]),
        ({"": "/proc/nowhere"}, ["/proc/nowhere"]),
    ],
    ids=["no keys", "tiny", "no folder"],
)
def test_a_log_that_cannot_be_kept_is_said_before_anybody_is_answered(
    describe_keeping: Callable[..., Keeping], change: dict[str, str], words: list[str]
) -> None:
    gateway = describe_keeping(**change).system.gateway
    gateway.start()
    assert gateway.process is not None
    assert gateway.process.wait(60) == 2
    assert all(word in gateway.tail().splitlines()[-1] for word in words)
