"""Units counted by model and slice (all, a segment, a level of a group) and by score, so finely that what is left out
can be stated.

It must not know what is made of the counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy

from churn_model.profit import Tally
from churn_model.spelling import canonical
from churn_monitoring.outcomes.database import Database, hashed, parquet
from churn_monitoring.outcomes.units import SCORE_UNITS, STATES, Features, group_column

BINS = 2**16
"""Scores in the same of so many equal parts of 0 to 1 count as equal, at their mean."""
MOST_LEVELS = 30
OTHERS, MISSING = "others", "missing"
ALL, SEGMENT = "all", "segment"


class Model(NamedTuple):
    """A model that answered."""

    digest: str
    name: str
    version: str


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


class Words(NamedTuple):
    """What hashes mean: models, actions, and for each group its levels, of which two spellings may be one."""

    models: dict[int, Model]
    actions: dict[int, str | None]
    levels: tuple[dict[int, str], ...]


class Dimension(NamedTuple):
    """A way to slice: its kind and the SQL of its level as a number, and what the numbers mean, unless they say it
    themselves."""

    kind: str
    level: str
    names: dict[int, str]

    def name(self, number: int) -> str:
        """What a level is called."""
        return self.names.get(number, str(number))


def read_words(database: Database, files: Sequence[Path], features: Features) -> Words:
    """The words of the columns whose hashes the units have."""
    source, digest, action = parquet(files), hashed("digest"), hashed("action")
    models = database.rows(f"SELECT {digest}, digest, any_value(model), any_value(version) FROM {source} GROUP BY ALL")
    actions = database.rows(f"SELECT DISTINCT {action}, action FROM {source}")
    levels = tuple(_levels(database, source, group) for group in features.groups)
    return Words({number: Model(*rest) for number, *rest in models}, dict(actions), levels)


def _levels(database: Database, source: str, group: str) -> dict[int, str]:
    text = group_column(group)
    rows = database.rows(
        f"SELECT {hashed(text)}, {text}, count(*) FROM {source} GROUP BY ALL ORDER BY 3 DESC, 2 LIMIT {MOST_LEVELS}"
    )
    return {number: canonical(level) or MISSING for number, level, _ in rows}


def dimensions(features: Features, words: Words) -> list[Dimension]:
    """The ways to slice."""
    whole, segment = Dimension(ALL, "0::BIGINT", {0: ""}), Dimension(SEGMENT, "segment::BIGINT", {0: MISSING})
    groups = enumerate(zip(features.groups, words.levels, strict=True))
    return [whole, segment, *(_group(group, f"group_{place}", levels) for place, (group, levels) in groups)]


def _group(group: str, column: str, levels: Mapping[int, str]) -> Dimension:
    """A level is a number of its name: two spellings of one, and a level called as the rest is, are one slice."""
    names = list(dict.fromkeys((OTHERS, *levels.values())))
    cases = " ".join(f"WHEN {number} THEN {names.index(level)}" for number, level in levels.items())
    return Dimension(group, f"(CASE {column} {cases} ELSE 0 END)::BIGINT", dict(enumerate(names)))


def states(database: Database, words: Words) -> dict[Model, dict[str, int]]:
    """How many answers of each model are in each state."""
    sums = ", ".join(f"sum({state})::BIGINT" for state in STATES)
    rows = database.rows(f"SELECT model, {sums} FROM units GROUP BY model")
    return {words.models[number]: dict(zip(STATES, counts, strict=True)) for number, *counts in rows}


def tallies(database: Database, words: Words, by: Dimension) -> Iterator[tuple[Model, str, Tally]]:
    """Leavers and stayers by score of each model and level."""
    found = database.arrays(
        f"""SELECT model, {by.level} AS level, least(score // {SCORE_UNITS // BINS}, {BINS - 1}) AS bin,
        count(*) AS customers, sum(churned)::BIGINT AS leavers, sum(score)::DOUBLE / {SCORE_UNITS} AS scores
        FROM units WHERE known > 0 GROUP BY ALL ORDER BY model, level, bin DESC"""
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
        f"""SELECT model, {by.level} AS level, action, churned, count(*), count(*) {valued},
        coalesce(sum(greatest(value, 0.0)) {valued}, 0.0), coalesce(sum(greatest(value, 0.0) ** 2) {valued}, 0.0),
        coalesce(sum(expected) FILTER (WHERE NOT isnan(expected)), 0.0)
        FROM units WHERE known > 0 GROUP BY ALL"""
    )
    for model, level, action, churned, *counts in rows:
        yield words.models[model], by.name(level), Decisions(words.actions[action], bool(churned), *counts)
