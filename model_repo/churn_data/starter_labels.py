"""Which column of a file is the label, and which of its values customers who left have, where nobody has said it.

A name speaks, else values do; columns that say the same of everybody are one. It must not write the use case, nor know
words (label_meanings.py) or read labels (labels.py).
"""

from collections.abc import Mapping, Sequence

import numpy

from churn_data.cells import Cell
from churn_data.coded_cells import CodedCells, coded
from churn_data.column_facts import ColumnFacts
from churn_data.date_columns import date_column
from churn_data.errors import DataError, glimpse
from churn_data.label_meanings import (
    asks_who_left,
    likely_leavers,
    may_ask_who_left,
    says_customers_left,
    says_leaving,
    states_of,
)
from churn_data.labels import same_label
from churn_data.notices import Notices
from churn_data.starter_choices import SHOWN, Ask, Chosen, Facts, existing
from churn_model.not_known import TOKENS, says_never
from churn_model.plurals import counted
from churn_model.rules import ANY_DATE, Label

Columns = Mapping[str, Sequence[Cell]]
WITHOUT_LABEL = "without label"
"""Kind of the notice of rows whose customers nobody says of whether they left."""
MOST_STATES = 20
"""Values of a column beyond which they are no states that customers can be in."""


def _say_the_same(one: Sequence[Cell], other: Sequence[Cell]) -> bool:
    """Whether the values of two columns go together, each with one and only one of the other, in every row."""
    codes = [coded(cells).codes.astype(numpy.int64) for cells in (one, other)]
    pairs = numpy.unique(numpy.stack(codes), axis=1)
    return all(len(numpy.unique(each)) == pairs.shape[1] for each in pairs)


def choose_label(
    given: str | None, facts: Facts, columns: Columns, file: str, ask: Ask, positive: str | None = None
) -> Chosen:
    """The column that says who left; `positive` is what was said of its value for leavers, `columns` are all cells.

    Raises:
        DataError: no such column, or none was given and it is not clear which.
    """
    if given is not None:
        return Chosen(existing(given, facts, file))
    two_valued = [name for name, column in facts.items() if column.distinct == 2]  # noqa: PLR2004 - left or stayed
    likely = sorted(
        (name for name, column in facts.items() if says_leaving(column.words) and _may_say_who_left(column)),
        key=lambda name: len(facts[name].words),
    )
    named = _by_name(likely, facts, columns)
    if named is not None:
        return named
    told = {name: said for name, said in ((name, _said_by_values(facts[name])) for name in facts) if said}
    if (
        not likely
        and len(told) == 1
        and not any(may_ask_who_left(facts[name].words) for name in {*two_valued} - {*told})
    ):
        return Chosen(*told.popitem())
    called = [] if likely or told else _called_target(two_valued, facts)
    if len(called) == 1:
        return Chosen(called[0], "guessed by its name, that of what is to be predicted")
    others = [name for name, column in facts.items() if _is_called_label(column) and column.distinct <= MOST_STATES]
    options = likely or list(told) or [*others, *(name for name in two_valued if name not in others)]
    answer = ask("Which column says who left?", options)
    if answer is None:
        customers = [name for name in others if says_customers_left(facts[name].words)]
        _require_both(facts, customers or others if not likely and not told else [], file)
        elsewhere = "" if likely or told or others else "; if another file has it, make it a column of this one first"
        raise DataError(file, f"{_unclear_label([facts[name] for name in options], positive)}{elsewhere}")
    return Chosen(existing(answer, facts, file), "as answered")


def _called_target(names: Sequence[str], facts: Facts) -> list[str]:
    """Those that are called target, label or the like; none where one of them asks who stayed, or does not say which
    value means that a customer left."""
    called = [name for name in names if may_ask_who_left(facts[name].words)]
    clear = all(likely_leavers(facts[name].words, list(facts[name].counts)) for name in called)
    return called if clear else []


def _is_called_label(column: ColumnFacts) -> bool:
    return says_leaving(column.words) or may_ask_who_left(column.words)


