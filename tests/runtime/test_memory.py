"""What is freed is given back, and only what stays in use is a reason to cut anybody off."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from awaiting import until
from churn_serving.runtime.memory import MemoryWatch

MEBIBYTE = 2**20


class Process:
    """In use and freed but not given back, MiB."""

    def __init__(self) -> None:
        self.used, self.freed = 50, 0
        self.given_back, self.relieved = 0, 0

    def held(self) -> int:
        return (self.used + self.freed) * MEBIBYTE

    def give_back(self) -> None:
        self.freed = 0
        self.given_back += 1

    async def relieve(self) -> None:
        self.relieved += 1


@pytest.fixture
def process() -> Process:
    return Process()


@contextlib.contextmanager
def watched(process: Process, pause: float = 60.0) -> Iterator[None]:
    watch = MemoryWatch(100 * MEBIBYTE, process.relieve, process.held, process.give_back)
    task = asyncio.create_task(watch.run(0.005, pause))
    try:
        yield
    finally:
        task.cancel()


async def test_what_was_freed_is_given_back_and_nobody_is_cut_off(process: Process) -> None:
    with watched(process):
        await asyncio.sleep(0.02)
        assert process.given_back == 0, "nothing has grown"
        for _ in range(3):
            process.freed = 500
            await until(lambda: process.freed == 0)
    assert process.given_back == 3
    assert process.relieved == 0


async def test_what_is_in_use_beyond_the_most_is_cut_off_once_in_a_while(process: Process) -> None:
    with watched(process, pause=600.0):
        process.used = 90
        await asyncio.sleep(0.05)
        assert process.relieved == 0
        process.used = 110
        await until(lambda: process.relieved == 1)
        process.used = 150
        await asyncio.sleep(0.05)
        assert process.relieved == 1, "those who come back are not cut off at once again"
    with watched(process, pause=0.1):
        await asyncio.sleep(0.02)

        def has_been_again_while_it_grows() -> bool:
            process.used += 20
            return process.relieved >= 3

        await until(has_been_again_while_it_grows)


HOLDS = """
from churn_serving.runtime.memory import held_memory
before = held_memory()
ballast = bytearray(b"x") * (40 * 2**20)
print(held_memory() - before)
"""


def test_a_process_knows_what_it_holds() -> None:
    # In a process of its own: one that has run other tests has room enough that is its own already.
    said = subprocess.run([sys.executable, "-c", HOLDS], capture_output=True, text=True, check=True).stdout
    assert 35 * MEBIBYTE <= int(said) <= 60 * MEBIBYTE


CIRCLE = """
import asyncio, gc, weakref
from churn_serving.runtime.memory import MemoryWatch

class Call:
    def __init__(self):
        self.itself, self.metadata = self, bytearray(40 * 2**20)

async def relieve():
    raise AssertionError("nothing is in use")

async def main():
    gc.disable()
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    watching = asyncio.create_task(MemoryWatch(2**40, relieve).run(0.005))
    await asyncio.sleep(0.02)
    call = Call()
    weakref.finalize(call, loop.call_soon_threadsafe, gone.set)
    del call
    async with asyncio.timeout(60):
        await gone.wait()
    watching.cancel()
    print("given back")

asyncio.run(main())
"""


def test_what_only_a_circle_of_references_holds_is_given_back() -> None:
    # In a process of its own, too: what other tests have left there may go in the same moment, and then nothing grows.
    said = subprocess.run([sys.executable, "-c", CIRCLE], capture_output=True, text=True, check=True).stdout
    assert said == "given back\n"
