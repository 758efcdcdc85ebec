"""A model's drift watch: counts go in, drifts come out, and what is remembered between two looks.

It must not know where tables come from nor how anybody is told.
"""

from dataclasses import dataclass

import numpy
import pyarrow

from churn_model.schema import Schema
from churn_model.training_profile import TrainingProfile
from churn_monitoring.drift.bounds import bounds_of
from churn_monitoring.drift.counting import STEP_ROWS, Counted, Step, TableCounter, columns_of
from churn_monitoring.drift.detector import Alarm, Detector
from churn_monitoring.drift.sketches import LevelSketch, NumberSketch
from churn_monitoring.drift.state import FORMAT, Drift, Lately, Recent, State, array, identity_of

MONTH = 365.25 / 12 * 86_400
"""Seconds."""
DAY = 86_400.0
_FIRST = 3_600.0
_MOST_RECENT = 40
_A_WHILE = 20_000


@dataclass(frozen=True)
class Promise:
    """How a watch is to behave: at most so many false alarms a month are to be expected; a share may change by this
    much of itself in any case; a drift that nothing has shown again for so many days is over."""

    false_alarms: float = 0.1
    tolerance: float = 0.1
    hold_days: float = 7.0


class DriftWatch:
    """Watches the customers of one model by what the log shows of them."""

    def __init__(self, digest: str, schema: Schema, profile: TrainingProfile, promise: Promise) -> None:
        self.columns = columns_of(profile, schema)
        self.profile = profile
        self.promise = promise
        self.identity = identity_of([FORMAT, digest, promise.false_alarms, promise.tolerance])
        self._counter = TableCounter(self.columns, digest)
        bounds = bounds_of([column.profile for column in self.columns], profile.independent, promise.tolerance)
        self._detector = Detector(bounds)
        self.state = State(self.identity)

    def go_on(self, state: State) -> None:
        """Go on from what was remembered of this very watch."""
        self.state = state
        self._detector.evidence = array(state.evidence, self._detector.evidence)
        self._detector.begun = array(state.begun, self._detector.begun)

    def remembered(self) -> State:
        """What to go on from."""
        self.state.evidence = self._detector.evidence.tolist()
        self.state.begun = self._detector.begun.tolist()
        return self.state

    @property
    def offsets(self) -> numpy.ndarray:
        """Where each column's bins begin among all."""
        return self._counter.offsets

    def evidence(self) -> dict[str, float]:
        """By column its evidence: the logarithm (to base 10) of it over what makes an alarm, so below 0."""
        levels = self._detector.levels() / numpy.log(10.0)
        return {column.name: float(level) for column, level in zip(self.columns, levels, strict=True)}

    def add(self, table: pyarrow.Table, now: float) -> list[Drift]:
        """Look at a table of the log; returns the drifts that began with it. `now` is the latest moment that is
        believed, whatever the clocks of those who answered said."""
        counted = self._counter.count(table)
        self.state.others += counted.others
        self._show(counted)
        return [drift for step in counted.steps for drift in self.look(step, now)]

    def look(self, step: Step, now: float) -> list[Drift]:
        """Look at a step; returns the drifts that began with it."""
        state = self.state
        ended = min(step.ended, now)
        passed = _FIRST if not state.until else min(max(ended - state.until, 0.0), DAY)
        state.until = max(state.until, ended)
        state.customers += step.customers
        _remember(state.recent, step)
        budget = passed / MONTH * self.promise.false_alarms
        alarms = self._detector.step(step.counts, step.rows, budget, min(step.began, now))
        began = [drift for alarm in alarms if (drift := self._found(alarm))]
        last = state.until - self.promise.hold_days * DAY
        state.drifts = {name: drift for name, drift in state.drifts.items() if drift.last >= last}
        return began

    def _found(self, alarm: Alarm) -> Drift | None:
        """The drift of an alarm, if there was none in its column."""
        state, name = self.state, self.columns[alarm.column].name
        known = state.drifts.get(name)
        if known is not None:
            known.last, known.times = state.until, known.times + 1
            return None
        drift = Drift(name, alarm.bin, alarm.more, alarm.begun, state.until, state.until, 1, state.customers)
        state.drifts[name] = drift
        return drift

    def _show(self, counted: Counted) -> None:
        lately = self.state.lately
        if not lately or lately[-1].customers >= _A_WHILE:
            lately.append(Lately())
            del lately[:-2]
        now = lately[-1]
        now.customers += sum(step.customers for step in counted.steps)
        for name, values in counted.numbers.items():
            numbers = NumberSketch(now.numbers.get(name, b""))
            numbers.add(values)
            now.numbers[name] = numbers.kept()
        for name, counts in counted.unseen.items():
            levels = LevelSketch(now.unseen.get(name, b""))
            levels.add(counts)
            now.unseen[name] = levels.kept()


def _remember(recent: list[Recent], step: Step) -> None:
    if recent and recent[-1].customers < STEP_ROWS:
        last = recent.pop()
        counts, rows = step.counts + numpy.asarray(last.counts), step.rows + numpy.asarray(last.rows)
        step = Step(
            counts, rows, step.log_odds + last.log_odds, step.answered + last.answered, step.customers + last.customers,
            last.began, max(step.ended, last.ended),
        )  # fmt: skip
    counted = step.counts.tolist(), step.rows.tolist()
    recent.append(Recent(*counted, step.log_odds, step.answered, step.customers, step.began, step.ended))
    del recent[:-_MOST_RECENT]
