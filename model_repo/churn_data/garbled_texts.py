"""Letters that an export has garbled: UTF-8 read as Windows-1252 (Gespräche as GesprÃ¤che), or lost as U+FFFD.

Such texts are named and stay as they are. A column's levels are what callers send, too, and whether these come from the
same broken export nobody here can know: repaired in files alone, a level would be another one at the gateway. It must
not know what columns mean.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from churn_data.notices import Notices

LOST = "\ufffd"
"""What programs write for a byte that they could not read."""
_LEADS = "\u00c2\u00c3\u00c4\u00c5\u00ce\u00cf\u00d0\u00d1\u00e2-\u00f0"
"""First bytes of the letters of Europe, punctuation and what follows it, as letters."""
_BYTES = {chr(byte): byte for byte in range(0x80, 0x100)} | {
    bytes([byte]).decode("cp1252"): byte for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
"""Characters by the byte that either code page, Windows-1252 or Latin-1, read them from."""
_REST = "".join(map(re.escape, (character for character, byte in _BYTES.items() if byte < 0xC0)))  # noqa: PLR2004
_SEQUENCE = re.compile(f"[{_LEADS}][{_REST}]{{1,3}}")
_BEYOND = re.compile(r"[^\x00-\x7f]+")
_MOST_TIMES = 3


def _read_again(text: str) -> str | None:
    """A text as UTF-8 of the bytes that its characters were read from; None if it is none, or nothing of it was."""
    try:
        meant = bytes(_BYTES.get(character) or ord(character) for character in text).decode("utf-8")
    except ValueError:
        return None
    return None if meant == text else meant


def meant_by(text: str) -> str | None:
    """What a garbled text says; None for others: every character beyond ASCII has to be a part of a garbled letter."""
    meant = text
    for _ in range(_MOST_TIMES):
        again = _read_again(meant) if _SEQUENCE.search(meant) else None
        if again is None:
            break
        meant = again
    return None if meant == text else meant


def tell_garbled(
    name: str, counts: Mapping[str, int], row_of: Callable[[Iterable[str]], int], notices: Notices
) -> None:
    """Tell of a column's garbled texts, by letters alone: a text may be a customer's name.

    Args:
        name: of the column.
        counts: rows by text, each beyond ASCII.
        row_of: the first row that has one of these texts.
        notices: told.
    """
    meant = {text: found for text in counts if (found := meant_by(text))}
    if meant:
        first = next(iter(meant))
        both = ", beside rows where they are right" if not counts.keys().isdisjoint(meant.values()) else ""
        text = (
            f"{_rows(row_of(meant), sum(counts[each] for each in meant))} letters that an export has garbled, "
            f"{_letters(first)}{both}: kept as they are; export the file again as UTF-8"
        )
        notices.tell("garbled letters", text, name)
    lost = [text for text in counts if LOST in text]
    if lost:
        where = _rows(row_of(lost), sum(counts[each] for each in lost))
        text = f"{where} the sign for letters that an export has lost (U+FFFD): kept as it is; export the file again"
        notices.tell("lost letters", text, name)


def tell_garbled_name(name: str, notices: Notices) -> None:
    """Tell of a column whose own name is garbled."""
    if name.isascii():
        return
    if meant_by(name):
        problem = f"its name has letters that an export has garbled, {_letters(name)}"
        notices.tell("garbled letters", f"{problem}: kept as it is; export the file again as UTF-8", name)
    elif LOST in name:
        problem = "its name has the sign for letters that an export has lost (U+FFFD)"
        notices.tell("lost letters", f"{problem}: kept as it is; export the file again", name)


def _letters(text: str) -> str:
    """The first garbled letter of a text, and what it was."""
    run = _BEYOND.findall(text)[0]
    pairs = ((run[:end], meant_by(run[:end])) for end in range(2, len(run) + 1))
    letter, meant = next(((part, one) for part, one in pairs if one and len(one) == 1 and one not in _LEADS), ("", ""))
    return f'"{letter}" for "{meant}"' if letter else f"{len(run)} in a row"


def _rows(first: int, count: int) -> str:
    return f"row {first} has" if count == 1 else f"row {first} and {count - 1:,} other{'s' * (count > 2)} have"  # noqa: PLR2004
