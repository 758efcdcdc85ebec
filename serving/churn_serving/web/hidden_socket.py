"""The address of a server behind a relay: a socket of this machine that nobody else can open.

It has a name for as long as its server needs one to listen, in a folder of ours. Then the name goes and an open file
stands for it, so that nothing is left behind by a process that is killed.
"""

import os
import tempfile

_LONGEST_ADDRESS = 108  # its end included (unix(7))
_REFERS = getattr(os, "O_PATH", None)  # None: a system whose sockets are reached by name alone


class HiddenSocket:
    """``path`` is where the server listens, and after :meth:`hide` where it is reached; through an open folder where
    the name of a temporary one is longer than the address of a socket may be."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="churn-grpc-")
        self._open: list[int] = []
        self.path = f"{self._folder.name}/socket"
        if len(os.fsencode(self.path)) >= _LONGEST_ADDRESS and _REFERS is not None:
            self.path = f"{self._opened(self._folder.name)}/socket"

    def hide(self) -> None:
        """Take its name away; the server listens already."""
        if _REFERS is not None:
            self.path = self._opened(self.path)
            self._folder.cleanup()

    def close(self) -> None:
        """Remove it."""
        while self._open:
            os.close(self._open.pop())
        self._folder.cleanup()

    def _opened(self, path: str) -> str:
        """The path of an open file that stands for another one, and goes on to when that has gone."""
        assert _REFERS is not None  # noqa: S101 - whoever calls has looked
        self._open.append(os.open(path, _REFERS))
        return f"/proc/self/fd/{self._open[-1]}"
