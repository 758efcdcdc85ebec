"""What is judged: of each customer the first answer of each model in the period whose outcome is known.

One a customer, so that who asks often counts no more than others and intervals for independent customers hold. All
answers are read once, joined with what holds of customers, and grouped by two numbers; whatever is not judged falls
into a group for its state, so that what a group carries is carried for judged customers alone. It must not know how
answers are judged.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from churn_monitoring.outcomes.columns import Features, Words
from churn_monitoring.outcomes.database import Database, name, parquet
from churn_monitoring.outcomes.days import day_of, number_of
from churn_monitoring.outcomes.packing import Field, Word, words_of
from churn_monitoring.outcomes.question import Question
from churn_monitoring.outcomes.statements import holds

SCORE_UNITS = 2**40
"""Scores are counted in these parts of 1: sums of whole numbers do not depend on the order in which they are made."""
STATES = ("nameless", "pending", "unlabelled", "after_leaving", "unseen", "known")
"""What an answer is: of nobody (no id was sent); its window is not over; nothing is known of the customer; the customer
was known to have left before; was seen, but not until the window's end; or its outcome is known."""
_KNOWN = STATES.index("known")
_SEGMENTS = 2**16
_DAY = 86_400_000_000
_TIES = 2**18
_ONE_IN = 10
"""Of so many who stayed one has to be seen on a day or later for outcomes to be known until that day."""


def make_outcomes(database: Database) -> None:
    """The table ``outcomes`` of ``statements``: `place` (a number of the customer's own), `customer`, `churned`,
    `day`."""
    database.run(
        f"CREATE TABLE outcomes AS SELECT (row_number() OVER ())::INTEGER AS place, * FROM ({holds('statements')})"
    )


def make_units(database: Database, files: Sequence[Path], features: Features, words: Words, question: Question) -> None:
    """The table ``units``. A row for each `place` and `model` (its number among ``words``) has how many `answers` are
    known, and of the first of them `score`, `churned`, `segment`, `action`, `expected`, `value` (NaN: not known) and
    the groups, `group_0` and so on, as numbers of their words. Other answers have one row for each model and `state`,
    without a `place` and with nothing else that means anything."""
    missing = "'NaN'::DOUBLE"
    fields = (
        Field("score", f"round(churn_probability * {SCORE_UNITS})::BIGINT", SCORE_UNITS + 1),
        Field("churned", f"coalesce(churned AND day <= answered_on + {question.window_days}, false)::BIGINT", 2),
        Field("segment", f"coalesce(segment, 0)::BIGINT + {_SEGMENTS // 2}", _SEGMENTS),
        *words.fields(features),
    )
    packed = words_of(fields)
    carried = {
        **{f"word_{place}": word.packed for place, word in enumerate(packed)},
        "expected": f"coalesce(expected_value, {missing})",
        "value": f"coalesce(TRY_CAST({name(features.value)} AS DOUBLE), {missing})" if features.value else missing,
    }
    taken = ", ".join(f"arg_min({each}, moment) AS {each}" for each in carried)
    given = ", ".join(f"{expression} AS {each}" for each, expression in carried.items())
    database.run(
        f"""CREATE TABLE units AS
        SELECT CASE WHEN unit >= 0 THEN unit END AS place, CASE WHEN unit < 0 THEN -1 - unit ELSE {_KNOWN} END AS state,
            model, answers, {_unpacked(packed)}, expected, value
        FROM (
            SELECT unit, model, count(*) AS answers, {taken} FROM (
                SELECT CASE WHEN state = {_KNOWN} THEN place ELSE -1 - state END AS unit, * FROM (
                    SELECT place, {words.model} AS model, {state_of(question)} AS state, {given},
                        (epoch_us(time) - {number_of(question.first) * _DAY}) * {_TIES} + "position" % {_TIES} AS moment
                    FROM (SELECT *, (epoch_us(time) // {_DAY})::INTEGER AS answered_on FROM {parquet(files)}) AS answers
                    LEFT JOIN outcomes ON answers.customer = outcomes.customer
                )
            ) GROUP BY unit, model
        )"""
    )


def _unpacked(packed: Sequence[Word]) -> str:
    kinds = {"score": "BIGINT", "churned": "TINYINT", "segment": "INTEGER"}
    shifts = {"segment": f" - {_SEGMENTS // 2}"}
    found = [each for place, word in enumerate(packed) for each in word.unpacked(f"word_{place}")]
    return ", ".join(
        f"({expression}{shifts.get(column, '')})::{kinds.get(column, 'INTEGER')} AS {column}"
        for column, expression in found
    )


def corrected_customers(database: Database) -> int:
    """How many customers among the units somebody has contradicted: they left on two days, or were seen on the day on
    which they left or later."""
    several = database.row("SELECT (SELECT count(*) FROM statements) > (SELECT count(*) FROM outcomes)")
    if several == (False,):  # nobody was spoken of twice, which is told sooner than who was
        return 0
    database.run(
        """CREATE TABLE contradicted AS SELECT customer FROM statements
        WHERE customer IN (SELECT customer FROM statements WHERE churned) GROUP BY customer
        HAVING min(day) FILTER (WHERE churned) < max(day) FILTER (WHERE churned)
            OR min(day) FILTER (WHERE churned) <= max(day) FILTER (WHERE NOT churned)"""
    )
    (customers,) = database.row(
        "SELECT count(DISTINCT place) FROM units WHERE place IN "
        "(SELECT place FROM outcomes JOIN contradicted USING (customer))"
    )
    return int(customers)


def known_until(database: Database) -> date | None:
    """The last day until which one in ten of those who stayed were seen, and where nobody was, the last of leaving:
    leavers are known sooner, and where nothing is known but them everybody seems to leave. For the same reason one
    customer who was seen later than all others does not speak for them."""
    (last,) = database.row(
        f"""SELECT coalesce(max(day) FILTER (WHERE seen * {_ONE_IN} >= stayed), (SELECT max(day) FROM outcomes)) FROM (
            SELECT day, sum(count(*)) OVER (ORDER BY day DESC) AS seen, sum(count(*)) OVER () AS stayed
            FROM outcomes WHERE NOT churned GROUP BY day)"""
    )
    return None if last is None else day_of(last)


def state_of(question: Question) -> str:
    """The place among `STATES` of an answer as SQL: of ``answers`` with `answered_on`, joined with ``outcomes``."""
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
