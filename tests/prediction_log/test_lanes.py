"""What can wait gives way to everybody else on the machine; what is late does not, and nothing is done twice."""

import os
import threading
from pathlib import Path

import pytest

from churn_monitoring.prediction_log.lanes import GivingWay
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.shipping import Shipped, ship
from churn_monitoring.prediction_log.store import Store
from tests.prediction_log.shipped import answer, column, write_segment


def scheduling() -> int:
    return os.sched_getscheduler(0)


def test_only_what_is_not_late_gives_way() -> None:
    lane = GivingWay(30.0)
    usual = scheduling()
    assert lane(scheduling, 0.0) == os.SCHED_IDLE
    assert lane(scheduling, 30.0) == usual
    assert GivingWay(0.0)(scheduling, 0.0) == usual
    assert scheduling() == usual


def test_what_fails_there_is_told_to_whoever_asked() -> None:
    def broken() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        GivingWay(30.0)(broken, 0.0)


@pytest.mark.parametrize("old", [0, 3600])
def test_segments_are_shipped_once_however_old_they_are(tmp_path: Path, old: int) -> None:
    for names in ("ab", "c"):
        path = write_segment(tmp_path / "segments", answer(*names))
        written = path.stat().st_mtime
        os.utime(path, (written - old, written - old))
    seen: list[bool] = []

    class Watching(ShipperMetrics):
        def shipped(self, rows: int) -> None:
            seen.append(threading.current_thread() is threading.main_thread())
            super().shipped(rows)

    shipped = ship(tmp_path / "segments", Store(tmp_path / "log"), Watching(), lambda _line: None, GivingWay(30.0))
    assert shipped == Shipped(2, 3, 0)
    assert len(column(tmp_path / "log", "position")) == 3
    assert seen == [bool(old)] * 2
