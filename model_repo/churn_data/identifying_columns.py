"""Columns that tell who a customer is instead of what they are like: running numbers, numbers of customers and phones,
names, addresses; and numbers that a spreadsheet has cut, so that they tell it no more.

It must not know what else a column may be for, look at the label or read files.
"""

import re
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

from churn_data.column_facts import ColumnFacts
from churn_data.date_spellings import is_compact_date
from churn_data.person_names import FEW_LEVELS, PERSON, are_names_of_people

FEW_ROWS = 20
"""In fewer rows, different whole numbers say nothing about what they are."""
MOST = 0.8
"""Share of cells that must look alike before a column is called after it."""
DIFFERENT = 0.99
FEW_EACH = 10
"""Rows, at most, that share an id on the average."""
LONG_NUMBER = 7
"""Digits from which numbers that all have as many are numbers of people or things, not amounts."""

PHONE = {"phone", "telephone", "mobile", "cell", "msisdn", "fax", "telefon", "handy"}
EMAIL = {"email", "mail"}
IDENTITY = {
    "id", "ids", "no", "nr", "num", "number", "key", "uuid", "guid", "index", "row", "record", "serial", "account",
    "iban", "ssn", "clientnum", "custid", "userid", "imei", "imsi", "rownumber", "rownum", *PHONE,
}  # fmt: skip
CUSTOMER = {"customer", "client", "user", "subscriber", "member", "kunde", "cliente"}
HOLDER = CUSTOMER | {"account", "policy", "household"}
"""What rows belong to, several to one perhaps."""
NUMBERED = {"id", "ids", "key", "number", "no", "num", "nr", "code", "uuid"}
_BESIDE = {"of", "the", "unique", "reference", "ref", "master", "internal", "external", "system", "global"}
"""Words that a number of customers may have in its name beside."""

_CUT = re.compile(r"\d[.,]\d+[eE]\+\d{2}")
_EMAIL_TEXT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE_TEXT = re.compile(r"\+?[\d ()./-]{6,24}")


def identifying(facts: ColumnFacts) -> str:
    """Why a column identifies customers; empty for others."""
    rules = (_cut, _running_number, _identifier, _holder, _email, _phone, _person)
    return next(filter(None, (rule(facts) for rule in rules)), "")


def _running_number(facts: ColumnFacts) -> str:
    """As many different whole numbers as rows, so close together that honest ones would have met."""
    if facts.known < FEW_ROWS or not facts.whole or facts.distinct < facts.known:
        return ""
    span = facts.values[-1] - facts.values[0] + 1
    return "a running number, it says nothing about a customer" if span < 2 * facts.known else ""


def _identifier(facts: ColumnFacts) -> str:
    """Different whole numbers that are called identifiers, or are all as long as such."""
    if facts.known < FEW_ROWS or facts.distinct < DIFFERENT * facts.known or not facts.whole or facts.values[0] < 0:
        return ""
    if is_compact_date(facts.counts):
        return ""
    words = set(facts.words)
    if words & PHONE:
        return "phone numbers"
    lengths = {len(f"{value:.0f}") for value in facts.values}
    if words & IDENTITY or (len(lengths) == 1 and min(lengths) >= LONG_NUMBER):
        return f"numbers that identify ({facts.distinct} different in {facts.known} rows), as of customers or phones"
    return ""


def _holder(facts: ColumnFacts) -> str:
    """What is called an id of customers, households or the like, and is shared by a few rows each."""
    few_each = facts.known >= FEW_ROWS and facts.distinct > FEW_LEVELS and facts.distinct * FEW_EACH > facts.known
    if not few_each or not numbers_of(facts.words) or (facts.numeric and not facts.whole):
        return ""
    return f"numbers that identify ({facts.distinct} different in {facts.known} rows)"


def numbers_of(words: Sequence[str], holders: Collection[str] = HOLDER) -> bool:
    """Whether a name is one of numbers that rows' `holders` have: `customer id`, `number of the customer`, and not
    `number customer service calls`."""
    named = {*words}
    alone = bool(named & {*holders}) and bool(named & NUMBERED) and named <= {*holders} | NUMBERED | _BESIDE
    return alone or any(first in holders and second in NUMBERED for first, second in pairwise(words))


def _email(facts: ColumnFacts) -> str:
    return "e-mail addresses" if _share(facts, lambda text: bool(_EMAIL_TEXT.fullmatch(text))) >= MOST else ""


def _phone(facts: ColumnFacts) -> str:
    if facts.numeric or not set(facts.words) & PHONE or facts.distinct <= FEW_LEVELS:
        return ""
    return "phone numbers" if _share(facts, lambda text: bool(_PHONE_TEXT.fullmatch(text))) >= MOST else ""


def _person(facts: ColumnFacts) -> str:
    return "names of people" if are_names_of_people(facts) else ""


def cut_numbers(facts: ColumnFacts) -> str:
    """What to say of ids that a spreadsheet has cut to 4.90001E+11; empty for other columns."""
    if facts.distinct == facts.known or _share(facts, lambda text: bool(_CUT.fullmatch(text))) < MOST:
        return ""
    shown = next(text for text in facts.counts if _CUT.fullmatch(text))
    many = f"{facts.distinct:,} different in {facts.known:,} rows"
    return f'a spreadsheet has cut its numbers to such as "{shown}" ({many}): export the column as text'


def _cut(facts: ColumnFacts) -> str:
    called = set(facts.words) & (IDENTITY | PERSON)
    return cut_numbers(facts) if called and facts.known else ""


def _share(facts: ColumnFacts, fits: Callable[[str], bool]) -> float:
    return sum(number for text, number in facts.counts.items() if fits(text)) / facts.known
