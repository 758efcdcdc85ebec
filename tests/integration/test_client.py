"""``churn_client`` against a real gateway that asks for keys: before it knows a model, degraded, with its primary, and
through connections that fail.

The tests of this file stand in the order in which a new installation comes up, and share it.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from churn_client import (
    AsyncChurnClient,
    ChurnClient,
    Customer,
    DeadlineExceeded,
    InvalidAnswer,
    InvalidRequest,
    NotFound,
    Settings,
    Unauthenticated,
    Unavailable,
    Unreachable,
)
from churn_model import Row, open_package
from churn_serving.gateway.key_file import add_key, entry_for, new_key
from ports import free_port
from real_processes import START_SECONDS, System, describe_system, end
from tests.integration.fronts import CUT, STALL, Front, front_of

KEY = new_key()
ROW: Row = [3.0, "Month-to-month", 70.5, "Check", 0.0]
GOOD: dict[str, float | str | None] = {
    "tenure": 3,
    "Contract": "Month-to-month",
    "charges": 70.5,
    "Payment": "Check",
    "Senior Citizen": 0,
}
SECRET = "7590-VHVEG"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def system(package_folder: Path, keys: Any, home: Path) -> Iterator[System]:
    """At first the gateway alone."""
    add_key(home / "keys.json", entry_for(KEY, "tests"))
    files = {"API_KEYS": home / "keys.json", "LAST_KNOWN_MODEL": home / "given.json"}
    made = describe_system(
        package_folder, keys.verify_path, home, **{f"CHURN_GATEWAY_{name}": str(path) for name, path in files.items()}
    )
    made.gateway.ready_url = f"{made.gateway_url}/livez"
    try:
        made.gateway.start()
        made.gateway.wait_ready()
        yield made
    finally:
        end(*made.services)


def settings(url: str, **more: Any) -> Settings:
    return Settings(url, **{"api_key": KEY, "deadline_seconds": 60.0, "attempt_seconds": 30.0, **more})


@pytest.fixture
def front(system: System) -> Iterator[Front]:
    with front_of(system.gateway_url) as made:
        yield made


def one(customer_id: str = SECRET, **features: Any) -> Customer:
    return Customer(customer_id, {**GOOD, **features})


def test_a_gateway_without_a_model_says_when_to_come_back(system: System) -> None:
    with (
        ChurnClient(settings(system.gateway_url, attempts=1)) as client,
        pytest.raises(Unavailable) as raised,
    ):
        client.predict([one()])
    error = raised.value
    assert (error.status, error.retry_after) == (503, 2.0)
    assert error.problem.type == "urn:churn-serving:problem:not-ready"
    assert error.request_id
    assert SECRET not in str(error) + repr(error)


def test_who_waits_as_asked_is_answered_and_told_that_no_model_answered(system: System, keys: Any, home: Path) -> None:
    description = msgspec.json.encode(open_package(system.model, keys.trusted).description.to_documents())
    given = threading.Timer(1.0, (home / "given.json").write_bytes, [description])
    given.start()
    with ChurnClient(settings(system.gateway_url, attempts=30)) as client:
        answer = client.predict([one()])
        many = client.predict_many([one("a"), one("b")])
    given.join()
    assert answer.degraded
    assert "scorecard" in answer.warnings[0].message
    assert (many.degraded, many.degraded_places, many.served_by["degraded"]) == (True, [0, 1], 2)


def not_degraded(ask: Callable[[], Any]) -> Any:
    """The first answer by a model; on a busy machine the scorecard may stand in at any time."""
    deadline = time.monotonic() + START_SECONDS
    while (answer := ask()).degraded:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return answer


@pytest.fixture(scope="module")
def answering(system: System) -> System:
    system.primary.start()
    system.primary.wait_ready()
    with ChurnClient(settings(system.gateway_url)) as client:
        not_degraded(lambda: client.predict([one()]))
    return system


def test_answers_are_the_models_on_both_ways_in(answering: System, keys: Any) -> None:
    scores = open_package(answering.model, keys.trusted).scorer.score([ROW])
    with ChurnClient(settings(answering.gateway_url)) as client:
        answer = not_degraded(lambda: client.predict([one()], explain=True))
        by_tensors = not_degraded(lambda: client.score([GOOD, {**GOOD, "tenure": None}]))
    (prediction,) = answer.predictions
    assert prediction.churn_probability == by_tensors.churn_probabilities[0] == scores.probabilities[0]
    assert prediction.segment.id == by_tensors.segments[0] == scores.segments[0]
    assert (prediction.customer_id, prediction.action.source) == (SECRET, "assumed")
    assert (answer.served_by, by_tensors.served_by, answer.degraded) == ("primary", "primary", False)
    assert (answer.model.digest, answer.model.simulated) == (by_tensors.digest, True)


def test_a_long_list_is_answered_in_order_and_the_wrong_are_named_alone(answering: System) -> None:
    customers = [one(f"c{place}", tenure=SECRET if place in (7, 2400) else place % 72) for place in range(2500)]
    told = settings(answering.gateway_url, batch_customers=700)

    async def side_by_side() -> Any:
        async with AsyncChurnClient(told) as client:
            return await client.predict_many(customers)

    with ChurnClient(told) as client:
        one_by_one = client.predict_many(customers)
    found = asyncio.run(side_by_side())
    for each in (one_by_one, found):
        assert [place for place, answer in enumerate(each.predictions) if answer is None] == [7, 2400]
        assert all(answer is None or answer.customer_id == f"c{place}" for place, answer in enumerate(each.predictions))
        assert [failure.places for failure in each.failures] == [(7,), (2400,)]
        refused = [failure.error for failure in each.failures if isinstance(failure.error, InvalidRequest)]
        assert [error.field for one_of in refused for error in one_of.errors] == [
            f"customers[{place}].features.tenure" for place in (7, 2400)
        ]
        assert SECRET not in "".join(str(failure.error) + repr(failure.error) for failure in each.failures)
    known = [[answer and answer.segment for answer in each.predictions] for each in (found, one_by_one)]
    assert known[0] == known[1]  # the scorecard's, too
    with ChurnClient(told) as client:
        assert len([one for one in client.predict_many(customers[8:80], explain=True).predictions if one]) == 72


def test_refusals_come_as_their_kinds_with_all_that_the_gateway_said(answering: System) -> None:
    with ChurnClient(settings(answering.gateway_url)) as client:
        with pytest.raises(InvalidRequest) as raised:
            client.predict([one(tenure=-1, Contract=[5])])
        assert {error.field.rpartition(".")[2] for error in raised.value.errors} == {"tenure", "Contract"}
        assert "customers[0].features.tenure" in str(raised.value)
        with pytest.raises(InvalidRequest) as unlike:
            client.score([GOOD | {"tenure": float("inf")}, {"tenure": 1, "colour": "red"}])
        named = [(error.field, error.message.partition(";")[0]) for error in unlike.value.errors]
        assert named[0][0] == "rows[0].tenure"
        assert ("rows[1].Contract", "missing") in named
        assert named[-1] == ("rows[1].colour", "unknown feature")
    with ChurnClient(settings(answering.gateway_url, api_key=new_key())) as client, pytest.raises(Unauthenticated):
        client.predict([one()])
    with ChurnClient(settings(f"{answering.gateway_url}/elsewhere")) as client, pytest.raises(NotFound):
        client.predict([one()])


@pytest.mark.parametrize(
    "script",
    [
        [(429, {"retry-after": "1"}, b""), (503, {"retry-after": "0"}, b"<html>")],
        [CUT, CUT],
        [STALL],
    ],
    ids=["refused", "cut", "stalled"],
)
@pytest.mark.usefixtures("answering")
def test_what_stands_between_may_fail_and_is_asked_again(front: Front, script: list[Any]) -> None:
    told = settings(front.url, attempt_seconds=2.0 if STALL in script else 30.0)

    async def asked() -> Any:
        async with AsyncChurnClient(told) as client:
            return await client.predict([one()])

    def asked_at_once() -> Any:
        with ChurnClient(told) as client:
            return client.predict([one()])

    def asked_side_by_side() -> Any:
        return asyncio.run(asked())

    for ask in (asked_side_by_side, asked_at_once):
        front.seen = 0
        front.script.extend(script)
        answer = ask()
        assert [prediction.customer_id for prediction in answer.predictions] == [SECRET]
        assert front.seen > len(script)


def test_failures_end_at_the_deadline_or_with_the_last_attempt(front: Front) -> None:
    front.script.extend([STALL] * 9)
    with ChurnClient(settings(front.url, deadline_seconds=1.0)) as client, pytest.raises(DeadlineExceeded) as slow:
        client.predict([one()])
    front.script.clear()
    front.script.extend([CUT] * 9)
    with ChurnClient(settings(front.url, attempts=3)) as client, pytest.raises(Unreachable, match="was cut") as cut:
        client.predict([one()])
    nobody = f"http://127.0.0.1:{free_port()}"
    with (
        ChurnClient(settings(nobody, attempts=2)) as client,
        pytest.raises(Unreachable, match=f"no connection: {nobody}") as none,
    ):
        client.predict([one()])
    assert SECRET not in "".join(str(each.value) for each in (slow, cut, none))
    front.script.clear()
    front.script.append((200, {"content-type": "text/html"}, b"<html>"))
    with ChurnClient(settings(front.url)) as client, pytest.raises(InvalidAnswer, match="gateway's"):
        client.predict([one()])
