"""Gateway, shipper and object storage are killed in random order under load: every answer is one row, none lost, none
twice. CHURN_KILL_MINUTES and CHURN_KILL_RATE (requests a second) make it longer than a test: `make bench-log-kills`."""

import asyncio
import collections
import dataclasses
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.prediction_log.conftest import KeepingStart, describe_keeping, logged_package, start_keeping
from tests.prediction_log.keeping import Callers, Keeping, until
from tests.prediction_log.shipper import ShipperProcess
from tests.storage.killable import BUCKET, KillableStorage, storage
from tests.storage.one_row import kept_once

__all__ = ["describe_keeping", "logged_package", "start_keeping", "storage"]  # fixtures of others
VICTIMS = ("gateway", "shipper", "storage")
MINUTES, RATE = (float(os.environ.get(f"CHURN_KILL_{name}", "0")) for name in ("MINUTES", "RATE"))
PAUSE_SECONDS = (1.0, 10.0)
pytestmark = pytest.mark.timeout(1200 + 120 * MINUTES)


@dataclasses.dataclass
class Keepers:
    """All who keep answers; each may die at any time."""

    keeping: Keeping
    shipper: ShipperProcess
    storage: KillableStorage

    async def kill(self, victim: str) -> None:
        """Without a word, and start it again."""
        if victim == "gateway":
            gateway = self.keeping.system.gateway
            gateway.signal(signal.SIGKILL)
            await asyncio.to_thread(gateway.start)
            await asyncio.to_thread(gateway.wait_ready)
            return
        process = self.shipper if victim == "shipper" else self.storage
        await asyncio.to_thread(process.kill)
        process.start()


async def test_every_answer_is_one_row_whoever_is_killed(
    start_keeping: KeepingStart, storage: KillableStorage, tmp_path: Path
) -> None:
    store = storage.objects / BUCKET / "log"
    limits = {} if MINUTES else {"_SEGMENT_BYTES": "8192", "_SEGMENT_SECONDS": "0.3"}
    killed = collections.Counter[str]()
    with start_keeping(**limits) as started:
        shipper = ShipperProcess(started.folder, f"s3://{BUCKET}/log", tmp_path / "shipper.log", storage.environment)
        with shipper:
            keepers = Keepers(started, shipper, storage)
            async with Callers(started.system.gateway_url, callers=64 if RATE else 16, rate=RATE) as callers:
                async for victim in _victims(callers, store):
                    await keepers.kill(victim)
                    killed[victim] += 1
            assert started.system.gateway.stop() == 0
            shipper.finish()
        assert list(started.folder.iterdir()) == []
    assert set(killed) == set(VICTIMS)
    found = kept_once(store, callers)
    sys.stderr.write(
        f"killed {dict(killed)}; of {callers.asked:,} requests {len(callers.answered):,} answered, "
        f"{sum(callers.answered.values()):,} customers; {found.rows:,} rows in {found.tables:,} tables\n"
    )
    assert found.answered == callers.answered


async def _victims(callers: Callers, store: Path) -> AsyncIterator[str]:
    """Who is next, each at a moment at which there is something to lose."""
    order = random.Random(20261126)
    if not MINUTES:
        for victim in order.sample(VICTIMS * 2, len(VICTIMS) * 2):
            await _some_answers_and_tables(callers, store)
            yield victim
        return
    end = time.monotonic() + 60 * MINUTES
    while time.monotonic() < end:
        await asyncio.sleep(order.uniform(*PAUSE_SECONDS))
        yield order.choice(VICTIMS)


async def _some_answers_and_tables(callers: Callers, store: Path) -> None:
    answers, there = len(callers.answered), _tables(store)
    await until(lambda: len(callers.answered) > answers + 30 and _tables(store) > there)


def _tables(store: Path) -> int:
    return len(list(store.rglob("*.parquet")))
