"""How late the event loop is can be told at any time."""

import asyncio
from typing import Any

from churn_serving.gateway.lag import LoopLag
from tests.core.virtual_time import VirtualLoop


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
