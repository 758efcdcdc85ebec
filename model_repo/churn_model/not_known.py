"""Texts that mean «not known» where a number or a date is expected, and dates that say that there is none.

Training, batch and the gateway ask this module alone, so that none takes for a day what is none for another. It must
not know files or protocols.
"""

from collections.abc import Collection
from typing import Any

from churn_model.dates import counted_text, moment, says_when
from churn_model.spelling import unescaped

TOKENS = frozenset(
    {
        "", "na", "n/a", "#n/a", "#na", "n.a.", "nan", "-nan", "nat", "null", "(null)", "none", "nil", "\\n", "?", "??",
        "-", "--", "---", "–", "—", ".", "..", "unknown", "missing", "<na>", "not available", "not applicable",
        "not known", "undefined", "#value!", "#div/0!", "#null!", "#ref!", "#name?", "#num!", "k.a.", "(missing)",
        "error", "#error", "#error!", "unk", "no data", "not provided", "not specified", "unspecified", "n/d", "#n/d",
        "#nv", "#wert!", "#bezug!", "#zahl!", "#valeur!", "#valor!", "#valore!", "#waarde!", "n.v.t.",
    }
)  # fmt: skip
"""What means «not known» where a number or a date is expected, in small letters."""
NEVER = {"31.12.9999", "31/12/9999", "12/31/9999", "99991231", "00000000", "01.01.0001", "0"}
"""Dates and numbers in other spellings than ISO's by which programs say that there is none."""


def says_never(text: str) -> bool:
    """Whether a text stands for no date: 9999-12-31, or a word for «not known»."""
    if _is_word_for_none(text):
        return True
    try:
        return not says_when(moment(text))
    except ValueError:
        return False


def known_date(value: Any, spelling: str, missing: Collection[str]) -> str | None:
    """The text of a date that a caller gave, None where it says that there is none.

    Args:
        value: a text, or a number where dates of this spelling are numbers.
        spelling: of the date.
        missing: texts that the model takes for «not known».

    Raises:
        TypeError: it is neither.
    """
    text = date_text(value, spelling, missing)
    return None if text is None or _is_word_for_none(text) else text


def date_text(value: Any, spelling: str, missing: Collection[str]) -> str | None:
    """The same of a date that has to be there, a snapshot: only what the model takes for «not known» says that it is
    not."""
    given = counted_text(value, spelling)
    text: str = "" if given is None else unescaped(given).strip()
    return None if not text or text in missing else text


def _is_word_for_none(text: str) -> bool:
    return text.lower() in TOKENS or text.removesuffix(".0") in NEVER
