"""Programs that open a new database at the same moment each make its tables, and all but one fail: so they take turns.

It must not know what is in the database.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SQLITE = "sqlite:///"


@contextmanager
def in_turn(address: str) -> Iterator[None]:
    """Be the only program of this machine in such a block for this database; its folder is made if need be.

    A server's address is nobody's turn: it makes its tables itself.
    """
    if not address.startswith(_SQLITE):
        yield
        return
    folder = Path(address.removeprefix(_SQLITE)).parent
    folder.mkdir(parents=True, exist_ok=True)
    # The folder itself is what is locked: no file stays behind, and whoever is killed holds nothing.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