def _by_name(likely: Sequence[str], facts: Facts, columns: Columns) -> Chosen | None:
    """The label among columns that are called after leaving, the shortest name first; None where it is not clear.

    A name that says that customers left goes before one that says it of anything: of `is_churn` and `is_cancel` the
    first. "Churn" beside "Churn Value" or "churn_probability" is the label, the others come from it."""
    customers = [name for name in likely if says_customers_left(facts[name].words)]
    first, *others = customers or likely or [""]
    if not first:
        return None
    reason = f"guessed by its name and its {'dates' if _is_date(facts[first]) else 'two values'}"
    rivals = [name for name in others if len(facts[name].words) == len(facts[first].words)]
    if not all(_say_the_same(columns[first], columns[name]) for name in rivals):
        return None
    return Chosen(first, "; ".join([reason, *(f'"{glimpse(name)}" says the same' for name in rivals[:1])]))


def _require_both(facts: Facts, named: Sequence[str], file: str) -> None:
    """Raise where the one column that is called after leaving says the same of everybody, or nothing."""
    if len(named) != 1 or facts[named[0]].distinct > 1:
        return
    column = facts[named[0]]
    same = next(
        (f'{column.known:,} rows have the label "{glimpse(text)}"' for text in column.counts), "no row has a label"
    )
    others = f", {column.rows - column.known:,} have none" if 0 < column.known < column.rows else ""
    problem = f"{same}{others}; customers who left and who stayed are needed, or another column by --label"
    if others:
        problem += "; name this one by --label and its value by --positive if who has none stayed"
    raise DataError(file, problem, column=column.name)


def choose_positive(given: str | None, label: ColumnFacts, file: str, ask: Ask) -> Chosen:
    """The label's value for customers who left.

    Raises:
        DataError: it never occurs, nothing does, or none was given and it is not clear which.
    """
    occurring = sorted(label.counts, key=lambda text: (-label.counts[text], text))
    if not occurring:
        problem = "no row has a label; customers who left and who stayed are needed, or another column by --label"
        raise DataError(file, problem, column=label.name)
    if given is None and _is_date(label):
        return Chosen(ANY_DATE, "whoever has one left on that day, whoever has none stayed")
    if given is None:
        likely = likely_leavers(label.words, occurring)
        if len(likely) == 1 or (likely and len(likely) < len(occurring)):
            return Chosen(likely[0], "guessed", tuple(likely[1:]))
        given = ask(f"Which value of {label.name} means that a customer left?", occurring[:SHOWN])
        if given is None:
            unsure = "" if asks_who_left(label.words) else "; the column's name does not say that it is about leaving"
            occur = f"{_counted(label, occurring)} occur{unsure}"
            problem = f"which value means that a customer left? Name it by --positive; {occur}"
            raise DataError(file, problem, column=label.name)
    if given.strip().lower() == ANY_DATE and _is_date(label):
        return Chosen(ANY_DATE)
    first, *more = _as_they_occur(given, occurring, label, file)
    return Chosen(first, more=tuple(more))


def label_rule(column: str, positive: Chosen, facts: ColumnFacts, notices: Notices) -> Label:
    """The label's rule; of more than two values all that nobody called leavers' are of customers who stayed, but for
    words such as «unknown». One number among several is an amount rather than a status, if no name says otherwise."""
    if positive.name == ANY_DATE:
        return Label(column, ANY_DATE)
    leavers = (positive.name, *positive.more)
    others = tuple(text for text in facts.counts if text not in leavers and text.lower() not in TOKENS)
    if not others and facts.known < facts.rows and not positive.reason:
        return Label(column, leavers[0] if len(leavers) == 1 else leavers, "")  # somebody has named it
    is_amount = facts.numeric and len(leavers) == 1 < len(others) and not _is_called_label(facts)
    if len(others) > MOST_STATES or is_amount:
        return Label(column, positive.name)
    if len(others) + len(leavers) > 2:  # noqa: PLR2004 - left or stayed
        stayed, left = (" and ".join(f'"{glimpse(text)}"' for text in texts) for texts in (others, leavers))
        notices.tell(
            "labels", f"{left} counts as having left, {stayed} as having stayed: correct it in `label`", column
        )
    return Label(
        column, positive.name if len(leavers) == 1 else leavers, others[0] if len(others) == 1 else others or None
    )


