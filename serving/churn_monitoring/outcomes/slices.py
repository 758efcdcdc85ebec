"""Units counted by model and slice (all, a segment, a level of a group) and by score, so finely that what is left out
can be stated.

It must not know what is made of the counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy

from churn_model.profit import Tally
from churn_monitoring.outcomes.columns import MISSING, Features, Model, Words
from churn_monitoring.outcomes.database import Database
from churn_monitoring.outcomes.units import SCORE_UNITS, STATES

BINS = 2**16
"""Scores in the same of so many equal parts of 0 to 1 count as equal, at their mean."""
ALL, SEGMENT = "all", "segment"


class Slice(NamedTuple):
    """Some customers: `kind` is `all`, `segment` or the name of a group, `level` which of them (all: empty)."""

    kind: str
    level: str


@dataclass(frozen=True)
class Decisions:
    """Customers of one action (None: none was recommended, as over V2) and outcome: how many, how many of them have a
    known value and the sum and the sum of squares of these, and the sum of what was expected of the action."""

    action: str | None
    churned: bool
    customers: int
    valued: int
    values: float
    squares: float
    expected: float


class Dimension(NamedTuple):
    """A way to slice: its kind and the SQL of its level as a number, and what the numbers mean, unless they say it
    themselves."""

    kind: str
    level: str
    names: dict[int, str]

    def name(self, number: int) -> str:
        """What a level is called."""
        return self.names.get(number, str(number))


def dimensions(features: Features, words: Words) -> list[Dimension]:
    """The ways to slice."""
    whole, segment = Dimension(ALL, "0", {0: ""}), Dimension(SEGMENT, "segment", {0: MISSING})
    groups = enumerate(zip(features.groups, words.levels, strict=True))
    return [
        whole, segment,
        *(Dimension(group, f"group_{place}", dict(enumerate(levels.names))) for place, (group, levels) in groups),
    ]  # fmt: skip


def states(database: Database, words: Words) -> dict[Model, dict[str, int]]:
    """How many answers of each model are in each state."""
    rows = database.rows("SELECT model, state, sum(answers)::BIGINT FROM units GROUP BY ALL ORDER BY model")
    found = {words.models[model]: dict.fromkeys(STATES, 0) for model, _, _ in rows}
    for model, state, answers in rows:
        found[words.models[model]][STATES[state]] = answers
    return found


def tallies(database: Database, words: Words, by: Dimension) -> Iterator[tuple[Model, str, Tally]]:
    """Leavers and stayers by score of each model and level."""
    found = database.arrays(
        f"""SELECT model, {by.level}::BIGINT AS level, least(score // {SCORE_UNITS // BINS}, {BINS - 1}) AS bin,
        count(*) AS customers, sum(churned)::BIGINT AS leavers, sum(score)::DOUBLE / {SCORE_UNITS} AS scores
        FROM units WHERE place IS NOT NULL GROUP BY ALL ORDER BY model, level, bin DESC"""
    )
    keys = numpy.stack((found["model"], found["level"]))
    edges = numpy.flatnonzero((keys[:, 1:] != keys[:, :-1]).any(axis=0)) + 1
    for places in numpy.split(numpy.arange(keys.shape[1]), edges):
        if len(places):
            customers, leavers = (found[each][places].astype(float) for each in ("customers", "leavers"))
            tally = Tally(found["scores"][places] / customers, leavers, customers - leavers)
            yield words.models[int(keys[0, places[0]])], by.name(int(keys[1, places[0]])), tally


def decisions(database: Database, words: Words, by: Dimension) -> Iterator[tuple[Model, str, Decisions]]:
    """What was recommended in each model and level, and what became of it."""
    valued = "FILTER (WHERE NOT isnan(value))"
    rows = database.rows(
        f"""SELECT model, {by.level}::BIGINT AS level, action, churned, count(*), count(*) {valued},
        coalesce(sum(greatest(value, 0.0)) {valued}, 0.0), coalesce(sum(greatest(value, 0.0) ** 2) {valued}, 0.0),
        coalesce(sum(expected) FILTER (WHERE NOT isnan(expected)), 0.0)
        FROM units WHERE place IS NOT NULL GROUP BY ALL"""
    )
    for model, level, action, churned, *counts in rows:
        yield words.models[model], by.name(level), Decisions(words.actions[action], bool(churned), *counts)
