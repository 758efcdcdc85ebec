"""How good answers were: a period's answers, joined with what became of customers, measured by model and slice.

It must not compute or word anything itself.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from churn_data.errors import DataError
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.usecase import UseCase
from churn_monitoring.outcomes.answers import answer_names
from churn_monitoring.outcomes.arms import Effect, effects, read_arms
from churn_monitoring.outcomes.columns import Model, Words, features_of, read_words
from churn_monitoring.outcomes.database import Database, Limits
from churn_monitoring.outcomes.local_tables import local_tables
from churn_monitoring.outcomes.measures import Quality, quality
from churn_monitoring.outcomes.money import Money, money, worth_of
from churn_monitoring.outcomes.question import Question, question
from churn_monitoring.outcomes.slices import (
    Decisions,
    Dimension,
    Slice,
    decisions,
    dimensions,
    states,
    tallies,
)
from churn_monitoring.outcomes.statements import last_said, make_statements, statement_names
from churn_monitoring.outcomes.units import corrected_customers, known_until, make_outcomes, make_units
from churn_monitoring.prediction_log.store import Store


class Measured(NamedTuple):
    """One slice of one model's customers."""

    slice: Slice
    quality: Quality
    money: Money
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class OfModel:
    """A model: how many of its answers are in each state, and its slices, all customers first (none: of no answer the
    outcome is known)."""

    model: Model
    states: dict[str, int]
    slices: tuple[Measured, ...]


@dataclass(frozen=True)
class Report:
    """All models that answered in the period, those with most answers of known outcome first. `lost_groups` are groups
    of the use case that the log has not kept. What is said later can change what is reported of the same days: the last
    of what counts here was said at `said_until`, and of `corrected` customers who are judged something was said before
    that contradicts it."""

    usecase: str
    question: Question
    models: tuple[OfModel, ...]
    lost_groups: tuple[str, ...]
    said_until: datetime
    corrected: int


class Arms(NamedTuple):
    """A file of arms and the keys that its customers are hashed by."""

    file: Path
    keys: Sequence[PseudonymKey]


@dataclass(frozen=True)
class Asked:
    """What somebody asks for: days of answers, the day as of which outcomes count (None: see `question`), arms, and the
    days within which somebody has to leave where the use case says none."""

    days: tuple[date, date] | None = None
    as_of: date | None = None
    arms: Arms | None = None
    horizon: int | None = None


@dataclass
class _Found:
    """What was counted, by model and slice."""

    decisions: dict[tuple[Model, Slice], list[Decisions]] = field(default_factory=lambda: defaultdict(list))
    effects: dict[tuple[Model, Slice], list[Effect]] = field(default_factory=lambda: defaultdict(list))
    measured: dict[Model, list[Measured]] = field(default_factory=lambda: defaultdict(list))


def report(usecase: UseCase, store: Store, asked: Asked, limits: Limits) -> Report:
    """Report on a use case's answers.

    Raises:
        DataError: nothing was answered in the period or no outcome is known; one line.
        UseCaseError: the use case has no window or no id.
        Unavailable: the store does not answer.
    """
    with Database(limits, str(store.root)) as database, ExitStack() as stack:
        statements = statement_names(store, usecase.name)
        with local_tables(store, statements) as said:
            make_statements(database, said)
        make_outcomes(database)
        asks = question(usecase, known_until(database), asked.days, asked.as_of, asked.horizon)
        names = [name for name, _ in answer_names(store, usecase.name, asks.first, asks.last)]
        files = stack.enter_context(local_tables(store, names))
        if not files:
            raise DataError(str(store.root), f"no answer of {usecase.name} from {asks.first} to {asks.last} is there")
        features = features_of(database, files, usecase)
        words = read_words(database, files, features)
        make_units(database, files, features, words, asks)
        corrected = corrected_customers(database)
        found = _Found()
        if asked.arms:
            read_arms(asked.arms.file, usecase, asked.arms.keys, database)
        for by in dimensions(features, words):
            for model, level, made in decisions(database, words, by):
                found.decisions[model, Slice(by.kind, level)].append(made)
            if asked.arms:
                for model, level, effect in effects(database, words, by):
                    found.effects[model, Slice(by.kind, level)].append(effect)
            _measure(database, words, by, found, usecase, has_values=features.value is not None)
        models = [
            OfModel(model, counts, tuple(found.measured[model])) for model, counts in states(database, words).items()
        ]
    models.sort(key=lambda each: (-each.states["known"], each.model))
    said_until = datetime.fromtimestamp(last_said(statements) // 1_000_000, UTC)
    return Report(usecase.name, asks, tuple(models), features.lost, said_until, corrected)


def _measure(
    database: Database, words: Words, by: Dimension, found: _Found, usecase: UseCase, *, has_values: bool
) -> None:
    worth = worth_of(usecase, has_values=has_values)
    for model, level, counted in tallies(database, words, by):
        part = Slice(by.kind, level)
        earned = money(counted, found.decisions[model, part], usecase, worth)
        found.measured[model].append(Measured(part, quality(counted), earned, tuple(found.effects[model, part])))
