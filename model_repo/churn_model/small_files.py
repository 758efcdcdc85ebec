"""Reading a file that says who is trusted, or how much: a few kilobytes that somebody puts there while processes run.

Whatever lies at the path instead, reading it ends at once: a pipe would be waited for until somebody writes, a device
never ends, and a large file costs its size in memory. It knows no format.
"""

import errno
import os
import stat
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
