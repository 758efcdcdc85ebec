"""Which names a use case and a model may have for columns, actions and segments.

Nearly any text: names come from the headers of other people's files, with quotes, line breaks and emoji in them, and
are data wherever they go. Only what no protocol can carry, or nobody can read, is refused, where it is first read.
"""

import re

MAXIMUM_NAME = 128
"""Characters of a name; every fault of a request shows names of that length whole."""
_USECASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAXIMUM_USECASE = 40


def name_fault(name: str) -> str:
    """What is wrong with a name, as the end of a sentence; empty if nothing is."""
    if not name.strip():
        return "is empty"
    if len(name) > MAXIMUM_NAME:
        return f"is longer than {MAXIMUM_NAME} characters"
    return unicode_fault(name)


def unicode_fault(text: str) -> str:
    """What keeps any text from being carried by every protocol, as the end of a sentence; empty if nothing does."""
    if "\x00" in text:
        return "holds a zero character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "is not Unicode text"
    return ""


def usecase_name_fault(name: str) -> str:
    """The same for a use case, whose name becomes part of paths, host names and labels."""
    if len(name) > _MAXIMUM_USECASE or not _USECASE.fullmatch(name):
        return f"must be at most {_MAXIMUM_USECASE} lower-case letters, digits and hyphens between them"
    return ""
