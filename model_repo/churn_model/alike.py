"""The word that somebody may have meant by one that is none of those that may stand there.

It knows letters, not meanings.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_ALIKE = 0.6
_LONGEST = 64
_MOST = 2_000


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of the words that is most like this one, whatever their capitals; None: nothing is like it."""
    by_letters = {known.casefold(): known for known in words}
    if len(word) > _LONGEST or len(by_letters) > _MOST:  # looking takes the product of both
        return by_letters.get(word.casefold())
    found = get_close_matches(word.casefold(), by_letters, 1, _ALIKE)
    return by_letters[found[0]] if found else None


def meant(word: str, words: Iterable[str]) -> str:
    """What a message about a name that is none of these ends with; empty where nothing is like it."""
    near = nearest(word, words)
    return f"; did you mean {near!r}?" if near else ""


def listed(words: Sequence[str]) -> str:
    """The words as a sentence has them: a, b and c."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
