"""A training table of what was predicted and what happened: customers as they were when they were answered, and whether
they left within the label's time after it.

Nobody is in it who was answered too late for that time to be over, of whom nothing is known, or whom a campaign has
touched; of each customer one row a month, always under the same name, so that no split divides them. It must not know
how a model is made of it, nor where it is kept.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from churn_data.customer_ids import pseudonym_start
from churn_data.errors import DataError
from churn_model.errors import UseCaseError
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.usecase import UseCase
from churn_monitoring.outcomes.answers import answer_names
from churn_monitoring.outcomes.arms import CONTROL, NOBODY, read_arms
from churn_monitoring.outcomes.database import Database, Limits
from churn_monitoring.outcomes.local_tables import local_tables
from churn_monitoring.outcomes.question import DAYS_OF, MOST_HORIZON, MOST_MONTHS, Question, days_before, window_days_of
from churn_monitoring.outcomes.statements import make_statements, statement_names
from churn_monitoring.outcomes.units import known_until, make_outcomes
from churn_monitoring.outcomes.window_rows import (
    Columns,
    Found,
    choose_rows,
    columns_never_kept,
    count_rows,
    write_rows,
)
from churn_monitoring.prediction_log.store import Store

STATES = {
    "used": "are in the window",
    "again": "came later in the same month of the same customer",
    "nameless": "came without an id",
    "pending": "are too late: the label's time after them is not over",
    "unlabelled": "are of customers of whom nothing is known",
    "after_leaving": "came after their customers had left",
    "unseen": "are of customers who were not seen until the label's time was over",
    "unkept": "are of models whose features the log has not kept",
    "treated": "are of customers whom a campaign has touched",
    "other_key": "are of customers under another key of pseudonyms than most",
}
"""What becomes of the answers of a window's days, each in one of these."""


class Touched(NamedTuple):
    """Files that say who was dealt to what (plans of campaigns, assignments of experiments), and the keys that their
    customers are hashed by."""

    files: Sequence[Path] = ()
    keys: Sequence[PseudonymKey] = ()


_NOBODY_SAID = Touched()


@dataclass(frozen=True)
class WindowAsked:
    """The `features` that a model is made of, how many `months` of answers, the last day of which outcomes count (None:
    see `known_until`), the days within which somebody has to leave where the use case says none, and who was touched;
    nobody of these is in a window but those dealt to control or to nothing."""

    features: Sequence[str]
    months: int = 6
    as_of: date | None = None
    horizon: int | None = None
    touched: Touched = _NOBODY_SAID


