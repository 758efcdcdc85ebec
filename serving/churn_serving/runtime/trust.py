"""The public keys whose models may be served, as a file says it at this moment.

They can be added and removed while processes run. A file that cannot be read changes nothing: whoever breaks it by
accident must not end all service, and whoever wants to end trust in a key removes that key.
"""

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from churn_model import TrustedKeys, UntrustedPackage
from churn_serving.runtime.files import LOOK_SECONDS, WatchedFile

READ, REFUSED = "read", "refused"
_logger = logging.getLogger(__name__)


class TrustedKeyFile(TrustedKeys):
    """The keys of one file. ``loaded`` is told how each later reading went, :data:`READ` or :data:`REFUSED`, in a
    thread.

    Raises:
        UntrustedPackage: the file cannot be used at the start.
    """

    def __init__(self, path: Path, loaded: Callable[[str], None] = lambda _: None) -> None:
        self._path = path
        self._loaded = loaded
        self._file = WatchedFile(path)
        self._current = TrustedKeys.load(path)

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return if a key that is trusted now made this signature; see the base."""
        self._current.verify(message, signature)

    def changes(self, seconds: float = LOOK_SECONDS) -> AsyncIterator[None]:
        """Read the file again whenever it changes, and tell of it; never ends by itself."""
        return self._file.changes(self._read, seconds)

    def _read(self) -> None:
        try:
            self._current = TrustedKeys.load(self._path)
        except UntrustedPackage as error:
            _logger.error("keys of packages not read again, the former ones stay: %s", error)  # noqa: TRY400 - one line
            self._loaded(REFUSED)
        else:
            _logger.info("keys of packages read again")
            self._loaded(READ)
