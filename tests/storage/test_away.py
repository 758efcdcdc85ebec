"""Object storage goes away under load and comes back, or accepts connections and answers none of them: callers notice
nothing, meanwhile it is counted and named, and afterwards every answer that the disk had room for is one row, none
lost, none twice.

CHURN_AWAY_MINUTES and CHURN_AWAY_RATE (requests a second) make it longer than a test: `make bench-storage-away`.
"""

import asyncio
import contextlib
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ports import free_port
from real_processes import running
from tests.prediction_log.conftest import describe_keeping, logged_package
from tests.prediction_log.keeping import Callers, Keeping
from tests.prediction_log.shipper import ShipperProcess
from tests.storage.killable import BUCKET, KillableStorage, storage
from tests.storage.one_row import Kept, kept_once
from tests.storage.watching import Seen, Watch, all_rules

__all__ = ["describe_keeping", "logged_package", "storage"]  # fixtures of others
MINUTES, RATE = (float(os.environ.get(f"CHURN_AWAY_{name}", "0")) for name in ("MINUTES", "RATE"))
AROUND_SECONDS, EVERY_SECONDS = (90.0, 10.0) if MINUTES else (1.0, 0.2)
QUICK = {"_SEGMENT_BYTES": "8192", "_SEGMENT_SECONDS": "0.3"}
pytestmark = pytest.mark.timeout(300 + 90 * MINUTES)


class Absence(NamedTuple):
    """Settings of the log's room, and whether storage is frozen instead of gone."""

    limits: dict[str, str]
    frozen: bool = False


@pytest.mark.parametrize(
    "absence",
    [Absence({}), Absence({"_MAXIMUM_BYTES": "65536"}), Absence({}, frozen=True)],
    ids=["roomy", "full", "frozen"],
)
async def test_storage_that_is_away_costs_no_answer_and_no_row_that_the_disk_has_room_for(
    describe_keeping: Callable[..., Keeping], storage: KillableStorage, tmp_path: Path, absence: Absence
) -> None:
    limits, frozen = absence
    keeping = describe_keeping(**({} if MINUTES else QUICK), **limits)
    system, port, log = keeping.system, free_port(), tmp_path / "shipper.log"
    system.gateway.environment["CHURN_GATEWAY_FALLBACK_URL"] = system.fallback_url
    shipper = ShipperProcess(keeping.folder, f"s3://{BUCKET}/log", log, storage.environment, port)
    shown = [*(system.ports[name] for name in ("metrics", "primary_metrics", "fallback_metrics")), port]
    rules = all_rules(tmp_path, shown) if MINUTES else contextlib.nullcontext()
    with running(system), shipper, rules as prometheus:
        watch = Watch((system.ports["metrics"], port), keeping.folder, EVERY_SECONDS, _progress, prometheus)
        await _listening(port)
        async with Callers(system.gateway_url, callers=16, rate=RATE or 20.0) as callers, watch.watching():
            await watch.until(lambda seen: not seen.waiting)
            await asyncio.sleep(AROUND_SECONDS)
            went = time.monotonic()
            (storage.freeze if frozen else storage.kill)()
            await watch.until(lambda seen: seen.failures > 1)
            await asyncio.sleep(went + 60 * MINUTES - time.monotonic())
            if limits:
                await watch.until(lambda seen: seen.shed > 0)
            back = time.monotonic()
            (storage.thaw if frozen else storage.start)()
            await watch.until(lambda seen: seen.moment > back and not seen.waiting)
            caught_up = time.monotonic()
            await asyncio.sleep(AROUND_SECONDS)
        shed = watch.seen[-1].shed
        assert await asyncio.to_thread(system.gateway.stop, 60) == 0
        await asyncio.to_thread(shipper.finish)
    assert list(keeping.folder.iterdir()) == []
    found = kept_once(storage.objects / BUCKET / "log", callers)
    away = watch.between(went, back)
    _tell(callers, watch, found, (went, back, caught_up))
    assert len(callers.answered) == callers.asked
    assert found.rows + shed == sum(callers.answered.values())
    assert bool(shed) == bool(limits)
    whole = {name: count for name, count in found.answered.items() if count}
    assert whole == {name: callers.answered[name] for name in (whole if limits else callers.answered)}
    _is_named(log.read_text())
    assert away[-1].waiting > away[0].waiting
    assert away[-1].disk_bytes > away[0].disk_bytes
    assert away[-1].stale_seconds > 0.5 * (back - went)


def _is_named(log: str) -> None:
    """When it goes and when it is back, with the object and the address; not at every attempt."""
    lines = [line for line in log.splitlines() if "does not answer" in line]
    assert 1 <= len(lines) <= 3  # a call that was under way ends in another way than those that follow
    assert all(f"s3://{BUCKET}/log/" in line and "http://127.0.0.1:" in line for line in lines)
    assert log.count("the prediction log's store answers again") == 1


async def _listening(port: int) -> None:
    """Until somebody listens there."""
    async with asyncio.timeout(150):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def _tell(callers: Callers, watch: Watch, found: Kept, moments: tuple[float, float, float]) -> None:
    went, back, caught_up = moments
    away, customers = watch.between(went, back), sum(callers.answered.values())
    fired = [f"{name} after {moment - went:,.0f} s" for name, moment in watch.fired.items()]
    fives = [f"{_p99(callers, begin, begin + 300)}" for begin in range(round(went), round(back) - 299, 300)]
    most = Seen(*map(max, zip(*away, strict=True)))
    sys.stderr.write(
        f"away for {back - went:,.0f} s, caught up {caught_up - back:,.1f} s later; of {callers.asked:,} requests "
        f"{len(callers.answered):,} answered, {customers:,} customers; {found.rows:,} rows in {found.tables:,} tables, "
        f"{watch.seen[-1].shed:,.0f} left out\n"
        f"p99 of answers in ms: {_p99(callers, 0, went)} before, {_p99(callers, went, back)} away (every five minutes: "
        f"{' '.join(fives) or '-'}), {_p99(callers, back, caught_up)} while catching up, "
        f"{_p99(callers, caught_up, math.inf)} after\n"
        f"at most {max(each.disk_bytes for each in watch.seen):,} bytes of disk, {most.failures:,.0f} failures, "
        f"{most.waiting:,.0f} segments waiting, the oldest for {most.oldest_seconds:,.0f} s, nothing taken away for "
        f"{most.stale_seconds:,.0f} s; fired: {', '.join(fired) or 'nothing'}\n"
    )


def _p99(callers: Callers, begin: float, end: float) -> str:
    """Milliseconds from when a request was due."""
    took = sorted(
        1000 * seconds for due, seconds in zip(callers.due, callers.seconds, strict=True) if begin <= due < end
    )
    return f"{took[int(0.99 * len(took))]:,.1f}" if took else "-"


def _progress(seen: Seen) -> None:
    if MINUTES:
        sys.stderr.write(
            f"{time.strftime('%H:%M:%S')} {seen.waiting:.0f} segments wait, the oldest {seen.oldest_seconds:.0f} s; "
            f"{seen.failures:.0f} failures, {seen.disk_bytes:,} bytes of disk\n"
        )
