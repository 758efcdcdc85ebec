"""One spelling: what a category's value is, however it was written and whichever way it came in.

` Yes` and `Yes`, `True` of a CSV file and true of JSON or Parquet, 415 and 415.0, non-breaking spaces, composed and
decomposed accents, `R&amp;D` of a web page and `R&D` are each one level. Training, batch and every door of a server ask
this module alone, so all give the same bits. It must not know files, protocols or models.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from functools import cached_property
from html import unescape
from html.entities import html5
from operator import contains, itemgetter
from typing import Any

MAXIMUM_TEXT = 256
"""Characters of a category's value."""

_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
# Spaces of every width are one; what cannot be seen at all is nothing (joiners stay: emoji are made with them).
_AS_SEEN = str.maketrans({**dict.fromkeys(_SPACES, " "), **dict.fromkeys("\u200b\u2060\ufeff", "")})
_BOOLEANS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}
TRUTH = {
    **dict.fromkeys(("1", "y", "yes", "t", "true", "j", "ja", "wahr", "oui", "vrai", "si", "sí", "sì", "sim", "evet",
                     "tak", "да", "是", "on", "kyllä", "ano", "áno", "igen", "ναι", "نعم", "はい", "예"), "true"),  # noqa: RUF001 - Greek
    **dict.fromkeys(("0", "n", "no", "f", "false", "nein", "falsch", "non", "faux", "não", "hayır", "nie", "нет", "否",  # noqa: RUF001 - Turkish
                     "off", "nee", "nej", "nei", "ei", "ne", "nem", "όχι", "لا", "いいえ", "아니요"), "false"),
}  # fmt: skip
"""Truth values by the words that people have for them, in small letters."""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_SCIENTIFIC = re.compile(r"-?(\d(\.\d+)?e[+-]\d+|0\.0000\d+)", re.ASCII)
_LONGEST_ESCAPED = 4 * MAXIMUM_TEXT
"""Characters of a text beyond which no characters of HTML are looked for: each may hide another one."""
_NAN = float("nan")
_MOST_COMPARED, _LONGEST_COMPARED = 64, 64
"""Levels, and characters of a text, up to which the nearest level is looked for letter by letter."""
_LIKE = 0.75
_LONGEST_WHOLE = 40
"""Characters of a text that can be a float's digits; a longer one is not looked at as a number."""
Value = float | int | str | bool | None
Note = tuple[int, int, bool]
"""What a row has at a feature: the row's number, the feature's, and whether it is a level that training never saw;
otherwise the value is missing."""


def canonical(value: Value) -> str | None:
    """The one spelling of a category's value; None if it is missing.

    Texts are trimmed, in Unicode's composed form (NFC), with plain spaces; truth values are `true` and `false`, whole
    numbers their digits. What composing made longer than :data:`MAXIMUM_TEXT` is cut, for it is no level of any model.
    The canonical form of a canonical form is itself.
    """
    if isinstance(value, str):
        text = _text(value)
        return canonical(text[:MAXIMUM_TEXT]) if len(text) > MAXIMUM_TEXT else text or None
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    whole = isinstance(value, int) or value.is_integer()
    return str(int(value) if whole else value)[:MAXIMUM_TEXT]


def _text(text: str) -> str:
    text = _composed(text)
    while "&" in text and len(text) <= _LONGEST_ESCAPED:
        plain = _composed(unescaped(text))
        if plain == text:
            break
        text = plain
    text = text.strip()
    if text[-1:].isdigit() and (".0" in text or "e+" in text or "e-" in text or text == "-0"):
        text = _number(text)
    return _BOOLEANS.get(text, text)


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text.translate(_AS_SEEN))


