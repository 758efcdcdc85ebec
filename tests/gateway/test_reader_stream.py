"""A reading process belongs to who has asked for it, from before it is there until it is gone."""

import asyncio
import subprocess
import threading

import pytest

from churn_serving.gateway import reader_stream


async def test_who_gives_up_while_it_starts_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    processes: list[subprocess.Popen[bytes]] = []
    start = reader_stream._start

    def start_late(descriptor: int) -> subprocess.Popen[bytes]:
        begun.set()
        assert go_on.wait(60)
        processes.append(start(descriptor))
        return processes[0]

    async def use() -> None:
        async with reader_stream.reading_process():
            pytest.fail("it was cancelled before")

    monkeypatch.setattr(reader_stream, "_start", start_late)
    user = asyncio.create_task(use())
    assert await asyncio.to_thread(begun.wait, 60)
    user.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await user
    assert [process.returncode for process in processes] == [-9]
