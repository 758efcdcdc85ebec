"""The encoding of a text file that carries no mark: UTF-8, the code page that its words tell, or Windows-1252.

It looks at bytes alone and must not know fields.
"""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from churn_data.code_pages import MAY_BE_WESTERN, WESTERN, CodePage, code_page_of

BLOCK = 1 << 20
_NO_WINDOWS = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))
"""Bytes that Windows-1252 has no character for."""
_LONGEST_LINE = 1 << 16
UTF8 = CodePage("utf-8", "")


def code_page_in(path: Path) -> CodePage:
    """UTF-8 if all of the file is, or most of what is beyond ASCII in it: then it is broken and reading it will name
    the row. Else the code page that its words tell, or Windows-1252 if it may be that; else UTF-8, broken as it is."""
    kind = _kind_of(path)
    if kind == "UTF-8":
        return UTF8
    with path.open("rb") as stream:
        lines = iter(lambda: stream.readline(_LONGEST_LINE), b"")
        found = code_page_of(line for line in lines if not line.isascii())
    if found == MAY_BE_WESTERN:
        return found if kind == WESTERN else UTF8
    return found if found is not None and _is_whole(path, found.codec) else UTF8


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from iter(lambda: stream.read(BLOCK), b"")


def _kind_of(path: Path) -> Literal["UTF-8", "cp1252", "another"]:
    """UTF-8; Windows-1252 where no two bytes beyond ASCII are UTF-8 and it has a character for each; or neither."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    beyond, is_windows = False, True
    for block in _blocks(path):
        if block.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(block)
        different = {character for character in set(text) if not character.isascii()}
        lone = {character for character in different if "\udc80" <= character <= "\udcff"}
        if lone != different:
            if _count(text, lone) <= _count(text, different - lone):
                return "UTF-8"
            is_windows = False
        beyond = beyond or bool(lone)
        is_windows = is_windows and _NO_WINDOWS.isdisjoint(ord(character) - 0xDC00 for character in lone)
    beyond = beyond or any("\udc80" <= character <= "\udcff" for character in decoder.decode(b"", final=True))
    if not beyond:
        return "UTF-8"
    return WESTERN if is_windows else "another"


def _count(text: str, characters: set[str]) -> int:
    return sum(map(text.count, characters))


def _is_whole(path: Path, codec: str) -> bool:
    """Whether all of a file is text in this code page, which has a byte a character."""
    try:
        for block in _blocks(path):
            block.decode(codec)
    except UnicodeDecodeError:
        return False
    return True
