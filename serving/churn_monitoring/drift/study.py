"""How often a drift watch cries wolf, and how soon it finds what it should: many companies, each with a training of its
own, whose customers change at a known moment or never.

Everything but the log's files is the watch itself. It must not know which numbers would be good.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy
import pyarrow

from churn_data.profile_effects import effects_of, log_odds
from churn_data.profiles import (
    answer_profile,
    category_bins,
    category_profile_apart,
    counted_apart,
    number_bins,
    number_profile,
)
from churn_model.schema import Schema
from churn_model.training_profile import ColumnProfile, TrainingProfile
from churn_monitoring.drift.counting import SCORE, SEGMENT, STEP_ROWS, Step
from churn_monitoring.drift.movement import movement_of
from churn_monitoring.drift.study_worlds import (
    CATEGORIES,
    NUMBERS,
    Change,
    Population,
    more_missing,
    new_level,
    population,
    schema_of_study,
    shifted,
)
from churn_monitoring.drift.watch import DAY, MONTH, DriftWatch, Promise

_POPULATION = 30_000
_HELD_OUT = 0.1
CHANGES: dict[str, tuple[str, Change, int]] = {
    "shift of 0.5 deviations": ("age", shifted("age", 0.5), 10_000),
    "shift of 0.5 deviations, skewed": ("bill", shifted("bill", 0.5), 10_000),
    "new level at 1 %": ("plan", new_level("plan", 0.01), 20_000),
    "2 % more missing": ("tenure", more_missing("tenure", 0.02), 20_000),
}
"""By name the feature that changes, how, and within how many customers it should be found."""


@dataclass(frozen=True)
class Plan:
    """How many companies never change, how many customers each then has and in how many months they come; how many
    companies there are of each change, after how many customers it comes; how many customers a training has."""

    quiet_worlds: int
    quiet_customers: int
    months: float
    worlds: int
    before: int
    trained: int


def study(plan: Plan, promise: Promise, advance: Callable[[], None], seed: int = 0) -> dict[str, Any]:
    """The document of a study; `advance` is called once a company."""
    quiet = [_quiet(plan, promise, (seed, 0, world), advance) for world in range(plan.quiet_worlds)]
    return {
        "trained": plan.trained,
        "quiet": {
            "worlds": plan.quiet_worlds,
            "customers": sum(each[0] for each in quiet),
            "months": plan.months * plan.quiet_worlds,
            "false_alarms": sum(each[1] for each in quiet),
            "promised_at_most": promise.false_alarms * plan.months * plan.quiet_worlds,
        },
        "changes": {
            name: _changes(plan, promise, (seed, 1 + place), name, advance) for place, name in enumerate(CHANGES)
        },
    }


class _World:
    """A company with a trained model and the watch over it; customers come by day nine times as fast as by night."""

    def __init__(self, plan: Plan, promise: Promise, seed: tuple[int, ...]) -> None:
        self.source = numpy.random.default_rng(seed)
        self.customers = population(_POPULATION, self.source)
        trained = self.customers.take(self.source.integers(_POPULATION, size=plan.trained))
        profile, schema = _trained(trained)
        self.watch = DriftWatch("sha256:study", schema, profile, promise)
        self._moment = 1.8e9
        self._seconds = plan.months * MONTH / max(plan.quiet_customers, 1) * STEP_ROWS

    def steps(self, customers: Population, count: int) -> Iterator[Step]:
        """So many customers, drawn at random."""
        codes = numpy.stack(
            [offset + bins for offset, bins in zip(self.watch.offsets, self._bins(customers), strict=False)], axis=1
        )
        odds = log_odds(customers.probabilities)
        columns = numpy.full(len(self.watch.columns), STEP_ROWS)
        for _ in range(0, count, STEP_ROWS):
            places = self.source.integers(len(codes), size=STEP_ROWS)
            counts = numpy.bincount(codes[places].ravel(), minlength=self.watch.offsets[-1])
            began, self._moment = self._moment, self._moment + self._seconds / self._speed()
            yield Step(counts, columns, float(odds[places].sum()), STEP_ROWS, STEP_ROWS, began, self._moment)

    def _speed(self) -> float:
        """How fast customers come at this time of day; 1 in the mean of a day."""
        return float(1.0 + 0.8 * numpy.cos(2.0 * numpy.pi * self._moment / DAY))

    def _bins(self, customers: Population) -> Iterator[numpy.ndarray]:
        for column in self.watch.columns:
            if not column.profile.category:
                answers = customers.probabilities if column.name == SCORE else customers.numbers[column.name]
                yield number_bins(column.profile, answers)
            elif column.name == SEGMENT:
                yield category_bins(column.profile, _words(customers.segments), column.known)
            else:
                yield category_bins(column.profile, customers.texts(column.name), column.known)


def _quiet(plan: Plan, promise: Promise, seed: tuple[int, ...], advance: Callable[[], None]) -> tuple[int, int]:
    """Customers and alarms of a company that never changes."""
    world, alarms = _World(plan, promise, seed), 0
    for step in world.steps(world.customers, plan.quiet_customers):
        world.watch.look(step, numpy.inf)
        alarms += sum(drift.times for drift in world.watch.state.drifts.values())
        world.watch.state.drifts.clear()
    advance()
    return world.watch.state.customers, alarms


def _changes(
    plan: Plan, promise: Promise, seed: tuple[int, ...], name: str, advance: Callable[[], None]
) -> dict[str, Any]:
    feature, _, within = CHANGES[name]
    found = []
    for world in range(plan.worlds):
        found.append(_change(_World(plan, promise, (*seed, world)), plan.before, name))
        advance()
    delays = [delay for delay, _ in found if delay is not None]
    shares = [share for _, share in found if share is not None]
    return {
        "feature": feature,
        "worlds": plan.worlds,
        "within": within,
        "found": len(delays),
        "median_customers": float(numpy.median(delays)) if delays else None,
        "most_customers": max(delays, default=None),
        "median_share_of_movement": round(float(numpy.median(shares)), 3) if shares else None,
    }


def _change(world: _World, before: int, name: str) -> tuple[int | None, float | None]:
    """After how many customers a change was found in its feature, and the feature's share of the answers' movement
    after all of them; None where it was not."""
    (feature, change, within), watch = CHANGES[name], world.watch
    for step in world.steps(world.customers, before):
        watch.look(step, numpy.inf)
    watch.state.drifts.clear()
    delay, since = None, watch.state.until + 1e-6
    for place, step in enumerate(world.steps(change(world.customers, world.source), within)):
        began = watch.look(step, numpy.inf)
        if delay is None and feature in {drift.column for drift in began}:
            delay = (place + 1) * STEP_ROWS
    movement = movement_of(watch.columns, watch.offsets, watch.profile, watch.state.recent, since)
    return delay, movement.share_of(feature)


def _trained(customers: Population) -> tuple[TrainingProfile, Schema]:
    """As a training makes it, of the company's own model; the first customers are those held out."""
    answered, held_out = customers.probabilities, max(int(_HELD_OUT * len(customers.probabilities)), 1)
    features: dict[str, ColumnProfile] = {name: number_profile(customers.numbers[name]) for name in NUMBERS}
    bins = {name: number_bins(features[name], customers.numbers[name]) for name in NUMBERS}
    learnt: dict[str, list[str]] = {}
    for name in CATEGORIES:
        texts = customers.texts(name)
        fitted = texts.slice(held_out)
        learnt[name] = sorted(fitted.drop_null().unique().to_pylist())
        each_alone = numpy.arange(len(fitted))
        features[name], bins[name] = category_profile_apart(texts, learnt[name], held_out, each_alone)
    odds = log_odds(answered)
    effects = effects_of(features, bins, odds)
    score = number_profile(answered[:held_out])
    places = number_bins(score, answered)
    profile = TrainingProfile(
        {name: msgspec.structs.replace(each, effects=effects[name]) for name, each in features.items()},
        counted_apart(score, places[:held_out], places[held_out:]),
        answer_profile(_words(customers.segments)),
        1.0,
        float(odds[:held_out].mean()),
        float(odds[:held_out].std()),
    )
    return profile, schema_of_study(learnt)


def _words(segments: numpy.ndarray) -> pyarrow.Array:
    return pyarrow.array(segments).cast(pyarrow.string())
