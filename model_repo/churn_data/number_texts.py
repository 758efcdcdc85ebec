"""Numbers as people and spreadsheets write them: `1,234.50`, `1.234,50`, `12,34,567`, `$12`, `€ 12`, `12,5`,
`12 %`.

A column decides together what its texts are; a text that does not fit the others is no number. It must not know files.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from churn_data.dialects import Decimal
from churn_data.durations import MONTHS, SECONDS, short_duration
from churn_data.number_parts import Parts, is_exclusive, parts_of
from churn_model.not_known import TOKENS

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SIMPLE = re.compile(r"[+-]?[\d.,]+", re.ASCII)
_MONTHS = re.compile(r"\d{1,3} ?[MB]", re.ASCII)
_EXPONENT = r"([eE][+-]?\d+)?"
_GAPS = " '\u00a0\u202f\u2009\u2019"
_SIGNS: tuple[tuple[Decimal, str, str, str], ...] = (
    (".", r"\.", ",", r"[1-9]\d?(?:,\d\d)+,\d{3}|"),
    (",", ",", ".", ""),
)
"""A decimal sign, its pattern, what groups digits by three with it, and how India groups them: 12,34,567."""
_FORMS: dict[Decimal, re.Pattern[str]] = {
    sign: re.compile(
        rf"(?=[+-]?{mark}?\d)[+-]?"  # an exponent alone is no number
        rf"([1-9]\d{{0,2}}(?:([{group}{_GAPS}])\d{{3}})(?:\2\d{{3}})*|{lakhs}\d+)?({mark}\d*)?{_EXPONENT}",
        re.ASCII,
    )
    for sign, mark, group, lakhs in _SIGNS
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
        parts = self._agreeing(texts, counts)
        signs: tuple[Decimal, ...] = (self.decimal,) if self.decimal else (".", ",")
        read = {sign: {text: number for text, each in parts.items() if (number := number_of(each, sign)) is not None}
                for sign in signs}  # fmt: skip
        weights = {sign: sum(counts[text] for text in values) for sign, values in read.items()}
        best = max(signs, key=lambda sign: (weights[sign], sign == self.default))
        values = read[best]
        if len(signs) > 1 and any(read["."].get(text) != read[","].get(text) for text in parts):
            self.decimal = best
        self._remember(values)
        return values, [text for text in texts if text not in values]

    def _agreeing(self, texts: Iterable[str], counts: Mapping[str, int]) -> dict[str, Parts]:
        """Texts taken apart that are counted in what the column is, if it has one and only one such thing. Every number
        has a per cent sign or a unit, or none; a currency may be left away, and zero is zero in any unit."""
        parts = {text: parts_of(text) for text in texts}
        weights: dict[str, int] = {}
        for text, each in parts.items():
            weights[each.affix] = weights.get(each.affix, 0) + counts[text]
        if self.affix is None and weights:
            named = max((affix for affix in weights if affix), key=weights.__getitem__, default="")
            if named and (not is_exclusive(named) or weights[named] > weights.get("", 0)):
                self.affix = named
        own = self.affix or ""
        for text, each in parts.items() if own in (MONTHS, SECONDS) else ():
            short = None if each.affix else short_duration(text, own)
            if short is not None:
                parts[text] = Parts(repr(short), own)
        return {
            text: each
            for text, each in parts.items()
            if each.affix == own or (not each.affix and (not is_exclusive(own) or not each.body.strip("-0.,")))
        }

    def _remember(self, values: Mapping[str, float]) -> None:
        """Keep an example of what is not plain, rather one with more than a decimal sign of its own."""
        for text, value in values.items():
            better = self.example is None or bool(_SIMPLE.fullmatch(self.example[0]) and not _SIMPLE.fullmatch(text))
            if better and not (_PLAIN.fullmatch(text) and float(text) == value):
                self.example = (text, value)

    def findings(self) -> list[tuple[str, str]]:
        """What is worth saying about the column, as kind and sentence."""
        found: list[tuple[str, str]] = []
        if self.tokens:
            shown = ", ".join(f'"{text[:20]}" {count:,} times' for text, count in sorted(self.tokens.items())[:4])
            found.append(("missing tokens", f"a column of numbers, {shown} {_be(self.tokens)} read as missing"))
        if self.example:
            text, value = self.example
            unit = f" {self.affix}" if self.affix and is_exclusive(self.affix) and self.affix != "%" else ""
            found.append(("number form", f'texts such as "{text[:30]}" are read as numbers, {value:.10g}{unit}'))
        return found


def may_be_months(texts: Iterable[str]) -> bool:
    """Whether all texts are like `12M` or `2B`, which are lengths of contracts or codes rather than millions."""
    return all(map(_MONTHS.fullmatch, texts))


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


def number_of(parts: Parts, decimal: Decimal) -> float | None:
    """The number that a text spells where `decimal` is the decimal sign, in its own unit; None if it spells none."""
    body = parts.body
    match = _FORMS[decimal].fullmatch(body)
    if match is None:
        return float(body) if body.lower().lstrip("+-") in ("inf", "infinity") else None
    plain = body.translate(_STRIPPED[decimal])
    if not parts.power:
        return float(plain) * parts.factor
    return None if "e" in plain.lower() else float(f"{plain}e{parts.power}")
