"""Numbers as people and spreadsheets write them: `1,234.50`, `1.234,50`, `$12`, `€ 12`, `12,5`, `12 %`.

A column decides together what its texts are; a text that does not fit the others is no number. It must not know files.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from churn_data.dialects import Decimal

TOKENS = frozenset(
    {
        "", "na", "n/a", "#n/a", "#na", "n.a.", "nan", "-nan", "nat", "null", "(null)", "none", "nil", "\\n", "?", "??",
        "-", "--", "---", "–", "—", ".", "..", "unknown", "missing", "<na>", "not available", "not applicable",
        "not known", "undefined", "#value!", "#div/0!", "#null!", "#ref!", "#name?", "#num!", "k.a.", "(missing)",
    }
)  # fmt: skip
"""What means «not known» in a column of numbers, in small letters."""
_CODES = {"USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "CZK", "BRL", "KR"}
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EXPONENT = r"([eE][+-]?\d+)?"
_GAPS = " '\u00a0\u202f\u2009\u2019"
_FORMS: dict[Decimal, re.Pattern[str]] = {
    ".": re.compile(rf"[+-]?([1-9]\d{{0,2}}(?:([,{_GAPS}])\d{{3}})(?:\2\d{{3}})*|\d+)?(\.\d*)?{_EXPONENT}", re.ASCII),
    ",": re.compile(rf"[+-]?([1-9]\d{{0,2}}(?:([.{_GAPS}])\d{{3}})(?:\2\d{{3}})*|\d+)?(,\d*)?{_EXPONENT}", re.ASCII),
}
_STRIPPED: dict[Decimal, dict[int, str | None]] = {
    ".": {ord(sign): None for sign in f",{_GAPS}"},
    ",": {**{ord(sign): None for sign in f".{_GAPS}"}, ord(","): "."},
}


def is_plain(text: str) -> bool:
    """Whether a text is a number as programs write it."""
    return _PLAIN.fullmatch(text) is not None


@dataclass
class NumberColumn:
    """What the texts of one column have been so far; it learns from every part of a file and holds later parts to it.

    ``decimal`` is the column's own sign once its texts have told; ``affix`` what stands beside its numbers.
    """

    default: Decimal = "."
    decimal: Decimal | None = None
    affix: str | None = None
    grouped: bool = False
    tokens: dict[str, int] = field(default_factory=dict)
    example: tuple[str, float] | None = None

    @property
    def takes_plain(self) -> bool:
        """Whether a number as programs write it is what it seems to be."""
        return self.default == "." and self.decimal in (None, ".") and not self.affix

    def read(self, counts: Mapping[str, int]) -> tuple[dict[str, float], list[str]]:
        """What each text is, NaN for one that says «not known», and the texts that are no number.

        Args:
            counts: how often each text occurs, trimmed and not empty.
        """
        if self.takes_plain:
            values = _plain(counts)
            if values is not None:
                self.decimal = "." if any("." in text for text in counts) else self.decimal
                return values, []
        found: dict[str, float] = {}
        rest: list[str] = []
        for text, count in counts.items():
            if text.lower() in TOKENS:
                found[text] = math.nan
                self.tokens[text] = self.tokens.get(text, 0) + count
            else:
                rest.append(text)
        values, others = self._numbers(rest, counts)
        return {**found, **values}, others

    def _numbers(self, texts: list[str], counts: Mapping[str, int]) -> tuple[dict[str, float], list[str]]:
        bodies = self._without_affix(texts, counts)
        signs: tuple[Decimal, ...] = (self.decimal,) if self.decimal else (".", ",")
        read = {sign: {text: number for text, body in bodies.items() if (number := _number(body, sign)) is not None}
                for sign in signs}  # fmt: skip
        weights = {sign: sum(counts[text] for text in values) for sign, values in read.items()}
        best = max(signs, key=lambda sign: (weights[sign], sign == self.default))
        values = read[best]
        if len(signs) > 1 and any(read["."].get(text) != read[","].get(text) for text in bodies):
            self.decimal = best
        self._remember(values)
        return values, [text for text in texts if text not in values]

    def _without_affix(self, texts: Iterable[str], counts: Mapping[str, int]) -> dict[str, str]:
        """Texts without the sign of a currency or of per cent, if the column has one and only one. Every number has a
        per cent sign, or none; a currency may be left away."""
        parts = {text: _split(text) for text in texts}
        weights: dict[str, int] = {}
        for text, (_, affix) in parts.items():
            weights[affix] = weights.get(affix, 0) + counts[text]
        if self.affix is None and weights:
            named = max((affix for affix in weights if affix), key=weights.__getitem__, default="")
            if named and (named != "%" or weights[named] > weights.get("", 0)):
                self.affix = named
        allowed = {self.affix or ""} if self.affix == "%" else {"", self.affix or ""}
        return {text: body for text, (body, affix) in parts.items() if affix in allowed}

    def _remember(self, values: Mapping[str, float]) -> None:
        for text, value in values.items():
            if self.example is None and not (_PLAIN.fullmatch(text) and float(text) == value):
                self.example = (text, value)

    def findings(self) -> list[tuple[str, str]]:
        """What is worth saying about the column, as kind and sentence."""
        found: list[tuple[str, str]] = []
        if self.tokens:
            shown = ", ".join(f'"{text[:20]}" {count:,} times' for text, count in sorted(self.tokens.items())[:4])
            found.append(("missing tokens", f"a column of numbers, {shown} {_be(self.tokens)} read as missing"))
        if self.example:
            text, value = self.example
            found.append(("number form", f'texts such as "{text[:30]}" are read as numbers, {value:g}'))
        return found


def _be(tokens: Mapping[str, int]) -> str:
    return "is" if len(tokens) == 1 else "are"


def _plain(texts: Iterable[str]) -> dict[str, float] | None:
    """All texts as Python's own numbers; None if one is not."""
    try:
        values = {text: float(text) for text in texts}
    except ValueError:
        return None
    odd = any(value != value or "_" in text or not text.isascii() for text, value in values.items())  # noqa: PLR0124
    return None if odd else values


def _split(text: str) -> tuple[str, str]:
    """A number's text and the sign of a currency or of per cent beside it; empty if it has none."""
    text = text.replace("\u2212", "-")
    if text.endswith("%"):
        return text[:-1].rstrip(), "%"
    sign = text[0] if text[0] in "+-" else ""
    body = text[len(sign) :].lstrip()
    for length in (1, 2, 3):
        start, end = body[:length], body[-length:]
        if _is_currency(start):
            rest = body[length:].lstrip()
            return (rest if rest.startswith("-") and not sign else sign + rest), start.upper()
        if _is_currency(end):
            return sign + body[:-length].rstrip(), end.upper()
    return sign + body, ""


def _is_currency(text: str) -> bool:
    return text.upper() in _CODES or (len(text) == 1 and unicodedata.category(text) == "Sc")


def _number(body: str, decimal: Decimal) -> float | None:
    match = _FORMS[decimal].fullmatch(body)
    if match is None or not any(map(str.isdigit, body)):
        return float(body) if body.lower().lstrip("+-") in ("inf", "infinity") else None
    return float(body.translate(_STRIPPED[decimal]))
