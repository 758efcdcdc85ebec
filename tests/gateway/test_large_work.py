"""Large bodies are read beside the event loop, sixteen at most; how late the loop is can be told at any time."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from churn_serving.core.errors import Overloaded
from churn_serving.gateway.lag import LoopLag
from churn_serving.gateway.large_work import LargeWork
from tests.core.virtual_time import VirtualLoop


@pytest.fixture
def refusals() -> list[str]:
    return []


@pytest.fixture
def large_work(refusals: list[str]) -> Iterator[LargeWork]:
    work = LargeWork(refusals.append)
    yield work
    work.close()


async def test_a_body_is_read_by_another_thread_and_what_goes_wrong_is_told(large_work: LargeWork) -> None:
    assert await large_work.read(threading.get_ident) != threading.get_ident()
    assert await large_work.write(threading.get_ident) != threading.get_ident()
    assert await large_work.read(int, "ff", base=16) == 255
    with pytest.raises(ValueError, match="invalid literal"):
        await large_work.read(int, "none")


async def test_sixteen_bodies_wait_the_next_is_refused_and_answers_are_always_written(
    large_work: LargeWork, refusals: list[str]
) -> None:
    for _ in range(3):  # places are given back, each time as many as were taken
        go_on = threading.Event()
        waiting = [asyncio.ensure_future(large_work.read(go_on.wait, 60)) for _ in range(16)]
        answer = asyncio.ensure_future(large_work.write(int, "1"))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await large_work.read(int, "2")
        assert refused.value.reason == "bodies_full"
        go_on.set()
        assert await asyncio.gather(*waiting) == [True] * 16
        assert await answer == 1
    assert refusals == ["bodies_full"] * 3


async def test_when_closed_nothing_more_is_begun(large_work: LargeWork) -> None:
    go_on = threading.Event()
    begun: list[int] = []
    first = asyncio.ensure_future(large_work.read(go_on.wait, 60))
    second = asyncio.ensure_future(large_work.read(begun.append, 1))
    await asyncio.sleep(0)
    large_work.close()
    go_on.set()
    assert await first
    with pytest.raises(asyncio.CancelledError):
        await second
    assert begun == []


def test_the_delay_of_a_loop_is_what_it_really_was() -> None:
    loop: Any = VirtualLoop()
    lag = LoopLag()
    assert lag() == 0.0

    async def main() -> None:
        beating = asyncio.create_task(lag.measure())
        await asyncio.sleep(1.005)
        assert lag() == 0.0
        loop._jumping.now += 0.5  # half a second without a turn of the loop
        assert 0.48 <= lag() <= 0.5, "an overdue beat is told before it comes"
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert 0.48 <= lag() <= 0.5, "and afterwards until the next"
        await asyncio.sleep(0.05)
        assert lag() == 0.0
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await asyncio.sleep(60)
        assert lag() == 0.0, "a heart that does not beat says nothing"

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main())
