"""What a first use case must know and nobody has said: label, its value for leavers, ids, what customers are worth.

Each is taken from what was given, else from a column that leaves no doubt, else asked, else refused or left out with
the options told. It must not write the use case.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from churn_data.cells import is_float
from churn_data.column_facts import ColumnFacts
from churn_data.date_columns import counted_date, date_column
from churn_data.date_spellings import says_never
from churn_data.errors import DataError, glimpse
from churn_data.identifying_columns import CUSTOMER, HOLDER, NUMBERED
from churn_data.label_meanings import asks_who_left, likely_leavers, may_ask_who_left, says_leaving, states_of
from churn_data.labels import same_label
from churn_data.money_columns import is_monthly, value_candidates
from churn_model.rules import ANY_DATE

Ask = Callable[[str, Sequence[str]], str | None]
"""Puts a question with the possible answers to a person; None where nobody answers, or there is none."""
Facts = Mapping[str, ColumnFacts]

SHOWN = 12
MOST_STATES = 20
"""Values of a column beyond which they are no states that customers can be in."""


@dataclass(frozen=True)
class Chosen:
    """A choice, and in a few words how it came about (empty: it was given); `more` are chosen with it."""

    name: str
    reason: str = ""
    more: tuple[str, ...] = ()


def unasked(_question: str, _options: Sequence[str]) -> str | None:
    """Nobody is there to answer."""
    return None


def choose_label(given: str | None, facts: Facts, file: str, ask: Ask, positive: str | None = None) -> Chosen:
    """The column that says who left; `positive` is what was said of its value for leavers.

    Raises:
        DataError: no such column, or none was given and it is not clear which.
    """
    if given is not None:
        return Chosen(_existing(given, facts, file))
    two_valued = [name for name, column in facts.items() if column.distinct == 2]  # noqa: PLR2004 - left or stayed
    likely = sorted(
        (name for name, column in facts.items() if says_leaving(column.words) and _may_say_who_left(column)),
        key=lambda name: len(facts[name].words),
    )
    # "Churn" beside "Churn Value" or "churn_probability" is the label, the others come from it.
    if len(likely) == 1 or (likely and len(facts[likely[0]].words) < len(facts[likely[1]].words)):
        return Chosen(
            likely[0], f"guessed by its name and its {'dates' if _is_date(facts[likely[0]]) else 'two values'}"
        )
    told = {name: said for name, said in ((name, _said_by_values(facts[name])) for name in facts) if said}
    if (
        not likely
        and len(told) == 1
        and not any(may_ask_who_left(facts[name].words) for name in {*two_valued} - {*told})
    ):
        return Chosen(*told.popitem())
    named = [name for name, column in facts.items() if says_leaving(column.words) and column.distinct <= MOST_STATES]
    options = likely or list(told) or [*named, *(name for name in two_valued if name not in named)]
    answer = ask("Which column says who left?", options)
    if answer is None:
        _require_both(facts, [name for name in named if not likely and not told], file)
        raise DataError(file, _unclear_label([facts[name] for name in options], positive))
    return Chosen(_existing(answer, facts, file), "as answered")


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
    raise DataError(file, problem, column=column.name)


def choose_positive(given: str | None, label: ColumnFacts, file: str, ask: Ask) -> Chosen:
    """The label's value for customers who left.

    Raises:
        DataError: it never occurs, or none was given and it is not clear which.
    """
    occurring = sorted(label.counts, key=lambda text: (-label.counts[text], text))
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


def choose_id(given: str | None, facts: Facts, label: str, file: str, ask: Ask) -> Chosen | None:
    """The column of customer ids; None where rows have none.

    Raises:
        DataError: no such column.
    """
    if given is not None:
        column = facts[_existing(given, facts, file)]
        repeats = f"{column.distinct:,} different in {column.known:,} rows: rows with the same one are one customer's"
        return Chosen(given, repeats if column.distinct < column.known else "")
    unique = [name for name, column in facts.items() if name != label and _is_unique(column)]
    named = [name for name in unique if set(facts[name].words) & (NUMBERED | HOLDER)]
    repeated = [name for name, column in facts.items() if name != label and _names_customers(column)]
    persons = [name for name in repeated if set(facts[name].words) & CUSTOMER]
    if len(persons) == 1 and named and not any(set(facts[name].words) & CUSTOMER for name in named):
        # A number of each policy, order or row beside one of the customer, whose rows stay together.
        return Chosen(persons[0], f"guessed by its name: customers have several rows, each with a {glimpse(named[0])}")
    likely = named or [name for name in unique if not repeated and not _is_moment(facts[name])]
    if likely:
        return Chosen(likely[0], "guessed: every row has another value")
    if len(repeated) == 1:
        return Chosen(repeated[0], "guessed by its name: customers have several rows")
    answer = ask("Which column holds the ids of customers (empty: none)?", repeated)
    return Chosen(_existing(answer, facts, file), "as answered") if answer else None


def choose_value(given: str | None, facts: Facts, taken: Iterable[str], file: str) -> Chosen | None:
    """The column of what a customer pays a month; None where no column says so in its name.

    Raises:
        DataError: no such column, or no numbers in it.
    """
    if given is not None:
        column = facts[_existing(given, facts, file)]
        if not column.numeric:
            shown = next(text for text in (*column.counts, "") if not is_float(text))
            raise DataError(file, f'"{glimpse(shown)}" is not a number, --value needs a number column', column=given)
        return Chosen(given)
    for name in value_candidates(facts, taken):
        if is_monthly(facts[name]):
            return Chosen(name, "guessed by its name: money, a month")
    return None


def _is_moment(column: ColumnFacts) -> bool:
    """Whether it holds dates or Unix time, which differ in every row without being anybody's id."""
    return bool(counted_date(column)) or date_column(column) is not None


def _is_unique(column: ColumnFacts) -> bool:
    """Whether every row has another value, and one that is no measurement: text or whole numbers."""
    return column.distinct == column.known == column.rows and (not column.numeric or column.whole)


def _names_customers(column: ColumnFacts) -> bool:
    """Whether it is called an id of customers and most rows share theirs with a few others."""
    words = set(column.words)
    called = bool(words & HOLDER) and (bool(words & NUMBERED) or len(words) == 1)
    return (
        called
        and column.known == column.rows
        and 1 < column.distinct < column.rows
        and column.distinct * 100 > column.rows
    )


def _existing(name: str, facts: Facts, file: str) -> str:
    if name not in facts:
        raise DataError(file, f"no such column in the header (found: {_listed(list(facts))})", column=name, row=1)
    return name


def _counted(label: ColumnFacts, occurring: Sequence[str]) -> str:
    shown = ", ".join(f'"{glimpse(text)}" ({label.counts[text]:,} rows)' for text in occurring[:SHOWN])
    return f"{shown}, …" if len(occurring) > SHOWN else shown


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(glimpse, names[:SHOWN]))
    return f"{shown}, …" if len(names) > SHOWN else shown
