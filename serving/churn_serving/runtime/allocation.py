"""What a large request took is given back to the machine, not kept for the next one.

The C library learns from large buffers that come and go to keep their memory; a process that reads a large body once an
hour would hold it all that time. It also gives each thread a part of the memory of its own, in which what the others
freed is not used again: few parts, since our threads compute one at a time anyway. It knows the names of the C
library's settings and nothing of requests.
"""

import ctypes
import gc
from collections.abc import Mapping

LARGE_BUFFER = 128 * 1024
"""Bytes from which on a buffer is the machine's own again as soon as it is freed."""
_PARTS = 2
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8

ENVIRONMENT: Mapping[str, str] = {
    "MALLOC_MMAP_THRESHOLD_": str(LARGE_BUFFER),
    "MALLOC_TRIM_THRESHOLD_": str(LARGE_BUFFER),
    "MALLOC_ARENA_MAX": str(_PARTS),
}
"""The same for a process that is yet to be started."""


def give_back_large_buffers() -> None:
    """For this process, from now on, best before it has threads; nothing where the C library has no such settings."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGE_BUFFER)
        mallopt(_TRIM_THRESHOLD, LARGE_BUFFER)
        mallopt(_ARENA_MAX, _PARTS)


def give_back_freed_memory() -> None:
    """What was freed and is still held, by every thread, and what only circles of references hold: gRPC leaves one a
    refused call. Takes milliseconds, in most of which other threads may run."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