@dataclass(frozen=True)
class Window:
    """What a window holds: answers of which days, as of when and within how many days somebody left; rows, customers,
    rows of leavers; the key of its customers' pseudonyms; how many answers are in each of `STATES`, and how many
    customers were touched and held out of it (None: nobody said)."""

    question: Question
    rows: int
    customers: int
    leavers: int
    key: str
    states: dict[str, int]
    touched: int | None = None
    control: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The window as plain data."""
        asks = self.question
        return {
            "first": str(asks.first), "last": str(asks.last), "as_of": str(asks.as_of), "window_days": asks.window_days,
            "rows": self.rows, "customers": self.customers, "leavers": self.leavers, "key": self.key,
            "answers": self.states, "touched": self.touched, "control": self.control,
        }  # fmt: skip

    def text(self) -> str:
        """The window for people."""
        asks, share = self.question, self.leavers / self.rows
        who = f"{self.rows:,} rows of {self.customers:,} customers, answered from {asks.first} to {asks.last}"
        left = f"{self.leavers:,} ({share:.1%}) left within {asks.window_days} days, as known on {asks.as_of}"
        lines = [f"{who}; {left}. Of the answers:"]
        lines += [f"  {count:>12,} {STATES[state]}" for state, count in self.states.items() if count]
        if self.touched is None:
            lines.append("nobody has said whom campaigns have touched (--arms): all count as if none had")
        elif not self.control:
            lines.append("nobody was held out of these campaigns: of customers such as they chose nothing is learnt")
        return "\n".join(lines)


def write_window(path: Path, usecase: UseCase, store: Store, asked: WindowAsked, limits: Limits) -> Window:
    """Write a window as a Parquet file in the use case's columns; the same log and outcomes give the same bytes.

    Raises:
        DataError: nothing is known or nobody is left to learn from, or all left or stayed; one line that says why.
        UseCaseError: the log may not keep all of the features, or there is no id or no time of the label.
        Unavailable: the store does not answer.
    """
    usecase.required_id()
    require_kept(usecase, asked.features)
    with Database(limits, str(store.root)) as database, ExitStack() as stack:
        with local_tables(store, statement_names(store, usecase.name)) as said:
            make_statements(database, said)
        make_outcomes(database)
        asks = _question(database, usecase, asked)
        touched = _make_touched(database, usecase, asked.touched)
        names = [name for name, _ in answer_names(store, usecase.name, asks.first, asks.last)]
        files = stack.enter_context(local_tables(store, names))
        if not files:
            raise DataError(str(store.root), f"no answer of {usecase.name} from {asks.first} to {asks.last} is there")
        lost = columns_never_kept(database, files, asked.features)
        if lost:
            problem = f"no model's answers from {asks.first} to {asks.last} have kept all features; missing: "
            raise DataError(str(store.root), problem + ", ".join(lost))
        choose_rows(database, files, asks)
        found = count_rows(database)
        _require_both(store, usecase, asks, found)
        write_rows(database, files, Columns(usecase, asked.features, pseudonym_start(found.key)), path)
    states = {state: found.states.get(state, 0) for state in STATES}
    control = touched[1] if touched else None
    return Window(asks, found.rows, found.customers, found.leavers, found.key, states, touched and touched[0], control)


def require_kept(usecase: UseCase, features: Sequence[str]) -> None:
    """Refuse features of which the log may hold no value, or not the one that customers have.

    Raises:
        UseCaseError: names them.
    """
    allowed = set(usecase.prediction_log.features)
    lost = [name for name in features if name not in allowed]
    if lost:
        raise UseCaseError(
            f"use case {usecase.name}: a window needs every feature of the model in the prediction log, and "
            f"`prediction_log.features` does not allow {', '.join(lost)}"
        )
    dates = [each.name for each in usecase.features if each.type == "date" and each.name in features]
    if dates:
        problem = "of dates the prediction log keeps days before a snapshot, of which no window can be made"
        raise UseCaseError(f"use case {usecase.name}: {problem}: {', '.join(dates)}")


def _question(database: Database, usecase: UseCase, asked: WindowAsked) -> Question:
    """The last days of whose answers the label's time is over, as many months of them as are asked for."""
    days = window_days_of(usecase, asked.horizon)
    if days > MOST_HORIZON:
        raise DataError("--horizon", f"is {days} days, more than {MOST_HORIZON}")
    if not 1 <= asked.months <= MOST_MONTHS:
        raise DataError("--months", f"is {asked.months}, a number from 1 to {MOST_MONTHS} was expected")
    seen_from = asked.as_of or known_until(database)
    if seen_from is None:
        raise DataError(f"use case {usecase.name}", "no outcome is known yet: churn outcomes load LABELS")
    last = days_before(seen_from, days)
    first = days_before(seen_from, days + round(asked.months * DAYS_OF["month"]) - 1)
    return Question(first, last, days, seen_from, usecase.window_months is None)


def _make_touched(database: Database, usecase: UseCase, said: Touched) -> tuple[int, int] | None:
    """The table ``touched`` of `customer` and whether one is of a control group alone; returns how many customers were
    touched and how many were dealt to control and nothing else, None where no file says so."""
    database.run("CREATE TABLE touched (customer BLOB, key VARCHAR, control BOOLEAN)")
    for file in said.files:
        read_arms(file, usecase, said.keys, database)
        database.run(f"INSERT INTO touched SELECT customer, '', arm = '{CONTROL}' FROM arms WHERE arm <> '{NOBODY}'")
        database.run("DROP TABLE arms")
    if not said.files:
        return None
    (touched, control) = database.row(
        "SELECT count(*) FILTER (WHERE NOT control), count(*) FILTER (WHERE control) "
        "FROM (SELECT customer, bool_and(control) AS control FROM touched GROUP BY customer)"
    )
    keys = max(1, len(said.keys))  # who has a pseudonym by each counts once
    return touched // keys, control // keys


def _require_both(store: Store, usecase: UseCase, asks: Question, found: Found) -> None:
    """Refuse what nothing can be learnt from."""
    days = f"{asks.first} to {asks.last}"
    if not found.rows:
        told = ", ".join(f"{count:,} {STATES[state]}" for state, count in found.states.items() if count)
        raise DataError(str(store.root), f"nothing to learn from {usecase.name}'s answers of {days}: {told}")
    if found.leavers in (0, found.rows):
        who = "left" if found.leavers else "stayed"
        problem = f"all {found.customers:,} customers of {days} {who}, some who left and some who stayed are needed"
        raise DataError(str(store.root), problem)
