"""The address of a server behind a relay: a socket of this machine in a folder that nobody else can open."""

import os
import tempfile

_LONGEST_ADDRESS = 108  # its end included (unix(7))


class HiddenSocket:
    """``path`` is where the server listens; through an open folder where the name of a temporary one is longer than the
    address of a socket may be."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="churn-grpc-")
        self._open_folder: int | None = None
        self.path = f"{self._folder.name}/socket"
        if len(os.fsencode(self.path)) >= _LONGEST_ADDRESS:
            self._open_folder = os.open(self._folder.name, os.O_PATH | os.O_DIRECTORY)
            self.path = f"/proc/self/fd/{self._open_folder}/socket"

    def close(self) -> None:
        """Remove it."""
        if self._open_folder is not None:
            os.close(self._open_folder)
            self._open_folder = None
        self._folder.cleanup()
