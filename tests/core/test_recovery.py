"""A backend that was left alone comes back by probes: in a few seconds, without a customer, whatever the others do."""

import asyncio
from typing import Any

import pytest

from churn_model import Description, Row
from churn_serving.core.errors import BackendFailed
from churn_serving.core.recovery import probe

ROW: Row = [12.0, "One year", 70.0, "Card", 0.0]


@pytest.fixture
def main_with_probes(build: Any, in_virtual_time: Any) -> Any:
    """Runs a test beside the probing of its backends, in virtual time; the test is given everything."""

    def run(test: Any) -> None:
        async def main(loop: Any) -> None:
            dispatcher, fakes, guarded = build(clock=loop.time)
            probing = [asyncio.create_task(probe(backend)) for backend in guarded.values()]
            try:
                await test(loop, dispatcher, fakes, guarded)
            finally:
                for each in probing:
                    each.cancel()
                await asyncio.gather(*probing, return_exceptions=True)

        in_virtual_time(main)

    return run


async def open_breaker(dispatcher: Any, fake: Any, description: Description) -> None:
    fake.failure = BackendFailed("down")
    for _ in range(5):
        await dispatcher.predict([ROW], description, "a")
    fake.failure = None


def test_a_backend_that_is_well_again_serves_after_its_three_probes(
    main_with_probes: Any, description: Description
) -> None:
    async def test(loop: Any, dispatcher: Any, fakes: Any, guarded: Any) -> None:
        begun = loop.time()
        await open_breaker(dispatcher, fakes["primary"], description)
        while not guarded["primary"].breaker.closed:  # noqa: ASYNC110 - time is virtual, every moment is looked at
            await asyncio.sleep(0.01)
        # A second give or take a fifth, two intervals of a quarter, and a look every tenth of a second.
        assert 0.8 + 0.5 <= loop.time() - begun <= 1.2 + 0.5 + 0.4
        assert fakes["primary"].probes == 3
        assert (await dispatcher.predict([ROW], description, "a")).served_by == "primary"

    main_with_probes(test)


def test_nobody_is_probed_who_is_well(main_with_probes: Any) -> None:
    async def test(_: Any, __: Any, fakes: Any, ___: Any) -> None:
        await asyncio.sleep(60)
        assert [fake.probes for fake in fakes.values()] == [0, 0]

    main_with_probes(test)


def test_one_that_stays_ill_is_asked_ever_more_seldom_and_never_serves(
    main_with_probes: Any, description: Description
) -> None:
    async def test(_: Any, dispatcher: Any, fakes: Any, guarded: Any) -> None:
        await open_breaker(dispatcher, fakes["primary"], description)
        fakes["primary"].probe_answer = False
        await asyncio.sleep(40)
        assert not guarded["primary"].breaker.closed
        # After one, two, and then every four seconds, give or take a fifth: at least 1 + 1 + 7 times.
        assert 9 <= fakes["primary"].probes <= 13
        assert fakes["fallback"].probes == 0

    main_with_probes(test)


def test_a_probe_that_hangs_holds_up_no_other_backend(main_with_probes: Any, description: Description) -> None:
    async def test(_: Any, dispatcher: Any, fakes: Any, guarded: Any) -> None:
        for fake in fakes.values():
            fake.failure = BackendFailed("down")
        for _attempt in range(5):
            await dispatcher.predict([ROW], description, "a")

        async def hang(timeout: float) -> bool:  # noqa: ARG001, ASYNC109 - the port's contract
            await asyncio.Event().wait()
            return True

        fakes["primary"].probe = hang
        await asyncio.sleep(5)
        assert not guarded["primary"].breaker.closed
        assert guarded["fallback"].breaker.closed

    main_with_probes(test)
