"""Since when no scores can be fetched: a note beside the batches, by the process that fetches for the pages that tell.

It must not know where scores come from.
"""

import os
from pathlib import Path

import msgspec

_FILE = "fetching.json"


class Fetching(msgspec.Struct, frozen=True):
    """``away_since``: seconds since 1970 when where scores come from stopped answering; None: it answers."""

    away_since: float | None = None


def fetching_of(folder: Path) -> Fetching:
    """What the note of a folder says; nothing where nobody fetches."""
    try:
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=Fetching)
    except (OSError, msgspec.DecodeError):
        return Fetching()


def leave(folder: Path, note: Fetching) -> None:
    """Put a note there, whole."""
    temporary = folder / f".{_FILE}.{os.getpid()}"
    temporary.write_bytes(msgspec.json.encode(note))
    temporary.replace(folder / _FILE)
