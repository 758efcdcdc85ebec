"""Where segments lie: a folder for each process that writes, named by no clock, with a lock that ends with the process.

    <folder>/<instance>/lock            held as long as the process lives, however it ends
    <folder>/<instance>/00000001.open   being written
    <folder>/<instance>/00000002.segment  done: nobody writes to it any more

It must not know what stands in a segment.
"""

import fcntl
import os
from pathlib import Path

LOCK = "lock"
OPEN = ".open"
SEALED = ".segment"


def segment_name(sequence: int, ending: str) -> str:
    """The file name of an instance's n-th segment, in the order of numbers."""
    return f"{sequence:08d}{ending}"


def take_lock(folder: Path) -> int | None:
    """The lock of an instance as a descriptor, which must be closed; None while its process, or somebody else who looks
    after what it left, has it.

    Raises:
        OSError: the folder is gone.
    """
    descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
