"""One number's text taken apart: its digits, and what stands beside them, a currency, per cent, a unit, a magnitude.

Digits of every script are digits; `(1,234.00)` and `1234.00-` are below zero, as accountants write them; `2.5M` and
`-1.0K` are whole numbers of a magnitude; sizes of data become GB, lengths of time seconds, days or months, whatever
unit a text has, so that files in other units mean the same; `$9.99/mo` is an amount a month. It must not know columns.
"""

import re
import unicodedata
from typing import NamedTuple

from churn_data.durations import TIME_UNITS, duration_of

_CURRENCIES = {
    "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "CZK", "BRL", "KR",
    "TRY", "TL", "RUB", "MXN", "ZAR", "HUF", "RON", "KRW", "R$", "ZŁ", "KČ", "円", "元", "원",
}  # fmt: skip
_MAGNITUDES = {
    "k": 3, "K": 3, "Tsd": 3, "Tsd.": 3, "M": 6, "Mio": 6, "Mio.": 6, "MM": 6, "mn": 6, "B": 9, "bn": 9, "Bn": 9,
    "Mrd": 9, "Mrd.": 9,
}  # fmt: skip
"""Powers of ten by their signs, as they are written: `m` is a minute, a metre or a month."""
_UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("tb", "tbyte"), ("GB", 1e3)),
    **dict.fromkeys(("gb", "gbyte", "gigabyte", "gigabytes"), ("GB", 1.0)),
    **dict.fromkeys(("mb", "mbyte", "megabyte", "megabytes"), ("GB", 1e-3)),
    **dict.fromkeys(("kb", "kbyte", "kilobyte", "kilobytes"), ("GB", 1e-6)),
    "gib": ("GB", 1.073741824), "mib": ("GB", 0.001048576), "tib": ("GB", 1099.511627776), "kib": ("GB", 1.024e-6),
    **TIME_UNITS, "ms": ("seconds", 1e-3),
    **{unit: (unit, 1.0) for unit in ("km", "kg", "kwh", "mbps", "gbps", "pts", "points", "stk", "pcs")},
}  # fmt: skip
"""What each unit, in small letters, is counted in and how many of that it is."""
_PERIODS = {
    **dict.fromkeys(("mo", "month", "monat", "mois", "mes", "mese"), "a month"),
    **dict.fromkeys(("yr", "year", "annum", "jahr", "an", "año", "anno"), "a year"),
    **dict.fromkeys(("wk", "week", "woche", "semaine", "semana"), "a week"), "day": "a day", "tag": "a day",
}  # fmt: skip
"""What an amount is paid for, by how it is written behind a stroke or «per»."""
_PERIOD = re.compile(rf"(.*\d[^/]*?)\s*(?:/|\bper\b)\s*({'|'.join(_PERIODS)})\.?", re.DOTALL | re.IGNORECASE)
_ENDING = re.compile(r"(.*[\d.,])\s*([^\W\d_]+\.?)", re.DOTALL)
_SIGNS = str.maketrans({"\u2212": "-", "\u066b": ".", "\u066c": ",", "\u066a": "%", "\u060c": ","})
_BELOW_ZERO = re.compile(r"\((?P<body>[^()]*\d[^()]*)\)(?P<per_cent>\s*%)?|(?P<sign>[^()-]*\d[^()-]*)-")


class Parts(NamedTuple):
    """``body`` is the text of the number itself, ``affix`` what it is counted in (empty: nothing is said; texts of a
    column must agree), ``factor`` how many of that one is, ``power`` of ten that a magnitude stands for."""

    body: str
    affix: str = ""
    factor: float = 1.0
    power: int = 0


def parts_of(text: str) -> Parts:
    """A text taken apart, as far as anything in it can be a number."""
    text = _signs(text)
    duration = duration_of(text)
    if duration is not None:
        return Parts(*duration)
    below = _BELOW_ZERO.fullmatch(text)
    if below is not None:
        text = f"-{(below['body'] or below['sign']).strip()}{below['per_cent'] or ''}"
    if text.endswith("%"):
        return Parts(text[:-1].rstrip(), "%")
    period = _PERIOD.fullmatch(text) if text[-1:].isalpha() or text[-1:] == "." else None
    if period is not None:
        return Parts(_without_currency(period[1])[0], _PERIODS[period[2].lower()])
    body, currency = _without_currency(text)
    found = _ENDING.fullmatch(body)
    if found is None:
        return Parts(body, currency)
    if found[2] in _MAGNITUDES:
        return Parts(found[1], currency, power=_MAGNITUDES[found[2]])
    unit = _UNITS.get(found[2].lower().rstrip("."))
    return Parts(body, currency) if unit is None or currency else Parts(found[1], *unit)


def is_exclusive(affix: str) -> bool:
    """Whether every number of a column has to have it, or none; a currency may be left away."""
    return bool(affix) and not _is_currency(affix)


def _signs(text: str) -> str:
    """With the digits and signs of every script as ASCII has them."""
    if text.isascii():
        return text
    plain = text.translate(_SIGNS)
    digits = (str(unicodedata.decimal(each)) if each.isdecimal() else each for each in plain)
    return "".join(unicodedata.normalize("NFKC", each) if "\uff00" <= each <= "\uff5e" else each for each in digits)


def _without_currency(text: str) -> tuple[str, str]:
    sign = text[0] if text and text[0] in "+-" else ""
    body = text[len(sign) :].lstrip()
    for length in (1, 2, 3):
        start, end = body[:length], body[-length:]
        if _is_currency(start) and not body[length:].lstrip()[:1].isalpha():
            rest = body[length:].lstrip()
            return (rest if rest.startswith("-") and not sign else sign + rest), start.upper()
        if _is_currency(end) and not body[: -length or None].rstrip()[-1:].isalpha():
            return sign + body[:-length].rstrip(), end.upper()
    return sign + body, ""


def _is_currency(text: str) -> bool:
    return text.upper() in _CURRENCIES or (len(text) == 1 and unicodedata.category(text) == "Sc")
