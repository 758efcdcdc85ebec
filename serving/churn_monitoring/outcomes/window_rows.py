"""The rows of a training window, found in two passes over the answers: who is in it by few narrow columns, then these
rows' features.

What does not fit into memory goes to disk, since a group carries nothing but numbers. It must not know what is asked
for, nor why.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow
import pyarrow.parquet

from churn_data.snapshots import is_date
from churn_model.usecase import UseCase
from churn_monitoring.outcomes.database import Database, name, parquet, text
from churn_monitoring.outcomes.days import number_of
from churn_monitoring.outcomes.question import DAYS_OF, Question
from churn_monitoring.outcomes.units import STATES, state_of
from churn_monitoring.prediction_log.tables import FEATURE

_DAY = 86_400_000_000
_KNOWN = STATES.index("known")
_ROWS = 100_000
"""Rows of a row group, which is what is held in memory while a window is written."""


class Found(NamedTuple):
    """Rows, their customers, rows of leavers, the key of pseudonyms, and answers by what became of them."""

    rows: int
    customers: int
    leavers: int
    key: str
    states: dict[str, int]


class Columns(NamedTuple):
    """What is written: a use case's columns, of these features, and what stands before the hexadecimal digits of a
    customer's pseudonym."""

    usecase: UseCase
    features: Sequence[str]
    start: str


def columns_never_kept(database: Database, files: Sequence[Path], features: Sequence[str]) -> list[str]:
    """Make the table ``kept``: the digests of models of whose features each has a value in some answer, for what a
    model may keep is part of its package. Returns, where there is no such model, the features without a value.

    Raises:
        DataError: a file is no table of the log.
    """
    source = parquet(files)
    columns = {row[0] for row in database.rows(f"DESCRIBE SELECT * FROM {source}")}
    absent = [feature for feature in features if f"{FEATURE}{feature}" not in columns]
    if absent:
        return absent
    counts = ", ".join(f"count({name(FEATURE + feature)})" for feature in features)
    found = database.rows(f"SELECT digest, {counts} FROM {source} GROUP BY digest")
    whole = [digest for digest, *counted in found if all(counted)]
    listed = ", ".join(f"({text(digest)})" for digest in whole)
    database.run(f"CREATE TABLE kept AS SELECT * FROM (VALUES {listed or '(NULL)'}) AS k (digest)")
    if whole:
        return []
    never = [feature for place, feature in enumerate(features, 1) if not any(row[place] for row in found)]
    return never or list(features)


def choose_rows(database: Database, files: Sequence[Path], asks: Question) -> None:
    """Make the tables ``months`` (of each `customer`, `key` and `month`, counted back from the last day, the `moment`
    of the first answer whose outcome is known, and how many `answers` there are) and ``grouped`` (these and `answers`
    of each other `state`). The tables ``outcomes``, ``kept`` and ``touched`` are there."""
    last = number_of(asks.last)
    unfit = f"""CASE WHEN state <> {_KNOWN} THEN state WHEN NOT is_kept THEN {_KNOWN + 1}
        WHEN is_touched THEN {_KNOWN + 2} ELSE {_KNOWN} END"""
    database.run(
        f"""CREATE TABLE grouped AS
        SELECT state, customer, key, month, min(moment) AS moment, count(*) AS answers FROM (
            SELECT unfit AS state, moment,
                CASE WHEN unfit = {_KNOWN} THEN customer END AS customer,
                CASE WHEN unfit = {_KNOWN} THEN key END AS key,
                CASE WHEN unfit = {_KNOWN} THEN floor(({last} - answered_on) / {DAYS_OF["month"]})::INTEGER END AS month
            FROM (SELECT *, {unfit} AS unfit FROM (
                SELECT answers.customer, answers.key, answered_on, moment, {state_of(asks)} AS state,
                    answers.digest IN (SELECT digest FROM kept) AS is_kept,
                    answers.customer IN (SELECT customer FROM touched WHERE NOT control) AS is_touched
                FROM (
                    SELECT customer, key, digest, epoch_us(time) AS moment,
                        (epoch_us(time) // {_DAY})::INTEGER AS answered_on
                    FROM {parquet(files)}
                ) AS answers LEFT JOIN outcomes ON answers.customer = outcomes.customer))
        ) GROUP BY ALL"""
    )
    database.run(
        f"""CREATE TABLE months AS SELECT customer, key, month, moment, answers, day,
            coalesce(churned AND day <= moment // {_DAY} + {asks.window_days}, false) AS churned
        FROM grouped JOIN outcomes USING (customer) WHERE state = {_KNOWN}"""
    )


def count_rows(database: Database) -> Found:
    """Count what was chosen, and keep the rows of one key alone: nothing that is kept links a customer's pseudonyms by
    two, so they could stand on both sides of a split."""
    named = (*STATES[:_KNOWN], "used", "unkept", "treated")
    states = {named[state]: answers for state, answers in database.rows(
        "SELECT state, sum(answers)::BIGINT FROM grouped GROUP BY state ORDER BY state")}  # fmt: skip
    keys = database.rows("SELECT key, count(*), sum(answers)::BIGINT FROM months GROUP BY key ORDER BY 2 DESC, 1 DESC")
    if not keys:
        return Found(0, 0, 0, "", states)
    key, rows, answers = keys[0]
    database.run(f"DELETE FROM months WHERE key <> {text(key)}")
    customers, leavers = database.row("SELECT count(DISTINCT customer), count(*) FILTER (WHERE churned) FROM months")
    others = sum(row[2] for row in keys[1:])
    states |= {"used": rows, "again": answers - rows, "other_key": others}
    return Found(rows, customers, leavers, key, states)


def write_rows(database: Database, files: Sequence[Path], columns: Columns, path: Path) -> None:
    """Write the rows of ``months`` as a Parquet file, by customer and day."""
    rows = database.batches(_query(files, columns), _ROWS)
    writer: pyarrow.parquet.ParquetWriter | None = None
    try:
        for table in rows:
            if writer is None:
                writer = pyarrow.parquet.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table, row_group_size=_ROWS)
    finally:
        if writer is not None:
            writer.close()


def _query(files: Sequence[Path], asked: Columns) -> str:
    usecase, features, start = asked
    columns = {usecase.required_id(): f"{text(start)} || lower(hex(chosen.customer))"}
    rule = usecase.time
    if rule is not None and rule.snapshot and not is_date(rule.snapshot):
        columns[rule.snapshot] = "strftime(make_timestamp(moment), '%Y-%m-%d')"
    columns |= {feature: f"answers.{name(FEATURE + feature)}" for feature in features}
    left, stayed = usecase.label.written("")
    day = "strftime(DATE '1970-01-01' + day::INTEGER, '%Y-%m-%d')"
    left = day if usecase.label.is_date else text(left)
    columns[usecase.label.column] = f"CASE WHEN churned THEN {left} ELSE {text(stayed)} END"
    listed = ", ".join(f"{expression} AS {name(column)}" for column, expression in columns.items())
    # Two answers of one microsecond are told apart by the order in which they were written.
    return f"""SELECT {listed} FROM {parquet(files)} AS answers JOIN months AS chosen
            ON answers.customer = chosen.customer AND answers.key = chosen.key
            AND epoch_us(answers.time) = chosen.moment
        WHERE digest IN (SELECT digest FROM kept)
        QUALIFY row_number() OVER (
            PARTITION BY chosen.customer, moment ORDER BY "position", instance, sequence) = 1
        ORDER BY chosen.customer, moment"""
