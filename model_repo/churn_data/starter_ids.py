"""Which column of a file holds the ids of customers, where nobody has said it: by its values, else by its name.

It must not write the use case, nor judge ids (customer_ids.py).
"""

import re
from collections.abc import Sequence

from churn_data.column_facts import ColumnFacts
from churn_data.date_columns import counted_date, date_column
from churn_data.errors import glimpse
from churn_data.identifying_columns import CUSTOMER, HOLDER, NUMBERED, numbers_of
from churn_data.starter_choices import Ask, Chosen, Facts, existing

_OWNERS = (CUSTOMER, {"account"}, HOLDER)
"""Whose number a column may hold: the more a customer, the sooner."""
_TOGETHER = re.compile(r"(customer|client|cust|user|subscriber|member)(id|no|nr|num|number|key)")
_ROW = {"row", "rownumber", "rownum", "index", "record", "serial"}
"""Words of columns that count rows, whoever they are of."""


def choose_id(given: str | None, facts: Facts, label: str, file: str, ask: Ask) -> Chosen | None:
    """The column of customer ids; None where rows have none.

    Raises:
        DataError: no such column.
    """
    if given is not None:
        column = facts[existing(given, facts, file)]
        repeats = f"{column.distinct:,} different in {column.known:,} rows: rows with the same one are one customer's"
        return Chosen(given, repeats if column.distinct < column.known else "")
    unique = [name for name, column in facts.items() if name != label and _is_unique(column)]
    named = [name for name in unique if _is_called_id(facts[name].words)]
    repeated = [name for name, column in facts.items() if name != label and _names_customers(column)]
    gaps = [name for name, column in facts.items() if name != label and _has_gaps(column)]
    closest = min((_closeness(facts[name].words) for name in named), default=0)
    persons = [name for name in repeated if _closeness(facts[name].words) < min(closest, _may_be_other(facts[name]))]
    if len(persons) == 1:
        # A number of each policy, order or row beside one of the customer, whose rows stay together.
        return Chosen(persons[0], f"guessed by its name: customers have several rows, each with a {glimpse(named[0])}")
    likely = sorted(named, key=lambda name: _closeness(facts[name].words)) or [
        name for name in unique if not repeated and not _is_moment(facts[name])
    ]
    if likely:
        return Chosen(likely[0], "guessed: every row has another value")
    if len(gaps) == 1 and not repeated:
        return Chosen(gaps[0], "guessed by its name: every row that has one has another value")
    if len(repeated) == 1:
        return Chosen(repeated[0], "guessed by its name: customers have several rows")
    answer = ask("Which column holds the ids of customers (empty: none)?", repeated)
    return Chosen(existing(answer, facts, file), "as answered") if answer else None


def _is_called_id(words: Sequence[str]) -> bool:
    return bool({*words} & (NUMBERED | HOLDER)) or any(map(_TOGETHER.fullmatch, words))


def _closeness(words: Sequence[str]) -> int:
    """How far numbers of this name are from being the customers' own: 0 are theirs, the last count rows."""
    if any(map(_TOGETHER.fullmatch, words)):
        return 0
    owner = next((place for place, of in enumerate(_OWNERS) if numbers_of(words, of) or {*words} <= of), len(_OWNERS))
    return owner + bool(_ROW & {*words} and owner == len(_OWNERS))


def _may_be_other(column: ColumnFacts) -> int:
    """How far from the customers a column that repeats may be: «account» alone may be a kind of account."""
    return len(_OWNERS) if numbers_of(column.words) else 1


def _is_moment(column: ColumnFacts) -> bool:
    """Whether it holds dates or Unix time, which differ in every row without being anybody's id."""
    return bool(counted_date(column)) or date_column(column) is not None


def _is_unique(column: ColumnFacts) -> bool:
    """Whether every row has another value, and one that is no measurement: text or whole numbers."""
    return column.distinct == column.known == column.rows and (not column.numeric or column.whole)


def _has_gaps(column: ColumnFacts) -> bool:
    """Whether it is called an id and every row has another one, but for some that have none."""
    called = _is_called_id(column.words)
    mostly = column.rows / 2 < column.known < column.rows and column.distinct == column.known
    return called and mostly and (not column.numeric or column.whole) and not _is_moment(column)


def _names_customers(column: ColumnFacts) -> bool:
    """Whether it is called an id of customers and most rows share theirs with a few others."""
    words = set(column.words)
    called = numbers_of(column.words) or (len(words) == 1 and bool(words & (HOLDER | {"id"})))
    return (
        called
        and column.known > column.rows / 2
        and 1 < column.distinct < column.known
        and column.distinct * 100 > column.rows
    )
