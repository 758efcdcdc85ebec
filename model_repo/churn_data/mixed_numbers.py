"""Columns that are numbers in two ways at once: decimal points and commas, dollars and euros, per cent and none; two
numbers in each cell; and columns in which too many numbers are none.

Nothing is converted, for what was meant is not known; it is said by an example and a count of each. It must not know
files.
"""

import re
from collections.abc import Mapping
from itertools import islice

from churn_data.dialects import Decimal
from churn_data.number_parts import is_exclusive, parts_of
from churn_data.number_texts import NumberColumn, is_plain, number_of
from churn_model.not_known import TOKENS

_MIXED = 0.05
"""Share of rows that must be in the rarer of two notations, and may be in none, before a column is said to mix them."""
_FEWEST, _PROBED, _SHARE = 20, 1000, 1 / 3
"""Different numbers that a column of them has at least, texts that are looked at first, and the share of rows, and of
the texts looked at first, from which a column of other texts is one of numbers with faults."""
_SHOWN = 4
_PAIR = re.compile(r"(POINT ?)?\(?-?\d{1,3}\.\d+( ?[,;] ?| )-?\d{1,3}\.\d+\)?", re.IGNORECASE)
_SCALE, _MOST_WORDS = 7, 3
"""Numbers that a scale has at least, and words beside it at most."""


def two_notations(counts: Mapping[str, int]) -> str:
    """What to say of texts that are numbers, some with decimal points and some with decimal commas; empty if these are
    not."""
    signs: tuple[Decimal, Decimal] = (".", ",")
    read = [{text for text in counts if number_of(parts_of(text), sign) is not None} for sign in signs]
    only = [read[0] - read[1], read[1] - read[0]]
    rows = [sum(counts[text] for text in texts) for texts in only]
    total = sum(counts.values())
    if min(rows) < _MIXED * total or sum(counts[text] for text in read[0] | read[1]) < (1 - _MIXED) * total:
        return ""
    shown = [f'"{min(texts, key=lambda text: (-len(text), text))[:30]}" ({many:,} rows)'
             for texts, many in zip(only, rows, strict=True)]  # fmt: skip
    return f"numbers in two notations, such as {' and '.join(shown)}: write all of them in one"


def number_pairs(counts: Mapping[str, int]) -> str:
    """What to say of texts that are two numbers each, as of a place on earth; empty if these are not."""
    if len(counts) <= _FEWEST or not all(map(_PAIR.fullmatch, counts)):
        return ""
    example = max(counts, key=lambda text: (counts[text], text))
    return f'two numbers in a cell, such as "{example[:40]}": make each of these a column of its own'


def numbers_with_faults(counts: Mapping[str, int]) -> str:
    """What to say of texts of which many are numbers and too many are not for a column of numbers; empty if these are
    not."""
    probe = {text: counts[text] for text in islice(counts, _PROBED)}
    if len(NumberColumn().read(probe)[0]) < _SHARE * len(probe):
        return ""
    values, others = NumberColumn().read(counts)
    numbers = [text for text, value in values.items() if value == value]  # noqa: PLR0124 - NaN is a token
    rows, odd = (sum(counts[text] for text in texts) for texts in (numbers, others))
    few = len(numbers) <= _FEWEST and not _are_a_scale(numbers, others, rows > odd)
    if few or not others or rows < _SHARE * (rows + odd):
        return ""
    example = max(others, key=lambda text: (counts[text], text))
    return f'numbers but for {odd:,} of {rows + odd:,} rows, such as "{example[:30]}"'


def _are_a_scale(numbers: list[str], others: list[str], mostly: bool) -> bool:  # noqa: FBT001 - passed on
    """Whether few numbers are a scale without a gap, 0 to 10, beside a word or two that are no level of it."""
    plain = sorted({float(text) for text in numbers if is_plain(text)})
    scale = len(plain) == len(numbers) >= _SCALE and plain[-1] - plain[0] == len(plain) - 1
    return scale and mostly and len(others) <= _MOST_WORDS and not any(any(map(str.isdigit, text)) for text in others)


def several_units(counts: Mapping[str, int]) -> str:
    """What to say of texts that are numbers, each in a currency or unit, some in another one than the others, or in
    none where that cannot be left away; empty if these are not."""
    probe = dict.fromkeys(islice(counts, _PROBED), 1)
    if _units_of(probe)[2] > len(probe) / 2:
        return ""
    rows, examples, others = _units_of(counts)
    if "" in rows and not any(map(is_exclusive, rows)):
        del rows[""]  # a currency may be left away
    if len(rows) < 2 or others > _MIXED * sum(counts.values()):  # noqa: PLR2004 - one is no mixture
        return ""
    most = sorted(rows, key=rows.__getitem__, reverse=True)[:_SHOWN]
    shown = ", ".join(f'"{examples[unit][:30]}" ({_rows(rows[unit])})' for unit in most)
    what = "units" if any(map(is_exclusive, rows)) else "currencies"
    return f"amounts in several {what}, such as {shown}: convert all of them to one"


def _units_of(counts: Mapping[str, int]) -> tuple[dict[str, int], dict[str, str], int]:
    """Rows and an example by what numbers are counted in, and how many rows have something else; zero is zero in any
    unit."""
    rows: dict[str, int] = {}
    examples: dict[str, str] = {}
    others = 0
    for text, count in counts.items():
        parts = parts_of(text)
        if text.lower() in TOKENS or not (parts.affix or parts.body.strip("-0.,")):
            continue
        if number_of(parts, ".") is None and number_of(parts, ",") is None:
            others += count
        else:
            rows[parts.affix] = rows.get(parts.affix, 0) + count
            examples.setdefault(parts.affix, text)
    return rows, examples, others


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