def unescaped(text: str) -> str:
    """A text with the characters that HTML writes as `&amp;`, `&#39;` or `&nbsp;`; what HTML does not know stays."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def first_entity(text: str) -> tuple[str, str]:
    """The first character that a text writes as HTML does, as it is written and as it is."""
    found = next(each for each in _ENTITY.finditer(text) if _character(each) != each[0])
    return found[0], _character(found)


def _character(entity: re.Match[str]) -> str:
    text = entity[0]
    return unescape(text) if text[1] == "#" else html5.get(text[1:], text)


def _number(text: str) -> str:
    """The one spelling of a number that was written as programs write floats: `415.0`, `1e+16`, `1e-7`, `0.00001`,
    `-0`; any other text as it is."""
    if not text.isascii() or len(text) > _LONGEST_WHOLE:
        return text
    digits, point, rest = text.partition(".")
    unsigned = digits.removeprefix("-")
    if point and not rest.strip("0"):
        plain = unsigned.isdigit() and (unsigned == "0" or not unsigned.startswith("0"))
        return ("0" if unsigned == "0" else digits) if plain else text
    number = float(text) if text == "-0" or _SCIENTIFIC.fullmatch(text) else math.nan
    return canonical(number) or text if math.isfinite(number) else text


def tokens_of(missing: Iterable[str]) -> frozenset[str]:
    """Texts that mean «not known», the numbers among them as programs write those: -999 and -999.0."""
    tokens = frozenset(missing)
    return tokens.union(*((f"{number:.15g}", repr(number)) for number in numbers_of(tokens)))


def numbers_of(tokens: Iterable[str]) -> frozenset[float]:
    """The numbers among texts that mean «not known», such as -999, which mean it however they are written or sent."""
    return frozenset(filter(math.isfinite, (number for token in tokens for number in _float(token))))


def _float(text: str) -> tuple[float, ...]:
    try:
        return (float(text),)
    except ValueError:
        return ()


def truth_of(text: str) -> str | None:
    """`true` or `false` where a text is a word for it, else None."""
    return TRUTH.get(text.casefold())


class Levels:
    """The levels of one category as training learned them, found by any spelling; immutable."""

    def __init__(self, levels: Iterable[str], missing: Iterable[str]) -> None:
        self.levels = tuple(levels)
        self.missing = frozenset(map(canonical, tokens_of(missing))) | {None}
        known: dict[str | None, str | None] = dict.fromkeys(self.missing)
        known.update({canonical(level): level for level in reversed(self.levels)})
        known.update(zip(self.levels, self.levels, strict=True))
        known[None] = None
        self._is_truth = set(self.levels) == {"true", "false"}
        self.known = known
        """Spellings that need no thought: every level, its canonical form, and the texts for missing."""

    def nearest(self, text: str) -> str | None:
        """The level that somebody may have meant by one that training never saw; None if none is much like it. Codes
        of digits, as postal ones, are much alike and mean nothing of the kind."""
        folded = _folded(text)
        same = self._folded.get(folded)
        too_much = len(self.levels) > _MOST_COMPARED or len(text) > _LONGEST_COMPARED
        if same is not None or too_much or folded.isdecimal():
            return same
        close = get_close_matches(folded, self._folded, 1, _LIKE)
        return self._folded[close[0]] if close else None

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {_folded(level): level for level in reversed(self.levels)}

    def find(self, value: Value) -> tuple[str | None, bool]:
        """The level that a value means (None: missing) and whether training knew it; a new one in its one spelling.
        Where levels are truth values, every word for one is."""
        text = canonical(value)
        if text in self.known:
            return self.known[text], True
        meant = truth_of(text or "") if self._is_truth else None
        return (text, False) if meant is None else (meant, True)


def _folded(text: str) -> str:
    """A text without what people get wrong most often: capitals, blanks and signs."""
    return "".join(filter(str.isalnum, text.casefold()))


class RowSpelling:
    """Makes rows of the values of requests for one schema; compiled once, immutable.

    A row of known levels without anything missing is recognised by one look-up a category, at C speed.
    """

    def __init__(
        self, levels: Sequence[Levels | None], unknown: Iterable[float] = (), amounts: Iterable[int] = ()
    ) -> None:
        """`levels` has one entry a feature, None for a number; `unknown` are the numbers that mean «not known» at the
        places `amounts`, which leave out dates: their numbers are days."""
        self.levels = tuple(levels)
        self.unknown = frozenset(unknown)
        self._amounts = frozenset(amounts) if self.unknown else frozenset()
        places = [place for place, of_category in enumerate(self.levels) if of_category is not None]
        self._known = [frozenset(of_category.levels) for of_category in self.levels if of_category is not None]
        self._categories = _picker(places)

    def row(self, values: Sequence[Any], number: int, notes: list[Note]) -> Sequence[float | str | None]:
        """The row that these values make, in schema order; None is a missing value of either type. What is missing or
        new is added to `notes` under the row's `number`."""
        if self._amounts and any(values[place] in self.unknown for place in self._amounts):
            values = [self._known_amount(place, value) for place, value in enumerate(values)]
        if None not in values and all(map(contains, self._known, self._categories(values))):
            return values
        row: list[float | str | None] = []
        for place, (value, levels) in enumerate(zip(values, self.levels, strict=True)):
            if levels is not None:
                found, known = levels.find(value)
                row.append(found)
                if found is None or not known:
                    notes.append((number, place, not known))
            elif value is None or value != value:  # noqa: PLR0124 - NaN
                row.append(_NAN)
                notes.append((number, place, False))
            else:
                row.append(float(value))
        return row

    def _known_amount(self, place: int, value: Any) -> Any:
        return None if place in self._amounts and value in self.unknown else value

    def notes(self, rows: Iterable[Sequence[float | str | None]], first: int = 0) -> list[Note]:
        """What is missing or new in rows, the first of which has number `first`."""
        notes: list[Note] = []
        for number, row in enumerate(rows, first):
            if all(map(contains, self._known, self._categories(row))) and not any(map(_is_missing, row)):
                continue
            for place, (value, levels) in enumerate(zip(row, self.levels, strict=True)):
                missing = _is_missing(value)
                if missing or (levels is not None and not levels.find(value)[1]):
                    notes.append((number, place, not missing))
        return notes


def _is_missing(value: float | str | None) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN


def _picker(places: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """What picks the values at these places."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: [values[place] for place in places]
