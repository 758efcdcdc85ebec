"""How late the event loop stays can be told at any time; one late turn is no lateness."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from churn_serving.gateway.lag import LoopLag
from tests.core.virtual_time import VirtualLoop

Stand = Callable[[float], Awaitable[None]]


def _beat(check: Callable[[LoopLag, Stand], Awaitable[None]]) -> None:
    loop: Any = VirtualLoop()
    lag = LoopLag()
    assert lag() == 0.0

    async def stand(seconds: float) -> None:
        loop._jumping.now += seconds  # without a turn of the loop
        for _ in range(4):
            await asyncio.sleep(0)

    async def main() -> None:
        beating = asyncio.create_task(lag.measure())
        await asyncio.sleep(1.005)
        assert lag() == 0.0
        await check(lag, stand)
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await asyncio.sleep(60)
        assert lag() == 0.0, "a heart that does not beat says nothing"

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main())


def test_a_moment_in_which_everything_stood_still_is_no_lateness() -> None:
    async def check(lag: LoopLag, stand: Stand) -> None:
        for _ in range(2):
            await stand(0.5)
            assert lag() == 0.0, "what gathered meanwhile is answered at once"
        await asyncio.sleep(0.05)
        await stand(0.5)
        assert lag() == 0.0, "it had caught up in between"

    _beat(check)


def test_a_loop_that_stays_late_is_as_late_as_it_was_at_least() -> None:
    async def check(lag: LoopLag, stand: Stand) -> None:
        for seconds in (0.9, 0.3, 0.5):
            await stand(seconds)
        assert 0.27 <= lag() <= 0.31
        await stand(0.7)
        assert 0.27 <= lag() <= 0.31
        await stand(0.7)
        assert 0.47 <= lag() <= 0.51
        await asyncio.sleep(0.05)
        assert lag() == 0.0, "it has caught up"

    _beat(check)


def test_a_beat_that_is_overdue_is_told_before_it_comes() -> None:
    async def check(lag: LoopLag, stand: Stand) -> None:
        loop: Any = asyncio.get_running_loop()
        for _ in range(2):
            await stand(0.5)
        assert lag() == 0.0
        loop._jumping.now += 0.4
        assert 0.36 <= lag() <= 0.41
        loop._jumping.now += 0.4
        assert 0.47 <= lag() <= 0.51, "the beats before were no later"

    _beat(check)
