"""Column names as people wrote them, taken apart into words: `seniorCitizen`, `Total_Trans_Ct`, `customerID`.

What words mean is for others to say; it must not know columns' contents.
"""

import re
import unicodedata

LONGEST_LABEL = 60
_WORD = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|\d+|[^\W_]")


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in small letters, split at signs, digits and the humps of camelCase."""
    return tuple(word.lower() for word in _WORD.findall(unicodedata.normalize("NFC", name)))


def human_label(name: str) -> str:
    """The name as a person would write it in a sentence: small letters but for acronyms, at most 60 characters."""
    spaced = re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-zà-öø-ÿ])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)).split()
    small = [word if len(word) > 1 and word.isupper() and len(spaced) > 1 else word.lower() for word in spaced]
    label = " ".join(small) or (name.strip() if name.isprintable() else ascii(name)[1:-1])
    if len(label) <= LONGEST_LABEL:
        return label
    whole = label[:LONGEST_LABEL].rsplit(" ", 1)[0] if " " in label[:LONGEST_LABEL] else label[: LONGEST_LABEL - 1]
    return f"{whole}…"
