"""In which spelling a column writes its dates, if it holds dates at all; several spellings where texts differ in form.

It looks at texts alone; what a date becomes is `churn_model.dates`' business.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from churn_model.dates import BETWEEN, COMPACT, COMPACT_MONTH, FROM, ISO, QUARTER, WEEK, moment
from churn_model.not_known import NEVER, says_never

_DATES = (
    "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%m-%d-%Y",
    "%Y/%m/%d", "%Y.%m.%d", "%Y-%m", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y",
    "%b-%y", "%b-%Y", "%b %Y", "%B %Y", "%b %y", "%m/%Y", "%m.%Y", "%Y/%m", "%d. %B %Y", "%d. %b %Y", QUARTER, WEEK,
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_LOOKS_LIKE_ONE = re.compile(
    r"\d{1,4}[-/. ]{1,2}[\w]{1,9}[-/., ]{0,2}\d{0,4}([ T].*)?$|[A-Z][a-z]{2,8}[- ]\d{1,2}(, ?\d{4})?$"
    r"|[A-Z][a-z]{2,8}[- ]\d{4}$|(\d{4}[-/ ]?)?(Q[1-4]|K?W\d{1,2})([-/ ]?\d{4})?$"
)
_MONTH_IN_WORDS = re.compile(r"(?:\d{1,2}\.?[ -])?(?:de )?([^\W\d_]{3})[^\W\d_]{0,8}\.?[ -](?:de )?\d{2,4}$")
_FOREIGN = {
    "jan", "feb", "fév", "fev", "mär", "mar", "maa", "mrt", "abr", "apr", "avr", "mai", "may", "mag", "mei", "maj",
    "giu", "jun", "jui", "jul", "lug", "aug", "ago", "aoû", "aou", "sep", "set", "okt", "oct", "out", "ott", "nov",
    "dez", "dec", "déc", "dic", "ene", "gen",
}  # fmt: skip
"""How months begin in the languages of Europe."""
_EARLIEST, _LATEST = 1900, 2100
_MOST_FORMS = 8
_SERIAL = re.compile(r"[2-6]\d{4}(\.0+)?")
"""Days from 1954 to 2091 as spreadsheets count them."""
_GAP = 20
"""Years of a hundred that no two-digit year of a column is in before the hundred is taken to begin behind them."""
_AHEAD = 15
"""Years from now that a two-digit year may lie ahead."""
_DATED = 0.8
"""Share of texts that must be dates before the rest is called a fault of a column of dates."""


@dataclass(frozen=True)
class DateSpelling:
    """`spelling` that reads every text of a column; `other` reads every one too, as another date (empty: none does)."""

    spelling: str
    other: str = ""


def spelling_of(texts: Iterable[str], *, past: bool = False) -> DateSpelling | None:
    """The spelling in which all of these texts are dates, ISO's first; None where there is none.

    Args:
        texts: different ones; such as say that there is no date count for nothing.
        past: no date lies ahead, as no birthday does.
    """
    known = sorted({text for text in texts if not says_never(text)})
    if not known or not all(_LOOKS_LIKE_ONE.match(text) for text in known[:3] if not _is_compact(text)):
        return None
    if _reads(known, ISO):
        return DateSpelling(ISO)
    found = [_alternatives(form) for form in _forms(known)]
    if not found or not all(found) or len(found) > _MOST_FORMS or found == [[COMPACT]]:
        return None
    chosen = [_with_century(each[0], known, past) for each in found if each[0] != ISO]
    other = [_with_century(each[1], known, past) for each in found if len(each) > 1]
    return DateSpelling(BETWEEN.join(chosen), BETWEEN.join(other))


def faults_of(counts: Mapping[str, int]) -> str:
    """What to say of a column of which most texts are dates and that no spelling reads; empty if it is none."""
    known = {text: count for text, count in counts.items() if not says_never(text)}
    named = [text for text in known if (found := _MONTH_IN_WORDS.match(text)) and found[1].lower() in _FOREIGN]
    if named and len(named) > _DATED * len(known):
        return f'dates with a month in words that are not English, such as "{named[0][:30]}": write them as 2024-03-31'
    forms = _forms(sorted(known)) if known else []
    if not forms or len(forms) > len(known) / 2 + 1:
        return ""
    total = sum(known.values())
    read = [form for form in forms if _alternatives(form)]
    dated = sum(known[text] for form in read for text in form)
    pairs = {form[0]: pair for form in forms if (pair := _day_and_month(form))}
    if pairs and total == dated + sum(known[text] for form in forms if form[0] in pairs for text in form):
        month, day = next(iter(pairs.values()))
        return f'dates of which some have the month first and others the day, "{month}" and "{day}"'
    serial = [text for form in forms if form not in read for text in form if _SERIAL.fullmatch(text)]
    numbered = sum(known[text] for text in serial)
    if read and serial and numbered + dated == total:
        return (
            f'dates in two forms, "{read[0][0][:30]}" ({dated:,} rows) and "{serial[0]}" ({numbered:,}), a day as a '
            "spreadsheet counts it: write all of them in one"
        )
    if total * _DATED > dated or dated == total:
        return ""
    odd = next(text for form in forms if form not in read for text in form)
    return f'dates but for {total - dated:,} rows, such as "{odd[:30]}"'


def _forms(known: Sequence[str]) -> list[list[str]]:
    """The texts by their form: what separates their parts, and of how many digits these are."""
    forms: dict[str, list[str]] = {}
    for text in known:
        forms.setdefault(_form(text), []).append(text)
    return list(forms.values())


def _form(text: str) -> str:
    words = re.sub(r"[^\W\d_]+", "A", text.partition(":")[0])
    return re.sub(r"\d+", lambda found: "9" if len(found[0]) < 3 else str(len(found[0])), words) + str(text.count(":"))  # noqa: PLR2004


def _alternatives(texts: Sequence[str]) -> list[str]:
    """The spellings that read all texts of one form."""
    if all(map(_is_compact, texts)):
        return [COMPACT] if _reads(texts, COMPACT) else []
    if _reads(texts, ISO):
        return [ISO]
    ends = [texts[0], texts[-1]]
    likely = [date + time for date in _DATES for time in _TIMES if _reads(ends, date + time)]
    return [spelling for spelling in likely if _reads(texts, spelling)]


def _day_and_month(texts: Sequence[str]) -> tuple[str, str] | None:
    """A text with the month first and one with the day, of texts that all are dates in one way or the other."""
    for pair in (("%m/%d/%Y", "%d/%m/%Y"), ("%m-%d-%Y", "%d-%m-%Y"), ("%m/%d/%y", "%d/%m/%y")):
        read = [{text for text in texts if _reads([text], spelling)} for spelling in pair]
        first, second = read[0] - read[1], read[1] - read[0]
        if first and second and read[0] | read[1] == set(texts):
            return min(first), min(second)
    return None


def _with_century(spelling: str, texts: Collection[str], past: bool) -> str:  # noqa: FBT001 - passed on
    """Two-digit years with the first that they may mean, where the usual one, 1969, puts some far ahead: half way in
    the longest gap between them, if that is long."""
    latest = datetime.now(UTC).year + (0 if past else _AHEAD)
    found = [moment(text, spelling).year for text in texts if "%y" in spelling and _reads([text], spelling)]
    if not found or max(found) <= latest:
        return spelling
    years = sorted({year % 100 for year in found})
    gap, first = max(((year - before - 1) % 100 + 1, year) for before, year in pairwise([years[-1], *years]))
    if gap < _GAP:
        return f"{spelling}{FROM}{latest - 99}"
    last = first + 100 - gap
    century = max(each for each in (1800, 1900, 2000) if each + last <= latest or each < 1900)  # noqa: PLR2004
    return f"{spelling}{FROM}{century + first - gap // 2}"


def is_compact_date(texts: Iterable[str]) -> bool:
    """Whether all of these are dates written as 20240331."""
    known = {text for text in texts if text.removesuffix(".0") not in NEVER}
    return bool(known) and all(map(_is_compact, known)) and _reads(known, COMPACT)


def is_compact_month(texts: Iterable[str]) -> bool:
    """Whether all of these are months written as 202403."""
    known = {text for text in texts if text.removesuffix(".0") not in NEVER}
    digits = (text.removesuffix(".0") for text in known)
    return (
        bool(known)
        and all(len(each) == len("202403") and each.isdecimal() for each in digits)
        and _reads(known, COMPACT_MONTH)
    )


def _is_compact(text: str) -> bool:
    digits = text.removesuffix(".0")
    return len(digits) == len("20240331") and digits.isdecimal()


def _reads(texts: Iterable[str], spelling: str) -> bool:
    try:
        return all(_EARLIEST <= moment(text, spelling).year <= _LATEST for text in texts)
    except ValueError:
        return False
