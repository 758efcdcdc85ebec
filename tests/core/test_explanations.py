"""Reasons come from the model that answered, in its time, or not at all; they never cost an answer."""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from churn_model import Description, Row, Scores
from churn_serving.core.breaker import BreakerState
from churn_serving.core.dispatch import DEGRADED, Outcome
from churn_serving.core.errors import (
    BackendBadAnswer,
    BackendBusy,
    BackendChanging,
    BackendError,
    BackendFailed,
    BackendOtherSchema,
    BackendRefusedRequest,
    BackendRejected,
    BackendTimeout,
    BackendUnreachable,
)
from churn_serving.core.explanations import Explanations
from churn_serving.core.guarded import GuardedBackend
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.ports import Explanation
from tests.core.fakes import CONTRIBUTIONS
from tests.core.patient_policy import PATIENT

ROW: Row = [12.0, "One year", 70.0, "Card", 0.0]
REASONS = ["contract: One year (raises churn)", "monthly charges: 70 (raises churn)"]
ENDINGS: dict[type[BackendError], str] = {
    BackendTimeout: "late",
    BackendBusy: "busy",
    BackendChanging: "failed",
    BackendRejected: "unavailable",
    BackendRefusedRequest: "unavailable",
    BackendOtherSchema: "unavailable",
    BackendFailed: "failed",
    BackendUnreachable: "failed",
    BackendBadAnswer: "failed",
}


class Setting:
    """Explanations over a fake primary and a fake fallback."""

    def __init__(
        self, fake: Callable[[str], Any], memory: Any, description: Description, policy: DecisionPolicy
    ) -> None:
        self.fakes = {name: fake(name) for name in ("primary", "fallback")}
        self.guarded = {
            name: GuardedBackend(backend, policy, memory, time.monotonic) for name, backend in self.fakes.items()
        }
        self.explanations = Explanations(tuple(self.guarded.values()), policy, memory)
        self.description = description

    def outcome(self, served_by: str = "primary") -> Outcome:
        return Outcome(served_by, Scores([0.5], [1]), self.description)

    async def explain(self, served_by: str = "primary") -> list[list[str]]:
        return (await self.explanations.explain([ROW], self.outcome(served_by))).reasons


@pytest.fixture
def policy() -> DecisionPolicy:
    return dataclasses.replace(PATIENT, maximum_explanations=2)


@pytest.fixture
def setting(fake: Any, memory: Any, description: Description, policy: DecisionPolicy) -> Setting:
    return Setting(fake, memory, description, policy)


def family(root: type[BackendError]) -> Iterator[type[BackendError]]:
    for child in root.__subclasses__():
        yield child
        yield from family(child)


@pytest.mark.parametrize("served_by", ["primary", "fallback"])
async def test_who_answered_explains_and_nobody_else(setting: Setting, memory: Any, served_by: str) -> None:
    assert await setting.explain(served_by) == [REASONS]
    assert memory.explanations == ["given"]
    assert {name: backend.explained for name, backend in setting.fakes.items() if backend.explained} == {served_by: [1]}


async def test_each_row_gets_its_own_reasons(setting: Setting) -> None:
    fake = setting.fakes["primary"]
    quiet = [0.0] * len(CONTRIBUTIONS)
    fake.explanation = Explanation([CONTRIBUTIONS, quiet], setting.description.digest)
    assert await setting.explanations.explain([ROW, ROW], setting.outcome()) == ("given", [REASONS, []])


def test_every_failure_has_an_ending() -> None:
    assert set(ENDINGS) == set(family(BackendError))


@pytest.mark.parametrize(("error", "ending"), ENDINGS.items(), ids=lambda value: getattr(value, "__name__", value))
async def test_whatever_fails_there_are_no_reasons_and_the_breaker_is_not_told(
    setting: Setting, memory: Any, error: type[BackendError], ending: str
) -> None:
    setting.fakes["primary"].explanation = error("said so")
    for _ in range(30):
        assert await setting.explain() == [[]]
    assert memory.explanations == [ending] * 30
    assert setting.guarded["primary"].breaker.closed
    assert memory.states == [("primary", BreakerState.CLOSED), ("fallback", BreakerState.CLOSED)]


async def test_explaining_well_does_not_make_a_failing_backend_look_well(setting: Setting) -> None:
    breaker = setting.guarded["primary"].breaker
    for _ in range(5):
        await setting.explain()
        breaker.failed()
    assert not breaker.closed


async def test_a_backend_that_is_left_alone_is_not_asked(setting: Setting, memory: Any) -> None:
    for _ in range(5):
        setting.guarded["primary"].breaker.failed()
    assert await setting.explain() == [[]]
    assert memory.explanations == ["unavailable"]
    assert setting.fakes["primary"].explained == []


async def test_a_degraded_answer_has_no_reasons(setting: Setting, memory: Any) -> None:
    assert await setting.explain(DEGRADED) == [[]]
    assert memory.explanations == ["unavailable"]
    assert [backend.explained for backend in setting.fakes.values()] == [[], []]


async def test_another_models_reasons_are_dropped(setting: Setting, memory: Any) -> None:
    setting.fakes["primary"].explanation = Explanation([CONTRIBUTIONS], "sha256:" + "f" * 64)
    assert await setting.explain() == [[]]
    assert memory.explanations == ["unavailable"]


async def test_a_backend_that_never_comes_back_is_given_up(
    fake: Any, memory: Any, description: Description, policy: DecisionPolicy
) -> None:
    setting = Setting(fake, memory, description, dataclasses.replace(policy, explain_seconds=0.05))
    setting.fakes["primary"].explanation_gate = asyncio.Event()  # nobody ever sets it
    assert await setting.explain() == [[]]
    assert memory.explanations == ["late"]


async def test_only_so_many_are_under_way_and_places_are_given_back(setting: Setting, memory: Any) -> None:
    fake = setting.fakes["primary"]
    fake.explanation_gate = asyncio.Event()
    first = [asyncio.create_task(setting.explain()) for _ in range(2)]
    await asyncio.sleep(0)
    assert await setting.explain() == [[]]
    assert (memory.explanations, fake.explained) == (["busy"], [1, 1])
    fake.explanation_gate.set()
    assert await asyncio.gather(*first) == [[REASONS]] * 2
    fake.explanation = BackendFailed("down")
    for _ in range(3):
        await setting.explain()
    assert memory.explanations == ["busy", "given", "given", "failed", "failed", "failed"]


@pytest.mark.parametrize("wrong", [[], [CONTRIBUTIONS] * 2, [[0.1]]])
async def test_an_answer_that_does_not_fit_costs_the_reasons_alone(
    setting: Setting, memory: Any, wrong: Any, caplog: pytest.LogCaptureFixture
) -> None:
    setting.fakes["primary"].explanation = Explanation(wrong, setting.description.digest)
    assert await setting.explain() == [[]]
    assert memory.explanations == ["failed"]
    assert "One year" not in caplog.text
    assert "explaining failed" in caplog.text


async def test_exactly_as_many_places_are_there_again_however_the_first_ended(setting: Setting, memory: Any) -> None:
    fake = setting.fakes["primary"]
    for explanation in (None, BackendFailed("down"), RuntimeError("outside the port"), None):
        fake.explanation = explanation
        await setting.explain()
    memory.explanations.clear()
    fake.explanation_gate = asyncio.Event()
    asked = [asyncio.create_task(setting.explain()) for _ in range(5)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    fake.explanation_gate.set()
    await asyncio.gather(*asked)
    assert memory.explanations == ["busy"] * 3 + ["given"] * 2
