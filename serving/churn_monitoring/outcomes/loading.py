"""A file of labels becomes statements in the store: what adds to what is known is kept, the rest counted.

All is read and compared before anything is written, so that a file that is refused leaves nothing; stopped half-way
through writing, the same command finishes it, for what is there already adds nothing. It must not know what the labels
are for.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.usecase import UseCase
from churn_monitoring.outcomes.database import Database, Limits, text
from churn_monitoring.outcomes.days import day_of, number_of
from churn_monitoring.outcomes.findings import NAMED_ROWS, TROUBLES, Finding, Loaded
from churn_monitoring.outcomes.first_answers import find_first_answers
from churn_monitoring.outcomes.labels import SAID, LabelColumns, read_labels
from churn_monitoring.outcomes.local_tables import local_tables
from churn_monitoring.outcomes.statements import (
    holds,
    keep_statements,
    last_said,
    make_statements,
    statement_names,
)
from churn_monitoring.prediction_log.store import Store

_PART_ROWS = 1_000_000
_MICROSECONDS = 1_000_000
# What one customer's file says (`churned`, `day`) beside what is known (`was`, `was_day`); see `holds`.
_KIND = """CASE
    WHEN was IS NULL THEN 'new'
    WHEN churned AND was THEN CASE WHEN day = was_day THEN 'repeated' ELSE 'corrected' END
    WHEN churned THEN CASE WHEN day > was_day THEN 'extended' ELSE 'corrected' END
    WHEN was THEN CASE WHEN day >= was_day THEN 'corrected' ELSE 'repeated' END
    ELSE CASE WHEN day > was_day THEN 'extended' ELSE 'repeated' END END"""
_CONDITIONS = {
    "new": "kind = 'new'",
    "extended": "kind = 'extended'",
    "repeated": "kind = 'repeated'",
    "corrected": "kind = 'corrected'",
    "late": "kind <> 'repeated' AND day < watermark",
    "twice": "lines > 1 AND NOT contradicts",
    "contradicting": "contradicts",
    "unknown": "first_answer IS NULL",
    "before_prediction": "day < first_answer",
}


def load_labels(
    path: Path,
    usecase: UseCase,
    columns: LabelColumns,
    keys: Sequence[PseudonymKey],
    store: Store,
    limits: Limits,
    *,
    clock: Callable[[], float] = time.time,
) -> Loaded:
    """Load a file of labels.

    Args:
        path: of the labels, see :func:`~churn_monitoring.outcomes.labels.read_labels`.
        usecase: whose customers they are.
        columns: where the day of an outcome stands.
        keys: of pseudonyms, all that are known, the newest last.
        store: of the prediction log.
        limits: of the database that compares.
        clock: seconds since 1970; one that is set back changes nothing about which statement is the last.

    Raises:
        DataError: one line that names file, column and row; nothing is written then.
        Unavailable: the store does not answer.
    """
    with Database(limits, str(store.root)) as database:
        read = read_labels(path, usecase, columns, keys, database)
        names = statement_names(store, usecase.name)
        _compare(database, store, names)
        looked = find_first_answers(database, store, usecase.name, datetime.fromtimestamp(clock(), UTC).date())
        database.run(
            "CREATE TABLE customers AS SELECT c.*, a.day AS first_answer FROM compared AS c "
            "LEFT JOIN answered AS a ON c.line = a.line"
        )
        said = max(round(clock() * _MICROSECONDS), last_said(names) + 1)
        findings = {kind: _finding(database, kind, condition) for kind, condition in _CONDITIONS.items()}
        (customers,) = database.row("SELECT count(*) FROM customers")
        kept = _keep(database, store, usecase.name, [key.id for key in keys], said)
    return Loaded(read.rows, read.empty, customers, kept, findings, looked)


def _compare(database: Database, store: Store, names: Sequence[str]) -> None:
    """The table ``customers``, one row each, named by `line`, their last in the file; and ``pseudonyms`` of each."""
    with local_tables(store, names) as files:
        make_statements(database, files)
    database.run(f"CREATE TABLE known AS {holds('statements')}")
    database.run(f"CREATE TABLE ordered AS SELECT *, line AS place FROM {SAID}")
    database.run(f"CREATE TABLE file_says AS {holds('ordered')}")
    database.run(
        f"""CREATE TABLE pseudonyms AS SELECT customer, max(line) AS line, any_value(key) AS key, count(*) AS lines,
        count(DISTINCT day) FILTER (WHERE churned) > 1
            OR coalesce(min(day) FILTER (WHERE churned) <= max(day) FILTER (WHERE NOT churned), false) AS contradicts
        FROM {SAID} GROUP BY customer"""
    )
    database.run(
        f"""CREATE TABLE compared AS SELECT *, {_KIND} AS kind FROM (
            SELECT p.line, any_value(p.lines) AS lines, any_value(p.contradicts) AS contradicts,
                any_value(f.churned) AS churned, any_value(f.day) AS day,
                arg_max(k.churned, p.key) AS was, arg_max(k.day, p.key) AS was_day,
                (SELECT max(day) FROM statements) AS watermark
            FROM pseudonyms AS p JOIN file_says AS f USING (customer) LEFT JOIN known AS k USING (customer)
            GROUP BY p.line)"""
    )


def _finding(database: Database, kind: str, condition: str) -> Finding:
    (count,) = database.row(f"SELECT count(*) FROM customers WHERE {condition}")
    if kind not in TROUBLES or not count:
        return Finding(count)
    rows = database.rows(f"SELECT line FROM customers WHERE {condition} ORDER BY line LIMIT {NAMED_ROWS}")
    return Finding(count, tuple(row for (row,) in rows))


def _keep(database: Database, store: Store, usecase: str, keys: Sequence[str], said: int) -> int:
    """Write what is not known yet, month by month, each pseudonym of a customer."""
    named = ", ".join(f"({place}, {text(key)})" for place, key in enumerate(keys))
    database.run(
        f"""CREATE TABLE kept AS SELECT p.customer, n.name AS key, c.churned, c.day::INTEGER AS day
        FROM pseudonyms AS p JOIN customers AS c USING (line) JOIN (VALUES {named}) AS n (key, name) ON p.key = n.key
        WHERE c.kind <> 'repeated'"""
    )
    kept = 0
    for month in sorted({day_of(day).replace(day=1) for (day,) in database.rows("SELECT DISTINCT day FROM kept")}):
        first, following = number_of(month), number_of((month + timedelta(days=31)).replace(day=1))
        rows = database.batches(
            "SELECT customer, key, churned, DATE '1970-01-01' + day AS outcome_on FROM kept "
            f"WHERE day >= {first} AND day < {following} ORDER BY customer",
            _PART_ROWS,
        )
        for part, table in enumerate(rows):
            kept += keep_statements(store, usecase, first, part, said, table)
    return kept