def with_labels(
    columns: dict[str, CodedCells], rows: Sequence[int], rule: Label, notices: Notices
) -> tuple[dict[str, CodedCells], Sequence[int]]:
    """The columns and numbers of the rows that have a label, all where who has none stayed; told of those without."""
    known = columns[rule.column].known
    if "" in rule.stayers or known.all() or not known.any():
        return columns, rows
    without = numpy.flatnonzero(~known)
    has = "has" if len(without) == 1 else "have"
    text = (
        f"{counted(len(without), 'row')} {has} no label, row {rows[int(without[0])]} is the first: before training "
        'fill it in, take them out, or list "" in `label.negative` if who has none stayed'
    )
    notices.tell(WITHOUT_LABEL, text, rule.column)
    kept = numpy.flatnonzero(known)
    return {name: cells.take(kept) for name, cells in columns.items()}, [rows[place] for place in kept.tolist()]


def _said_by_values(column: ColumnFacts) -> str:
    """Why a column says who left though its name does not: by its values; empty for others."""
    if column.distinct > MOST_STATES:
        return ""
    values = sorted(column.counts, key=lambda text: (-column.counts[text], text))
    left, stayed = states_of(column.words, values)
    return f'guessed by its values: "{glimpse(left)}" beside "{glimpse(stayed)}"' if left and stayed else ""


def _unclear_label(options: Sequence[ColumnFacts], positive: str | None) -> str:
    """All that is to be said at once: the column, and where a column's value for leavers is not clear, that, too."""
    if not options:
        return "which column says who left? Name it by --label; no column has two values"
    clear = all(_is_date(each) or likely_leavers(each.words, list(each.counts)) for each in options)
    value = "" if clear or positive is not None else ", and by --positive its value for customers who left"
    columns = ", ".join(f"{glimpse(each.name)}{_values_of(each)}" for each in options[:SHOWN])
    more = ", …" if len(options) > SHOWN else ""
    found = "two values have" if all(each.distinct == 2 for each in options) else "it may be one of"  # noqa: PLR2004
    return f"which column says who left? Name it by --label{value}; {found}: {columns}{more}"


def _values_of(column: ColumnFacts) -> str:
    if column.distinct > MOST_STATES:
        return ""
    return f" ({', '.join(glimpse(text) for text in sorted(column.counts))})"


def _as_they_occur(given: str, occurring: Sequence[str], label: ColumnFacts, file: str) -> list[str]:
    """The values that were given, one or several with commas between them."""
    found = [next((text for text in occurring if same_label(text, given.strip())), "")]
    if not found[0] and "," in given:
        found = [next((text for text in occurring if same_label(text, each.strip())), "") for each in given.split(",")]
    if not all(found):
        problem = f'"{glimpse(given)}" never occurs; {_counted(label, occurring)} do'
        raise DataError(file, problem, column=label.name)
    return found


def _may_say_who_left(column: ColumnFacts) -> bool:
    return column.distinct == 2 or _is_date(column)  # noqa: PLR2004 - left or stayed


def _is_date(column: ColumnFacts) -> bool:
    """Whether some have a day and some have none."""
    some_have_none = column.known < column.rows or any(map(says_never, column.counts))
    return some_have_none and column.distinct > 2 and date_column(column) is not None  # noqa: PLR2004 - two are values


def _counted(label: ColumnFacts, occurring: Sequence[str]) -> str:
    shown = ", ".join(f'"{glimpse(text)}" ({label.counts[text]:,} rows)' for text in occurring[:SHOWN])
    return f"{shown}, …" if len(occurring) > SHOWN else shown
