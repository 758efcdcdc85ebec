"""Gateway and shipper are killed in random order under load: every answer is one row, none lost, none twice."""

import asyncio
import collections
import random
import signal
from pathlib import Path

import pyarrow.parquet

from tests.prediction_log.conftest import KeepingStart
from tests.prediction_log.keeping import Callers, until
from tests.prediction_log.shipped import tables
from tests.prediction_log.shipper import ShipperProcess

KILLS = 6


async def test_every_answer_is_one_row_whoever_is_killed(start_keeping: KeepingStart, tmp_path: Path) -> None:
    order = random.Random(20261126)
    store = tmp_path / "log"
    with start_keeping(_SEGMENT_BYTES="8192", _SEGMENT_SECONDS="0.3") as started:
        gateway = started.system.gateway
        with ShipperProcess(started.folder, str(store), tmp_path / "shipper.log") as shipper:
            async with Callers(started.system.gateway_url) as callers:
                for victim in order.sample(["gateway", "shipper"] * (KILLS // 2), KILLS):
                    await _some_answers_and_tables(callers, store)
                    if victim == "gateway":
                        gateway.signal(signal.SIGKILL)
                        await asyncio.to_thread(gateway.start)
                        await asyncio.to_thread(gateway.wait_ready)
                    else:
                        shipper.kill()
                        shipper.start()
            assert gateway.stop(60) == 0
            shipper.finish()
        assert list(started.folder.iterdir()) == []
    rows = collections.Counter[str]()
    customers = collections.Counter[tuple[str, bytes]]()
    for table in tables(store).values():
        rows.update(table["request_id"].to_pylist())
        customers.update(zip(table["request_id"].to_pylist(), table["customer"].to_pylist(), strict=True))
    assert {request_id: rows[request_id] for request_id in callers.answered} == callers.answered
    assert set(rows) <= callers.asked
    assert max(customers.values()) == 1
    everything = b"".join(path.read_bytes() for path in store.rglob("*.parquet"))
    assert b"customer-" not in everything
    names = set(pyarrow.parquet.read_schema(next(store.rglob("*.parquet"))).names)
    assert {name for name in names if name.startswith("feature.")} == {"feature.tenure", "feature.Contract"}


async def _some_answers_and_tables(callers: Callers, store: Path) -> None:
    answers, there = len(callers.answered), _tables(store)
    await until(lambda: len(callers.answered) > answers + 30 and _tables(store) > there)


def _tables(store: Path) -> int:
    return len(list(store.rglob("*.parquet")))
