"""The shipper as a process: pass after pass, and at its end what is left, once nobody writes any more.

It must not know who told it to end.
"""

import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from churn_monitoring.prediction_log.lanes import GivingWay, Lane, at_once
from churn_monitoring.prediction_log.segments import is_anyone_writing
from churn_monitoring.prediction_log.shipping import Observer, Say, Shipped, ship
from churn_monitoring.prediction_log.store import Store

_LOOK_SECONDS = 0.1


class ShipperSettings(NamedTuple):
    """`pause_seconds` between passes; `grace_seconds` after it was told to end: for processes that still write to end
    and for what they leave to be taken away. A segment that has waited for less than `give_way_seconds` is worked on
    only while nobody else wants the processor."""

    pause_seconds: float
    grace_seconds: float
    give_way_seconds: float = 0.0


class Shipper:
    """Takes segments from a folder to a store; what goes wrong is said once, until something else does."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        settings: ShipperSettings,
        observer: Observer,
        say: Say,
    ) -> None:
        self._folder = folder
        self._store = store
        self._settings = settings
        self._observer = observer
        self._say = say
        self._problem = ""

    def once(self) -> Shipped:
        """One pass, which gives way to nobody."""
        return self._pass(at_once)

    def _pass(self, lane: Lane[Any]) -> Shipped:
        shipped = ship(self._folder, self._store, self._observer, self._say, lane)
        if shipped.problem != self._problem:
            self._say(shipped.problem or "the prediction log's store answers again")
            self._problem = shipped.problem
        return shipped

    def run(self, told_to_end: threading.Event) -> None:
        """Pass after pass, until somebody says that it is over."""
        lane = GivingWay(self._settings.give_way_seconds)
        while not told_to_end.is_set():
            self._pass(lane)
            told_to_end.wait(self._settings.pause_seconds)

    def finish(self) -> Shipped:
        """Take away what is left, also of processes that are just ending; what the grace is too short for stays."""
        deadline = time.monotonic() + self._settings.grace_seconds
        while is_anyone_writing(self._folder) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        shipped = self.once()
        while shipped.left and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
            shipped = self.once()
        return shipped
