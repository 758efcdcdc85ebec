"""What a first use case must know and nobody has said: what customers are worth; and how a choice comes about.

Each is taken from what was given, else from a column that leaves no doubt, else asked, else refused or left out with
the options told. Labels and ids have modules of their own; it must not write the use case.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from churn_data.cells import is_float
from churn_data.column_facts import ColumnFacts
from churn_data.errors import DataError, glimpse
from churn_data.money_columns import beside_money, is_monthly, value_candidates
from churn_model.plurals import counted

Ask = Callable[[str, Sequence[str]], str | None]
"""Puts a question with the possible answers to a person; None where nobody answers, or there is none."""
Facts = Mapping[str, ColumnFacts]

SHOWN = 12


@dataclass(frozen=True)
class Chosen:
    """A choice, and in a few words how it came about (empty: it was given); `more` are chosen with it."""

    name: str
    reason: str = ""
    more: tuple[str, ...] = ()


def unasked(_question: str, _options: Sequence[str]) -> str | None:
    """Nobody is there to answer."""
    return None


def choose_value(given: str | None, facts: Facts, taken: Iterable[str], file: str) -> Chosen | None:
    """The column of what a customer pays a month; None where no column says so in its name.

    Raises:
        DataError: no such column, or no numbers in it.
    """
    if given is not None:
        column = facts[existing(given, facts, file)]
        if not column.numeric:
            shown = next(text for text in (*column.counts, "") if not is_float(text))
            raise DataError(file, f'"{glimpse(shown)}" is not a number, --value needs a number column', column=given)
        return Chosen(given)
    monthly = [name for name in value_candidates(facts, taken) if is_monthly(facts[name])]
    if not monthly:
        return None
    name = min(monthly, key=lambda each: beside_money(facts[each]))
    below = facts[name].rows_below_zero
    refunded = f"; below 0 in {counted(below, 'row')}" if below else ""
    return Chosen(name, f"guessed by its name: money, a month{refunded}")


def existing(name: str, facts: Facts, file: str) -> str:
    """The name of a column that is there.

    Raises:
        DataError: it is not.
    """
    if name not in facts:
        raise DataError(file, f"no such column in the header (found: {_listed(list(facts))})", column=name, row=1)
    return name


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(glimpse, names[:SHOWN]))
    return f"{shown}, …" if len(names) > SHOWN else shown
