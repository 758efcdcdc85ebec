"""Numbers that may be names of something, which only a person can tell.

It must not know what becomes of them.
"""

from churn_data.column_facts import ColumnFacts

FEW = 3
"""Different whole numbers of a column, at most, that may be names of something whatever it is called."""
_CODED = {
    "id", "city", "town", "region", "district", "county", "branch", "store", "channel", "method", "category", "segment",
}  # fmt: skip
"""Last words of names of numbers that may be names of something, however many there are."""


def may_be_codes(facts: ColumnFacts) -> bool:
    """Whether a column's numbers may be codes: few, or called so, and no flag."""
    called = bool(facts.words) and facts.words[-1] in _CODED
    flag = {0.0, 1.0}.issuperset(facts.values)
    return facts.whole and facts.distinct > 1 and (facts.distinct <= FEW or called) and not flag
