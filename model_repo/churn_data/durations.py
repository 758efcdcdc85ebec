"""Lengths of time as people and programs write them: `1:02:03`, `2y 3m`, `3 years, 11 months`, `1h 20m`, `P1Y6M`.

Each is one number, of seconds, days or months, whatever its units. It must not know columns.
"""

import re
from collections.abc import Sequence

SECONDS, DAYS, MONTHS = "seconds", "days", "months"
_YEAR, _MONTH, _WEEK, _DAY, _HOUR, _MINUTE, _SECOND = range(7)
_WORDS = {
    _YEAR: ("year", "years", "yr", "yrs", "jahr", "jahre", "jahren", "an", "ans", "année", "années", "año", "años",
            "ano", "anos", "anno", "anni", "jaar", "rok", "lat", "lata", "år"),
    _MONTH: ("month", "months", "mo", "mos", "mon", "monat", "monate", "monaten", "mois", "mes", "meses", "mese",
             "mesi", "maand", "maanden", "mth", "mths"),
    _WEEK: ("week", "weeks", "wk", "wks", "woche", "wochen"),
    _DAY: ("d", "day", "days", "tag", "tage", "tagen", "jour", "jours", "día", "días", "dia", "dias"),
    _HOUR: ("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden", "heure", "heures"),
    _MINUTE: ("min", "mins", "minute", "minutes", "minuten"),
    _SECOND: ("s", "sec", "secs", "second", "seconds", "sek", "sekunden", "sekunde"),
}  # fmt: skip
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words}
_AMOUNTS: dict[int, tuple[str, float]] = {
    _YEAR: (MONTHS, 12.0), _MONTH: (MONTHS, 1.0), _WEEK: (DAYS, 7.0), _DAY: (DAYS, 1.0), _HOUR: (SECONDS, 3600.0),
    _MINUTE: (SECONDS, 60.0), _SECOND: (SECONDS, 1.0),
}  # fmt: skip
TIME_UNITS: dict[str, tuple[str, float]] = {word: _AMOUNTS[kind] for word, kind in _KINDS.items()}
"""What each word for a length of time, in small letters, is counted in and how many of that it is."""
_MONTH_DAYS, _DAY_SECONDS = 365.25 / 12, 86_400.0
_CALENDAR = {"y": _YEAR, "j": _YEAR, "a": _YEAR, "m": _MONTH, "w": _WEEK, "d": _DAY}
_CLOCK = {"d": _DAY, "h": _HOUR, "m": _MINUTE, "s": _SECOND}
"""Letters beside others: `2y 3m` are months, `30m 10s` are minutes."""
_COLONS = re.compile(r"(-?)(?:(\d{1,4}):)?(\d{1,6}):([0-5]\d(?:\.\d+)?)", re.ASCII)
_PIECE = r"\d{1,6}\s*[^\W\d_]+\.?"
_PIECES = re.compile(rf"{_PIECE}(?:[\s,]*(?:(?:and|und|et|y|e|en)\s+)?{_PIECE}){{1,3}}")
_ONE = re.compile(r"(\d{1,6})\s*([^\W\d_]+)")
_PERIOD = re.compile(
    r"P(?=[\dT])(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})(?:\.0+)?S)?)?",
    re.ASCII,
)


def duration_of(text: str) -> tuple[str, str] | None:
    """A length of time in more than one unit as a number's text and what that counts; None for any other text."""
    if ":" in text:
        return _with_colons(text)
    if text.startswith("P"):
        period = _PERIOD.fullmatch(text)
        return period and _total([(kind, int(part)) for kind, part in enumerate(period.groups()) if part])
    if not text[:1].isdigit() or not _PIECES.fullmatch(text):
        return None
    found = [(int(amount), unit.lower()) for amount, unit in _ONE.findall(text)]
    return _read(found, _CALENDAR) or _read(found, _CLOCK)


def short_duration(text: str, unit: str) -> float | None:
    """How many of a unit `9m` or `2y` is, beside texts such as `2y 3m`; None for any other text."""
    found = _ONE.fullmatch(text)
    kind = None if found is None else (_CALENDAR if unit == MONTHS else _CLOCK).get(found[2].lower())
    if found is None or kind is None:
        return None
    counted = _total([(kind, int(found[1]))])
    return float(counted[0]) if counted and counted[1] == unit else None


def _with_colons(text: str) -> tuple[str, str] | None:
    found = _COLONS.fullmatch(text)
    if found is None:
        return None
    sign, hours, minutes, seconds = found.groups()
    if hours is not None and int(minutes) >= 60:  # noqa: PLR2004 - minutes of an hour
        return None
    whole, point, rest = seconds.partition(".")
    return f"{sign}{(int(hours or 0) * 60 + int(minutes)) * 60 + int(whole)}{point}{rest}", SECONDS


def _read(found: Sequence[tuple[int, str]], letters: dict[str, int]) -> tuple[str, str] | None:
    """Amounts from the largest unit to the smallest, all of them of a calendar or all of a clock."""
    kinds = [letters.get(unit, _KINDS.get(unit)) for _, unit in found]
    known = [kind for kind in kinds if kind is not None]
    if len(known) < len(kinds) or not set(known) <= set(letters.values()) or known != sorted(set(known)):
        return None
    return _total([(kind, amount) for kind, (amount, _) in zip(known, found, strict=True)])


def _total(amounts: Sequence[tuple[int, int]]) -> tuple[str, str] | None:
    if not amounts:
        return None
    sums = dict.fromkeys((MONTHS, DAYS, SECONDS), 0.0)
    for kind, amount in amounts:
        unit, many = _AMOUNTS[kind]
        sums[unit] += amount * many
    kinds = {kind for kind, _ in amounts}
    if kinds & {_HOUR, _MINUTE, _SECOND}:
        return None if kinds & {_YEAR, _MONTH} else (_text(sums[SECONDS] + sums[DAYS] * _DAY_SECONDS), SECONDS)
    if kinds & {_YEAR, _MONTH}:
        return _text(sums[MONTHS] + sums[DAYS] / _MONTH_DAYS), MONTHS
    return _text(sums[DAYS]), DAYS


def _text(number: float) -> str:
    return f"{number:.0f}" if number.is_integer() else repr(round(number, 4))
