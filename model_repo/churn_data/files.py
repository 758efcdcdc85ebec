"""What a file is before anybody knows what is in it: whether it is there, and which bytes it has.

It must load nothing: `churn up` asks it before it knows whether anything must be learnt.
"""

import hashlib
from pathlib import Path

from churn_data.errors import DataError


def require_file(path: Path) -> None:
    """Return if there is a file.

    Raises:
        DataError: there is none, or it is something else.
    """
    if not path.exists():
        raise DataError(str(path), "no such file")
    refuse_other_kinds(path)


def refuse_other_kinds(path: Path) -> None:
    """Return if what is there, if anything, is a file: a pipe or a device might never begin, or never end.

    Raises:
        DataError: it is something else.
    """
    if path.exists() and not path.is_file():
        folder = "is a folder: name one of its files, or put them together"
        raise DataError(str(path), folder if path.is_dir() else "is not a file")


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of the file's bytes: the data hash.

    Raises:
        DataError: the file is not there or cannot be read.
    """
    require_file(path)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
