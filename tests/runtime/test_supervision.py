"""A background task that ends is noticed, counted and started again; one that cannot be kept alive is named."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from churn_serving.runtime.supervision import FAILING_AFTER, STEADY_SECONDS, Supervisor

PAUSES = (0.001,)


class Task:
    """Breaks as often as it is told to, each time in another way, then runs."""

    def __init__(self, *endings: BaseException | None) -> None:
        self.endings = list(endings)
        self.runs = 0

    async def __call__(self) -> None:
        self.runs += 1
        await asyncio.sleep(0)
        if not self.endings:
            await asyncio.Event().wait()
        ending = self.endings.pop(0)
        if ending is not None:
            raise ending


async def test_work_that_hangs_on_another_process_is_never_a_reason_to_replace_this_one() -> None:
    crashes: list[str] = []
    supervisor = Supervisor(crashes.append, PAUSES)
    supervisor.start("refresh", Task(*[KeyError("x")] * 100), vital=False)
    supervisor.start("keys", Task(*[KeyError("x")] * 100))
    await until(lambda: crashes.count("refresh") > FAILING_AFTER and crashes.count("keys") > FAILING_AFTER)
    assert supervisor.failing == ("keys",)
    await supervisor.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - of other tasks
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    "ending",
    [OSError("disk"), UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), KeyError("x"), MemoryError(), RecursionError(),
     asyncio.CancelledError(), None],
    ids=lambda ending: type(ending).__name__,
)  # fmt: skip
async def test_however_it_ends_it_goes_on(ending: BaseException | None, caplog: pytest.LogCaptureFixture) -> None:
    crashes: list[str] = []
    supervisor = Supervisor(crashes.append, PAUSES)
    task = Task(ending)
    supervisor.start("keys", task)
    await until(lambda: task.runs == 2)
    assert crashes == ["keys"]
    (record,) = caplog.records
    assert (record.levelno, record.getMessage().split(":")[0]) == (logging.ERROR, "keys")
    assert (record.exc_info is not None) == (ending is not None)
    assert not supervisor.failing
    await supervisor.stop()


async def test_one_that_keeps_ending_is_named_until_it_runs_steadily() -> None:
    now = 0.0
    supervisor = Supervisor(lambda _: None, PAUSES, lambda: now)
    bad, good = Task(*[OSError()] * FAILING_AFTER), Task()
    supervisor.start("bad", bad)
    supervisor.start("good", good)
    await until(lambda: bad.runs == FAILING_AFTER + 1)
    assert list(supervisor.failing) == ["bad"]
    now += STEADY_SECONDS - 0.1
    assert list(supervisor.failing) == ["bad"]
    now += 0.2
    assert not supervisor.failing
    await supervisor.stop()


async def test_who_looks_sees_which_tasks_are_at_work() -> None:
    supervisor = Supervisor(lambda _: None, (60.0,))
    supervisor.start("keys", Task())
    supervisor.start("refresh", Task(KeyError("x")))
    await until(lambda: supervisor.running == {"keys": True, "refresh": False})
    await supervisor.stop()


async def test_endings_far_apart_are_no_failing() -> None:
    now = 0.0
    crashes: list[str] = []

    async def ages_and_ends() -> None:
        nonlocal now
        now += STEADY_SECONDS
        raise OSError

    supervisor = Supervisor(crashes.append, PAUSES, lambda: now)
    supervisor.start("old", ages_and_ends)
    await until(lambda: len(crashes) > 2 * FAILING_AFTER)
    assert not supervisor.failing
    await supervisor.stop()


async def test_the_pauses_grow_and_stay() -> None:
    supervisor = Supervisor(lambda _: None, (0.0, 3600.0))
    task = Task(OSError(), OSError(), OSError())
    supervisor.start("x", task)
    await until(lambda: task.runs == 2)
    await asyncio.sleep(0.05)
    assert task.runs == 2
    await supervisor.stop()


async def test_stopping_ends_everything_and_is_no_crash() -> None:
    crashes: list[str] = []
    supervisor = Supervisor(crashes.append, PAUSES)
    before = len(asyncio.all_tasks())
    for name in "abc":
        supervisor.start(name, Task())
    await asyncio.sleep(0.01)
    await supervisor.stop()
    assert (crashes, len(asyncio.all_tasks())) == ([], before)
