"""Rows are scored by a model of the schema they were read by, whatever becomes of the backends meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from churn_model import Description, Row, Schema
from churn_serving.core.errors import BackendOtherSchema
from churn_serving.core.ports import Answer

ROW: Row = [12.0, "One year", 70.0, "Card", 0.0]
Make = Callable[..., Any]


async def test_a_backend_of_another_schema_is_not_asked(
    build: Make, description: Description, rearranged: Description, memory: Any
) -> None:
    dispatcher, fakes, _ = build()
    fakes["primary"].description = rearranged
    outcome = await dispatcher.predict([ROW], description, "a")
    assert outcome.served_by == "fallback"
    assert fakes["primary"].calls == []
    assert memory.fallbacks == ["schema"]


async def test_the_scorecard_is_that_of_the_model_the_rows_were_read_by(
    build: Make, description: Description, rearranged: Description
) -> None:
    dispatcher, fakes, _ = build()
    for fake in fakes.values():
        fake.description = rearranged
    outcome = await dispatcher.predict([ROW], description, "a")
    assert outcome.served_by == "degraded"
    assert outcome.description is description
    assert outcome.scores == description.degraded_scores([ROW])
    assert outcome.scores != rearranged.degraded_scores([ROW])


@pytest.mark.parametrize("rows", [1, 2000])
async def test_a_backend_of_another_version_is_not_asked_by_those_who_name_theirs(
    build: Make, description: Description, retrained: Description, memory: Any, rows: int
) -> None:
    dispatcher, fakes, _ = build(("primary", "canary", "fallback"), share=1.0)
    fakes["canary"].description = retrained
    assert (await dispatcher.predict([ROW] * rows, description, "a")).served_by == "canary"
    outcome = await dispatcher.predict([ROW] * rows, description, "a", description.version)
    assert (outcome.served_by, outcome.description.version) == ("primary", description.version)
    assert memory.fallbacks == ["version"]


async def test_a_backend_is_told_the_schema_that_the_rows_were_read_by(
    build: Make, description: Description, retrained: Description
) -> None:
    dispatcher, fakes, _ = build(("primary",))
    fakes["primary"].description = retrained
    outcome = await dispatcher.predict([ROW], description, "a")
    assert fakes["primary"].asked[0].schema is description.schema
    assert outcome.description is retrained


@pytest.fixture
def models(description: Description, rearranged: Description, retrained: Description) -> list[Description]:
    return [description, rearranged, retrained]


class Swapping:
    """A backend whose model is swapped between two calls; it refuses rows of another schema, as a real one does."""

    name = "primary"

    def __init__(self, models: Sequence[Description], swaps: Sequence[bool]) -> None:
        self._models = list(models)
        self._swaps = list(swaps)
        self._serving = 0
        self.description: Description | None = models[0]
        self.mixed = 0

    async def score(self, rows: Sequence[Row], schema: Schema, timeout: float, origins: Any = ()) -> Answer:  # noqa: ARG002, ASYNC109
        await asyncio.sleep(0)
        if self._swaps and self._swaps.pop():
            self._serving = (self._serving + 1) % len(self._models)
        model = self._models[self._serving]
        await asyncio.sleep(0)
        self.description = model
        if model.schema.hash != schema.hash:
            raise BackendOtherSchema("another one")
        return Answer(model.degraded_scores(list(rows)), model)

    async def explain(self, *_: Any) -> Any:
        raise NotImplementedError

    async def probe(self, timeout: float) -> bool:  # noqa: ARG002, ASYNC109
        return True


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    swaps=st.lists(st.booleans(), max_size=30),
    sizes=st.lists(st.sampled_from([1, 2, 3, 150, 300]), min_size=1, max_size=16),
    pauses=st.lists(st.integers(0, 6), min_size=16, max_size=16),
)
def test_every_answer_is_its_models_own_whatever_is_swapped_when(
    build: Make, models: list[Description], swaps: list[bool], sizes: list[int], pauses: list[int]
) -> None:
    """Requests queue while three models, one of another schema, take turns: each answer is exactly what the model that
    it names says of the rows as they were read."""
    dispatcher, _, guarded = build(("primary",))
    guarded["primary"]._backend = Swapping(models, swaps)

    async def one(number: int) -> None:
        for _ in range(pauses[number]):
            await asyncio.sleep(0)
        read_by = dispatcher.description
        rows: list[Row] = [[float(number), "One year", 50.0 + i % 50, "Card", 0.0] for i in range(sizes[number])]
        outcome = await dispatcher.predict(rows, read_by, None)
        assert outcome.description.schema.hash == read_by.schema.hash
        assert outcome.scores == outcome.description.degraded_scores(rows)
        if outcome.served_by == "degraded":
            assert outcome.description is read_by

    async def everybody() -> None:
        await asyncio.gather(*(one(number) for number in range(len(sizes))))

    asyncio.run(everybody())
    assert guarded["primary"].breaker.closed


async def test_calls_never_hold_rows_of_two_schemas(
    build: Make, description: Description, retrained: Description, rearranged: Description
) -> None:
    _, fakes, guarded = build(("primary",))
    primary = fakes["primary"]
    primary.gate = asyncio.Event()
    early = [guarded["primary"].score([ROW], description.schema) for _ in range(2)]
    await primary.called()
    models = [description, retrained, rearranged, rearranged, description, retrained]
    late = [guarded["primary"].score([[float(n), *ROW[1:]]], model.schema) for n, model in enumerate(models)]
    await asyncio.sleep(0)
    primary.gate.set()
    answers = await asyncio.gather(*early, *late)
    assert [answer.scores.probabilities for answer in answers[2:]] == [[n / 1000] for n in range(6)]
    assert primary.calls == [2, 2, 2, 2]
    assert [call.schema.hash for call in primary.asked[1:]] == [
        description.schema.hash, rearranged.schema.hash, description.schema.hash
    ]  # fmt: skip


@pytest.mark.parametrize("size", [1, 300])
async def test_a_refusal_that_a_changed_schema_explains_is_no_refusal_of_the_caller(
    build: Make, description: Description, rearranged: Description, size: int
) -> None:
    """The backend refuses because its model was swapped; the gateway only learns so while it asks for golden rows."""
    dispatcher, fakes, guarded = build(("primary",))
    primary = fakes["primary"]
    primary.refuses = lambda _: True
    probe = primary.probe

    async def finding_out(timeout: float) -> bool:  # noqa: ASYNC109
        primary.description = rearranged
        return bool(await probe(timeout))

    primary.probe = finding_out
    outcome = await dispatcher.predict([ROW] * size, description, "a")
    assert (outcome.served_by, outcome.description) == ("degraded", description)
    assert guarded["primary"].breaker.closed
