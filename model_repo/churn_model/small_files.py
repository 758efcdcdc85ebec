"""Reading and replacing a file that says who is trusted, or how much: a few kilobytes put there while processes run.

Whatever lies at the path instead, reading it ends at once: a pipe would be waited for until somebody writes, a device
never ends, and a large file costs its size in memory. It knows no format.
"""

import errno
import os
import stat
import tempfile
from pathlib import Path

MAXIMUM_BYTES = 1024 * 1024
"""A thousand keys take a fifth of it."""


def read_small_file(path: Path, maximum: int = MAXIMUM_BYTES) -> bytes:
    """The content of a regular file, of at most ``maximum`` bytes; links are followed, since mounted files are links.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger; ``strerror`` says which.
    """
    # Opened without waiting, and looked at once it is open: between a look and an opening it could be swapped.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        # Not its owner: making a file object of a folder's descriptor would fail and leave it open.
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(maximum + 1)
    finally:
        os.close(descriptor)
    if len(content) > maximum:
        raise OSError(errno.EFBIG, f"larger than {maximum} bytes")
    return content


def replace_private_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, on disk and whole or not at all; links are followed, and a folder that
    is missing is made.

    Raises:
        OSError: it cannot be written; nothing was changed.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent)  # which no one else can read
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
