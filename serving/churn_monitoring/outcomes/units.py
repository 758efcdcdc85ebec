"""What is judged: of each customer the first answer of each model in the period whose outcome is known.

One a customer, so that who asks often counts no more than others and intervals for independent customers hold. All
answers are read once, joined with what holds of customers, and grouped by two numbers. It must not know how answers
are judged.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from churn_model.usecase import UseCase
from churn_monitoring.outcomes.database import Database, hashed, name, parquet
from churn_monitoring.outcomes.days import number_of
from churn_monitoring.outcomes.question import Question
from churn_monitoring.outcomes.statements import holds
from churn_monitoring.prediction_log.tables import FEATURE

SCORE_UNITS = 2**40
"""Scores are counted in these parts of 1: sums of whole numbers do not depend on the order in which they are made."""
STATES = ("nameless", "pending", "unlabelled", "after_leaving", "unseen", "known")
"""What an answer is: of nobody (no id was sent); its window is not over; nothing is known of the customer; the customer
was known to have left before; was seen, but not until the window's end; or its outcome is known."""
_DAY = 86_400_000_000
_TIES = 2**18


class Features(NamedTuple):
    """The columns of the log that a report needs and that are kept: the one of values (None: it is not), and the use
    case's groups, of which `lost` are not."""

    value: str | None
    groups: tuple[str, ...]
    lost: tuple[str, ...]


def features_of(database: Database, files: Sequence[Path], usecase: UseCase) -> Features:
    """Which of a use case's columns the log has kept."""
    columns = {row[0] for row in database.rows(f"DESCRIBE SELECT * FROM {parquet(files)}")}
    value = f"{FEATURE}{usecase.value.column}" if usecase.value else ""
    return Features(
        value if value in columns else None,
        tuple(group for group in usecase.groups if f"{FEATURE}{group}" in columns),
        tuple(group for group in usecase.groups if f"{FEATURE}{group}" not in columns),
    )


def group_column(group: str) -> str:
    """The text of a group in the log as SQL writes it."""
    return f"{name(FEATURE + group)}::VARCHAR"


def make_outcomes(database: Database) -> None:
    """The table ``outcomes`` of ``statements``: `place` (a number of the customer's own), `customer`, `churned`,
    `day`."""
    database.run(
        f"CREATE TABLE outcomes AS SELECT (row_number() OVER ())::INTEGER AS place, * FROM ({holds('statements')})"
    )


def make_units(database: Database, files: Sequence[Path], features: Features, question: Question) -> None:
    """The table ``units``: for each `place` (NULL: nobody of whom anything is known) and `model` (a hash of its digest)
    how many `answers` are in each state, and of the first known one `score`, `churned`, `segment`, `action`, `expected`
    and `value` (NaN: not known) and the groups, `group_0` and so on; texts as hashes, see ``words``."""
    missing = "'NaN'::DOUBLE"
    first = {
        "score": f"round(churn_probability * {SCORE_UNITS})::BIGINT",
        "churned": f"(churned AND day <= answered_on + {question.window_days})::INTEGER",
        "segment": "coalesce(segment, 0)::INTEGER",
        "action": hashed("action"),
        "expected": f"coalesce(expected_value, {missing})",
        "value": f"coalesce(TRY_CAST({name(features.value)} AS DOUBLE), {missing})" if features.value else missing,
        **{f"group_{place}": hashed(group_column(group)) for place, group in enumerate(features.groups)},
    }  # fmt: skip
    counted = ", ".join(f"count(*) FILTER (WHERE state = {code}) AS {state}" for code, state in enumerate(STATES))
    known, model = STATES.index("known"), hashed("digest")
    taken = ", ".join(f"arg_min({name(each)}, moment) FILTER (WHERE state = {known}) AS {name(each)}" for each in first)
    given = ", ".join(f"{expression} AS {name(each)}" for each, expression in first.items())
    database.run(
        f"""CREATE TABLE units AS SELECT place, model, {counted}, {taken} FROM (
            SELECT place, {model} AS model, {_state(question)} AS state, {given},
                (epoch_us(time) - {number_of(question.first) * _DAY}) * {_TIES} + "position" % {_TIES} AS moment
            FROM (SELECT *, (epoch_us(time) // {_DAY})::INTEGER AS answered_on FROM {parquet(files)}) AS answers
            LEFT JOIN outcomes ON answers.customer = outcomes.customer
        ) GROUP BY place, model"""
    )


def _state(question: Question) -> str:
    over = f"answered_on + {question.window_days}"
    conditions = (
        "answers.customer IS NULL",
        f"{over} > {number_of(question.as_of)}",
        "place IS NULL",
        "churned AND day < answered_on",
        f"NOT churned AND day < {over}",
    )
    cases = " ".join(f"WHEN {condition} THEN {code}" for code, condition in enumerate(conditions))
    return f"CASE {cases} ELSE {len(conditions)} END"
