"""One segment that is being written: every record in one write, so that whatever ends this process loses none.

What is written is the kernel's from then on. A record is there whole or not at all: where the disk takes a part of it,
that part is taken back. It knows no record and no folder but its own.
"""

import errno
import os
import time
from pathlib import Path

from churn_model.prediction_log.frames import HEADER
from churn_model.prediction_log.places import OPEN, SEALED, segment_name

_FLAGS = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC


class SegmentFile:
    """The n-th segment of ``folder``, open.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: Path, sequence: int) -> None:
        self._path = folder / segment_name(sequence, OPEN)
        self._sealed = folder / segment_name(sequence, SEALED)
        self._descriptor = os.open(self._path, _FLAGS, 0o600)
        self.opened = time.monotonic()
        self.size = 0
        self.unsynced = False
        try:
            self.append(HEADER)
        except OSError:
            self.close()
            self._path.unlink(missing_ok=True)
            raise

    @property
    def is_empty(self) -> bool:
        """Whether there is no record in it."""
        return self.size <= len(HEADER)

    def append(self, content: bytes) -> None:
        """Write at the end, all of it or nothing.

        Raises:
            OSError: nothing was written; no room above all.
        """
        written = os.write(self._descriptor, content)
        if written < len(content):
            os.ftruncate(self._descriptor, self.size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += written
        self.unsynced = True

    def duplicate(self) -> int:
        """Another descriptor of the same file, for a thread that makes it safe; the caller closes it."""
        self.unsynced = False
        return os.dup(self._descriptor)

    def seal(self) -> None:
        """Write no more, and let others have it by its last name; one without a record is taken away.

        Raises:
            OSError: its folder is gone.
        """
        self.close()
        if self.is_empty:
            self._path.unlink()
        else:
            self._path.rename(self._sealed)

    def close(self) -> None:
        """Let go of the file; what is in it stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
