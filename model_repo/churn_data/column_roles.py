"""What a column is for: an input of a model, or something that must not be one, and why.

Every rule looks at all cells of a column, and where numbers could be honest at its name too. What gives the answer away
is not decided here (leaks.py); it must not look at the label or read files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from churn_data.column_facts import ColumnFacts
from churn_data.date_columns import counted_date, date_column
from churn_data.date_spellings import faults_of
from churn_data.errors import glimpse
from churn_data.far_numbers import below_zero, far_numbers
from churn_data.identifying_columns import identifying
from churn_data.json_cells import json_cells
from churn_data.mixed_numbers import number_pairs, numbers_with_faults, several_units, two_notations
from churn_model.names import name_fault
from churn_model.rules import FeatureType
from churn_model.spelling import MAXIMUM_TEXT

FEW_LEVELS = 20
"""A text column with at most so many levels is kept however few rows there are."""
NEARLY_UNIQUE = 0.5
"""Share of distinct values among the known ones from which a text column counts as an identifier or free text."""
RARE_LEVELS = 100
"""So many levels at least beside the usual one before these count as nearly unique."""
MANY_LEVELS = 1000
"""Levels from which a category is called one of many."""
FEW_KNOWN = 10
"""A column with fewer known values teaches nothing and may be empty in a fold."""

POSTAL = {"zip", "zipcode", "postal", "postcode", "postalcode", "plz", "cep", "pincode", "eircode"}

_EXPONENT_CODE = re.compile(r"\d+[eE]\d+", re.ASCII)


@dataclass(frozen=True)
class Role:
    """Of which type a feature is and how its dates are spelt, or in `left_out` why it is none. `remark` is worth saying
    about one that is kept."""

    type: FeatureType = "number"
    left_out: str = ""
    spelling: str = ""
    remark: str = ""


def role_of(facts: ColumnFacts, *, wanted: bool = False) -> Role:
    """The role of a column.

    Args:
        facts: of the column, of one row a customer where customers have several.
        wanted: somebody has named the column as an input; only what cannot be one is left out then.
    """
    reason = _unusable(facts)
    if not reason and not wanted and not counted_date(facts):
        reason = identifying(facts)
    if reason:
        return Role(left_out=reason)
    if POSTAL & set(facts.words):
        return Role("category", remark="postal codes, kept as a category")
    date = date_column(facts)
    if date is not None:
        return Role("date", spelling=date.spelling, remark=date.remark)
    return _number_role(facts, wanted=wanted) if facts.numeric else _text_role(facts, wanted=wanted)


def _number_role(facts: ColumnFacts, *, wanted: bool) -> Role:
    if _are_exponents(facts):
        return Role("category", remark="codes such as 1E2, kept as a category")
    if not facts.leading_zeros and not _is_code(facts):
        return Role("number", remark=_far_away(facts))
    return _text_role(facts, wanted=wanted)


def _text_role(facts: ColumnFacts, *, wanted: bool) -> Role:
    mixed = "" if facts.numeric else _mixed(facts.counts)
    units = "" if facts.numeric or mixed else several_units(facts.counts)
    if units and facts.distinct <= FEW_LEVELS:
        return Role("category", remark=f"{units}, kept as a category of {facts.distinct:,} levels")
    mixed = mixed or units
    free = "" if wanted else _free_text(facts)
    faulty = "" if facts.numeric or mixed else numbers_with_faults(facts.counts)
    if faulty and free:
        free = f"{faulty}: correct them, or list under `missing` what means «not known»"
    kept = (
        f"{faulty}, kept as a category of {facts.distinct:,} levels: a number, if the others are corrected or `missing`"
    )
    many = f"a category of {facts.distinct:,} levels" if facts.distinct >= MANY_LEVELS else ""
    return Role("category", left_out=mixed or free, remark=kept if faulty else many)


def _mixed(counts: Mapping[str, int]) -> str:
    return two_notations(counts) or faults_of(counts) or json_cells(counts) or number_pairs(counts)


def _unusable(facts: ColumnFacts) -> str:
    fault = name_fault(facts.name)
    if fault:
        return f"its name {fault}"
    if not facts.known:
        return "every value is missing"
    if facts.known < FEW_KNOWN <= facts.rows - facts.known:
        return f"only {facts.known} of {facts.rows} rows {'has' if facts.known == 1 else 'have'} a value"
    if facts.distinct == 1 and facts.known == facts.rows:
        return "every row has the same value"
    return ""


def _free_text(facts: ColumnFacts) -> str:
    longest = max(map(len, facts.counts))
    if longest > MAXIMUM_TEXT:
        return f"it holds texts, up to {longest:,} characters, no levels of a category (at most {MAXIMUM_TEXT})"
    if facts.distinct > max(FEW_LEVELS, NEARLY_UNIQUE * facts.known):
        return f"its texts are nearly unique ({facts.distinct} different in {facts.known} rows)"
    usual = max(facts.counts, key=facts.counts.__getitem__)
    rest = facts.known - facts.counts[usual]
    if facts.distinct - 1 > max(RARE_LEVELS, NEARLY_UNIQUE * rest):
        many = f"{facts.distinct - 1} different in {rest} rows"
        return f'beside "{glimpse(usual)}" its texts are nearly unique ({many})'
    return ""


def _are_exponents(facts: ColumnFacts) -> bool:
    """Whether some numbers are written as no program writes one: 1E2, without a point or a sign of the exponent."""
    return facts.distinct <= FEW_LEVELS and any(map(_EXPONENT_CODE.fullmatch, facts.counts))


def _far_away(facts: ColumnFacts) -> str:
    """What to say of numbers that many rows have and that lie far from all others, and of impossible ones."""
    found = far_numbers(facts)
    if found is None:
        return below_zero(facts)
    told = f"{found.told}: if that means «not known», list it under `missing`"
    return told if min(found.rows) < 0 else "; ".join(filter(None, [told, below_zero(facts)]))


def _is_code(facts: ColumnFacts) -> bool:
    return facts.whole and bool(facts.words) and facts.words[-1] in ("code", "codes") and facts.distinct > 2  # noqa: PLR2004 - a flag is a number
