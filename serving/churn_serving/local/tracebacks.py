"""Logs as a person reads them who is told why a start failed: of a traceback only what went wrong.

The log file keeps the rest. It knows how Python writes tracebacks, and nothing of services.
"""

import re
from collections.abc import Sequence

_BEGINS = re.compile(r"\s*(\+ )?(Exception Group )?Traceback \(most recent call last\):$")
_IN_BETWEEN = ("During handling of the above exception", "The above exception was the direct cause")


def without_tracebacks(lines: Sequence[str]) -> list[str]:
    """The lines, but of each traceback those alone that name an exception; of exceptions that led to each other, the
    last. A log cut within a traceback begins with what follows its indented lines."""
    told: list[str] = []
    inside = bool(lines) and lines[0].startswith((" ", "\t"))
    named: int | None = None  # where the exception is told that another one may have followed from
    for line in lines:
        if _BEGINS.match(line):
            if named is not None:
                del told[named:]
            inside, named = True, None
        elif inside and line.startswith((" ", "\t")):
            continue
        elif inside:
            inside = False
            told.append(line)
        elif line.startswith(_IN_BETWEEN):
            named = len(told) - 1 if told else None
        elif line.strip():
            told.append(line)
    return told
