"""One look at what the prediction log has received since the last one.

Each table is counted once, however often anybody looks and whatever is killed: what was counted and what came of it are
written in one file at once. It must not know who asks, nor who is told.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pyarrow

from churn_model.manifest import Manifest
from churn_monitoring.drift.state import Drift, State, StateFile
from churn_monitoring.drift.watch import DAY, DriftWatch, Promise
from churn_monitoring.prediction_log.changes import tables_of
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import from_parquet, is_answers_table

WAITED_DAYS = 7
"""Days for which tables that come late are still counted, and for which it is remembered which ones were."""
FORGOTTEN_DAYS = 30
"""Days after which it is forgotten what a watch has found that looks at nobody any more."""
_WRITE_EVERY = 200


@dataclass
class Looked:
    """What a look found: tables counted, those that could not be read, the drifts that began."""

    tables: int = 0
    unreadable: list[str] = field(default_factory=list)
    began: list[Drift] = field(default_factory=list)


class DriftCheck:
    """Looks for drift of one model in one log; `watch` is None where its package does not know its customers."""

    def __init__(
        self, store: Store, digest: str, manifest: Manifest, promise: Promise, clock: Callable[[], float] = time.time
    ) -> None:
        profile = manifest.training_data.profile
        self._store = store
        self._usecase = manifest.schema.usecase
        self._made = datetime.fromisoformat(manifest.created).date()
        self._clock = clock
        self.watch = None if profile is None else DriftWatch(digest, manifest.schema, profile, promise)
        self._file = StateFile(store, manifest.name, "" if self.watch is None else self.watch.identity)

    def look(self) -> Looked:
        """Count what is new.

        Raises:
            DataError, Unavailable: the store cannot be asked, or what was remembered cannot be read or written.
        """
        looked = Looked()
        if self.watch is None:
            return looked
        self.watch.go_on(self._remembered(self.watch.identity))
        for name, day in self._new_tables(self.watch.state):
            self._count(name, day, self.watch, looked)
            if looked.tables % _WRITE_EVERY == 0:
                self._file.write(self.watch.remembered())
        if looked.tables:
            self._file.write(self.watch.remembered())
        return looked

    def recall(self) -> bool:
        """Know what was found so far, and look at nothing new; returns whether anybody has looked.

        Raises:
            DataError, Unavailable: the store cannot be asked, or what was remembered cannot be read.
        """
        state = None if self.watch is None else self._file.read()
        if self.watch is None or state is None:
            return False
        self.watch.go_on(state)
        return True

    def forget(self) -> None:
        """Begin anew, with tables that were counted already, too.

        Raises:
            DataError, Unavailable: the store cannot be asked.
        """
        self._file.forget()

    def _remembered(self, identity: str) -> State:
        """What to go on from. Who begins takes away what nobody has gone on from for long."""
        state = self._file.read()
        if state is None:
            self._file.forget_others(self._clock() - FORGOTTEN_DAYS * DAY)
        return state or State(identity)

    def _count(self, name: str, day: date, watch: DriftWatch, looked: Looked) -> None:
        content = self._store.get(name)
        if content is not None:  # its time was over meanwhile
            table = _table(content)
            if table is None:
                looked.unreadable.append(name)
                return
            looked.began += watch.add(table, self._clock() + DAY)
        watch.state.done.setdefault(day.isoformat(), []).append(name)
        looked.tables += 1

    def _new_tables(self, state: State) -> Iterator[tuple[str, date]]:
        """Tables that were not counted, oldest first, day by day, as a log of years has millions of them. Days of which
        no table is waited for any more are forgotten; what a clock called later than tomorrow waits for its day."""
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        newest = max((day for day in map(date.fromisoformat, state.done) if day <= today), default=date.min)
        first = max(self._made - timedelta(days=1), newest - timedelta(days=WAITED_DAYS) if state.done else date.min)
        state.done = {day: names for day, names in state.done.items() if date.fromisoformat(day) >= first}
        done = {name for names in state.done.values() for name in names}
        for days in range((today - first).days + 2):
            day = first + timedelta(days=days)
            for name, _ in tables_of(self._store, f"use_case={self._usecase}/date={day}"):
                if name not in done:
                    yield name, day


def _table(content: bytes) -> pyarrow.Table | None:
    """The table of a file; None where it is none of the log's."""
    try:
        table = from_parquet(content)
    except (pyarrow.ArrowException, OSError):
        return None
    return table if is_answers_table(table.schema) else None
