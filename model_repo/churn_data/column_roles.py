"""What a column is for: an input of a model, or something that must not be one, and why.

Every rule looks at all cells of a column, and where numbers could be honest at its name too. What gives the answer away
is not decided here (leaks.py); it must not look at the label or read files.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from churn_data.column_facts import ColumnFacts
from churn_data.date_spellings import COMPACT, faults_of, is_compact_date, spelling_of
from churn_data.number_texts import two_notations
from churn_model.dates import BETWEEN, EPOCH_MILLISECONDS, EPOCH_SECONDS, EXCEL_DAYS, FROM, QUARTER, WEEK
from churn_model.names import name_fault
from churn_model.rules import FeatureType
from churn_model.spelling import MAXIMUM_TEXT

NEARLY_UNIQUE = 0.5
"""Share of distinct values among the known ones from which a text column counts as an identifier or free text."""
FEW_LEVELS = 20
"""A text column with at most so many levels is kept however few rows there are."""
FEW_KNOWN = 10
"""A column with fewer known values teaches nothing and may be empty in a fold."""
FEW_ROWS = 20
"""In fewer rows, different whole numbers say nothing about what they are."""
MOST = 0.8
"""Share of cells that must look alike before a column is called after it."""
DIFFERENT = 0.99
LONG_NUMBER = 7
"""Digits from which numbers that all have as many are numbers of people or things, not amounts."""

POSTAL = {"zip", "zipcode", "postal", "postcode", "postalcode", "plz", "cep", "pincode", "eircode"}
PHONE = {"phone", "telephone", "mobile", "cell", "msisdn", "fax", "telefon", "handy"}
EMAIL = {"email", "mail"}
IDENTITY = {
    "id", "ids", "no", "nr", "num", "number", "key", "uuid", "guid", "index", "row", "record", "serial", "account",
    "iban", "ssn", "clientnum", "custid", "userid", "imei", "imsi", "rownumber", "rownum", *PHONE,
}  # fmt: skip
PERSON = {
    "customer",
    "client",
    "user",
    "first",
    "last",
    "full",
    "family",
    "given",
    "member",
    "contact",
    "person",
    "holder",
}
SURNAMES = {"surname", "lastname", "firstname", "fullname", "forename", "nachname", "vorname", "prenom", "apellido"}
BIRTH = {"birth", "birthday", "birthdate", "born", "dob", "geboren", "geburtstag", "geburtsdatum", "naissance"}
DATE = {"date", "datum", "day", "since", "joined", "signup", "registered", "fecha", "dt", "yyyymmdd", *BIRTH}
MOMENT = {
    "at", "created", "updated", "modified", "login", "seen", "timestamp", "ts", "time", "epoch", "unix", "start",
    "started", "end", "expires", "expiry", "activated", "opened", "last", "first", "purchase", "order", "ms", "zeit",
    "beginn", "ende",
}  # fmt: skip
"""Words of moments that are counted in seconds."""

_DAY = 86_400
_UNIX = (315_532_800, 4_102_444_800)
"""Seconds of 1980 and 2100 in Unix time."""
_EXCEL = (18_264, 73_051)
"""Days of 1950 and 2100 as Excel counts them."""
_COUNTED = {
    EPOCH_SECONDS: "seconds since 1970 (Unix time)",
    EPOCH_MILLISECONDS: "milliseconds since 1970 (Unix time)",
    EXCEL_DAYS: "days as Excel does",
}
FAR = 10
"""How many times as large as all others a number has to be to lie far away."""
FREQUENT = 0.01
_CUT = re.compile(r"\d[.,]\d+[eE]\+\d{2}")
_EXPONENT_CODE = re.compile(r"\d+[eE]\d+", re.ASCII)
_EMAIL_TEXT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE_TEXT = re.compile(r"\+?[\d ()./-]{6,24}")


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
    counted = counted_date(facts)
    for rule in (_UNUSABLE, *(() if wanted or counted else _IDENTIFYING)):
        reason = rule(facts)
        if reason:
            return Role(left_out=reason)
    if POSTAL & set(facts.words):
        return Role("category", remark="postal codes, kept as a category")
    return date_role(facts) or (_number_role(facts) if facts.numeric else _text_role(facts, wanted=wanted))


def _number_role(facts: ColumnFacts) -> Role:
    if _are_exponents(facts):
        return Role("category", remark="codes such as 1E2, kept as a category")
    if not facts.leading_zeros and not _is_code(facts):
        return Role("number", remark=_far_away(facts))
    return _text_role(facts, wanted=False)


def _text_role(facts: ColumnFacts, *, wanted: bool) -> Role:
    mixed = "" if facts.numeric else two_notations(facts.counts) or faults_of(facts.counts)
    return Role("category", left_out=mixed or ("" if wanted else _free_text(facts)))


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


def _email(facts: ColumnFacts) -> str:
    return "e-mail addresses" if _share(facts, lambda text: bool(_EMAIL_TEXT.fullmatch(text))) >= MOST else ""


def _phone(facts: ColumnFacts) -> str:
    if facts.numeric or not set(facts.words) & PHONE or facts.distinct <= FEW_LEVELS:
        return ""
    return "phone numbers" if _share(facts, lambda text: bool(_PHONE_TEXT.fullmatch(text))) >= MOST else ""


def _person(facts: ColumnFacts) -> str:
    words = facts.words
    named = set(words) & SURNAMES or (words and words[-1] == "name" and (len(words) == 1 or set(words) & PERSON))
    return "names of people" if named and not facts.numeric and facts.distinct > FEW_LEVELS else ""


def _free_text(facts: ColumnFacts) -> str:
    longest = max(map(len, facts.counts))
    if longest > MAXIMUM_TEXT:
        return f"it holds texts, up to {longest:,} characters, no levels of a category (at most {MAXIMUM_TEXT})"
    if facts.distinct <= max(FEW_LEVELS, NEARLY_UNIQUE * facts.known):
        return ""
    return f"its texts are nearly unique ({facts.distinct} different in {facts.known} rows)"


def _are_exponents(facts: ColumnFacts) -> bool:
    """Whether some numbers are written as no program writes one: 1E2, without a point or a sign of the exponent."""
    return facts.distinct <= FEW_LEVELS and any(map(_EXPONENT_CODE.fullmatch, facts.counts))


def _far_away(facts: ColumnFacts) -> str:
    """What to say of one number or two that many rows have and that lie far from all others: -999, 99999999."""
    amounts = sorted(facts.values, key=abs)
    for count in (1, 2):
        rest, far = amounts[:-count], amounts[-count:]
        if len(rest) < FEW_KNOWN or abs(far[0]) <= FAR * max(1.0, abs(rest[-1])):
            continue
        rows = [sum(many for text, many in facts.counts.items() if float(text) == value) for value in far]
        if min(rows) >= max(FREQUENT * facts.known, FEW_KNOWN / 2):
            shown = ", ".join(f"{value:.15g} ({many:,} rows)" for value, many in zip(far, rows, strict=True))
            others = f"{min(rest):g} to {max(rest):g}"
            return f"{shown} far from all others ({others}): if that means «not known», list it under `missing`"
    return ""


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


def _is_code(facts: ColumnFacts) -> bool:
    return facts.whole and bool(facts.words) and facts.words[-1] in ("code", "codes") and facts.distinct > 2  # noqa: PLR2004 - a flag is a number


def date_role(facts: ColumnFacts) -> Role | None:
    """The role of a column of dates; None for any other."""
    counted = counted_date(facts)
    if counted:
        return Role("date", spelling=counted, remark=f"numbers that count {_COUNTED[counted]}, read as dates")
    if facts.numeric:
        compact = bool(set(facts.words) & DATE) and is_compact_date(facts.counts)
        return Role("date", spelling=COMPACT) if compact else None
    found = spelling_of(facts.counts, past=bool(set(facts.words) & BIRTH))
    if found is None:
        return None
    doubt = f"; {_in_words(found.other)} would fit too" if found.other else ""
    return Role("date", spelling=found.spelling, remark=f"dates, read as {_in_words(found.spelling)}{doubt}")


def counted_date(facts: ColumnFacts, *, surely: bool = False) -> str:
    """The spelling of dates that are counted, as Unix and Excel do; empty for other columns. The name must speak of
    time, or all numbers be whole days of Unix time, unless they are dates `surely`."""
    words = {*facts.words, "date"} if surely else set(facts.words)
    if not facts.whole or not facts.values[-1] >= _EXCEL[0] or (words & (IDENTITY - {"serial"}) and not surely):
        return ""
    amounts = [value for value in facts.values if value]
    least, most = amounts[0], amounts[-1]
    for spelling, second in ((EPOCH_SECONDS, 1), (EPOCH_MILLISECONDS, 1000)):
        if _UNIX[0] * second <= least and most <= _UNIX[1] * second:
            days = len(amounts) >= FEW_ROWS and all(value % (_DAY * second) == 0 for value in amounts)
            return spelling if days or words & (DATE | MOMENT) else ""
    is_excel = _EXCEL[0] <= least and most <= _EXCEL[1] and words & (DATE | {"serial"})
    return EXCEL_DAYS if is_excel else ""


def _in_words(spelling: str) -> str:
    return " or ".join(map(_one_in_words, spelling.split(BETWEEN)))


def _one_in_words(spelling: str) -> str:
    if spelling in ("iso", QUARTER, WEEK):
        return "year-month-day" if spelling == "iso" else f"the first day of a {spelling}"
    if spelling == COMPACT:
        return "yearmonthday"
    form, _, first = spelling.partition(FROM)
    parts = {"%m": "month", "%d": "day", "%y": "year", "%Y": "year", "%b": "month", "%B": "month"}
    date = re.split(r" %[HI]", form)[0]
    words = re.sub(r"%[a-zA-Z]", lambda found: parts[found[0]], date)
    return f"{words}, years from {first} on" if first else words


def _share(facts: ColumnFacts, fits: Callable[[str], bool]) -> float:
    return sum(number for text, number in facts.counts.items() if fits(text)) / facts.known


Rule = Callable[[ColumnFacts], str]
_UNUSABLE: Rule = _unusable
_IDENTIFYING: Sequence[Rule] = (_cut, _running_number, _identifier, _email, _phone, _person)
