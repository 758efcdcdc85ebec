"""An answer that is written in turns is the very bytes of one that is written at once."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from churn_model import Scores, open_package
from churn_serving.core.dispatch import Outcome
from churn_serving.gateway.answers import Predictions, decide
from churn_serving.gateway.large_answers import FEW_ROWS, AnswerTurns
from sample_package import sample_rows


@pytest.mark.parametrize("served_by", ["primary", "degraded"])
@pytest.mark.parametrize("count", [1, FEW_ROWS, FEW_ROWS + 1, 3 * FEW_ROWS, 1000])
async def test_turns_make_the_same_bytes(package_folder: Path, keys: Any, count: int, served_by: str) -> None:
    package = open_package(package_folder, keys.trusted)
    rows = sample_rows(count, 3)
    outcome = Outcome(served_by, package.scorer.score(rows), package.description)
    ids = [f'"{number}]}}' for number in range(count)]
    told: list[Predictions] = []
    turns = AnswerTurns(told.append)
    for notes in ((), [(count - 1, 1, True)], [(row, 1, True) for row in range(count)]):
        at_once = msgspec.json.encode(decide("a request", ids, rows, outcome, notes))
        written = await asyncio.gather(*(turns.write("a request", ids, rows, outcome, notes) for _ in range(3)))
        assert written == [at_once] * 3
    customers = [one.customer_id for part in told for one in part.predictions]
    assert sorted(customers) == sorted(ids * 9)  # every customer of every answer was shown, once


async def test_the_loop_gets_a_turn_after_a_few_customers(package_folder: Path, keys: Any) -> None:
    package = open_package(package_folder, keys.trusted)
    rows = sample_rows(10 * FEW_ROWS, 3)
    outcome = Outcome("primary", Scores([0.5] * len(rows), [1] * len(rows)), package.description)
    writing = asyncio.ensure_future(AnswerTurns(lambda _: None).write("a request", ["a"] * len(rows), rows, outcome))
    turns = 0
    while not writing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns >= 10
