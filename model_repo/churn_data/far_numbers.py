"""Numbers by which people and programs write «not known»: -999 among ages, 99999999 among incomes.

Each rule needs many rows and looks at all other numbers of the column, for a high bill, a capped limit and a balance
below zero are honest. It must not know files, or what becomes of what it finds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from churn_data.column_facts import ColumnFacts
from churn_model.plurals import counted

FEWEST_OTHERS = 10
"""Other numbers that a column must have before one is far from them, and twice as many rows as one must have then."""
FAR = 10
"""How many times as large as all others a number has to be to lie far away."""
FREQUENT, OFTEN = 0.01, 0.05
"""Share of the known values that a number has to have to be more than an extreme one, and one of nines that is not so
far away to be more than a limit."""
_LARGEST_WHOLE = {2.0**31 - 1, -(2.0**31), 2.0**32 - 1, 2.0**63, -(2.0**63)}
"""What programs have for the largest and the smallest number."""
_NINES = re.compile(r"99+")
_COUNTED = {
    "tenure", "age", "months", "days", "years", "weeks", "hours", "minutes", "seconds", "duration", "calls", "visits",
    "logins", "sessions", "orders", "tickets", "products", "quantity", "laufzeit", "alter", "monate", "anrufe", "edad",
    "antigüedad", "âge", "ancienneté",
}  # fmt: skip
"""Words of what is counted from zero on."""
_FEWEST_NINES, _FEWEST_NINES_BELOW = 4, 2


@dataclass(frozen=True)
class FarNumbers:
    """One number or two that many rows have and that are unlike all others, how many rows each has, and in `others`
    what the others are; `surely` where nothing but «not known» can be meant."""

    rows: Mapping[float, int]
    others: str
    surely: bool

    @property
    def told(self) -> str:
        """What was found, as the beginning of a sentence."""
        shown = ", ".join(f"{value:.15g} ({many:,} rows)" for value, many in self.rows.items())
        return f"{shown} far from all others ({self.others})"


def far_numbers(facts: ColumnFacts) -> FarNumbers | None:
    """What is far from all others in a column of numbers; None where nothing is."""
    amounts = sorted(facts.values, key=abs)
    for count in (2, 1):
        rest, far = amounts[:-count], amounts[-count:]
        if len(rest) >= FEWEST_OTHERS and abs(far[0]) > FAR * max(1.0, abs(rest[-1])):
            found = _found(facts, far, rest, surely=all(map(_is_filler, far)))
            if found:
                return found
    lowest, *rest = facts.values
    if lowest < 0 and len(rest) >= FEWEST_OTHERS and rest[0] >= 0:  # -1 among counts: there is nothing below 0 else
        return _found(facts, [lowest], rest, surely=lowest <= -(10**2) and _is_filler(lowest))
    *others, highest = facts.values or (0.0,)
    if len(others) >= FEWEST_OTHERS and _NINES.fullmatch(f"{highest:g}") and highest >= 2 * max(map(abs, others)):
        return _found(facts, [highest], others, surely=False, share=OFTEN)
    return None


def below_zero(facts: ColumnFacts) -> str:
    """What to say of a few numbers below zero in a column that is called after what cannot be; empty for others."""
    below = [value for value in facts.values if value < 0]
    rows = facts.rows_below_zero
    if not below or not _COUNTED & set(facts.words) or rows > max(FREQUENT * facts.known, 1):
        return ""
    shown = ", ".join(f"{value:g}" for value in below[:3]) + (", …" if len(below) > 3 else "")  # noqa: PLR2004
    return f"{shown} ({counted(rows, 'row')}) below 0, which nothing called so can be: correct that"


def fillers(columns: Mapping[str, ColumnFacts]) -> dict[str, FarNumbers]:
    """The columns in which numbers surely mean «not known», each with what was found, where no other column has them as
    anything else: what is missing is missing in all columns."""
    found = {name: far_numbers(facts) for name, facts in columns.items() if facts.numeric}
    sure = {name: far for name, far in found.items() if far is not None and far.surely}
    honest = {name for name, far in sure.items() for text in texts_of(far) if _occurs(text, columns, sure)}
    return {name: far for name, far in sure.items() if name not in honest}


def texts_of(far: FarNumbers) -> tuple[str, ...]:
    """The numbers as a use case lists them under `missing`."""
    return tuple(f"{value:.15g}" for value in far.rows)


def _occurs(text: str, columns: Mapping[str, ColumnFacts], sure: Mapping[str, FarNumbers]) -> bool:
    return any(
        text in facts.counts and not (name in sure and float(text) in sure[name].rows)
        for name, facts in columns.items()
    )


def _found(
    facts: ColumnFacts, far: list[float], rest: list[float], *, surely: bool, share: float = FREQUENT
) -> FarNumbers | None:
    rows = dict.fromkeys(far, 0)
    for text, many in facts.counts.items():
        if float(text) in rows:
            rows[float(text)] += many
    if min(rows.values()) < max(share * facts.known, FEWEST_OTHERS / 2):
        return None
    return FarNumbers(rows, f"{min(rest):g} to {max(rest):g}", surely)


def _is_filler(value: float) -> bool:
    """Whether a number is one that nobody counts or pays: nines alone, or the end of what a program can hold."""
    if value in _LARGEST_WHOLE:
        return True
    digits = f"{abs(value):.15g}"
    return set(digits) == {"9"} and len(digits) >= (_FEWEST_NINES_BELOW if value < 0 else _FEWEST_NINES)
