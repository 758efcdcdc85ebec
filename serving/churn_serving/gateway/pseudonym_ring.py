"""The key that customers are hashed with in the prediction log, read again when its file changes.

A broken file changes nothing: the former key stays, and it is said once.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from churn_model.prediction_log.pseudonyms import PseudonymKey, PseudonymKeyError, read_pseudonym_keys
from churn_serving.runtime.files import LOOK_SECONDS, WatchedFile

READ, REFUSED = "read", "refused"
_logger = logging.getLogger(__name__)


class PseudonymRing:
    """The newest key of one file. ``loaded`` is told, in a thread, how each later reading went.

    Raises:
        PseudonymKeyError: the file cannot be used at the start.
    """

    def __init__(self, path: Path, loaded: Callable[[str], None]) -> None:
        self._path = path
        self._loaded = loaded
        self._file = WatchedFile(path)
        self.newest: PseudonymKey = read_pseudonym_keys(path)[-1]

    async def watch(self, seconds: float = LOOK_SECONDS) -> None:
        """Look at the file every ``seconds``; runs until cancelled."""
        async for _ in self._file.changes(self._read_again, seconds):
            pass

    def _read_again(self) -> None:
        try:
            self.newest = read_pseudonym_keys(self._path)[-1]
        except PseudonymKeyError as error:
            self._loaded(REFUSED)
            _logger.error("the prediction log's keys not read again: %s", error)  # noqa: TRY400 - one line
        else:
            self._loaded(READ)
            _logger.info("the prediction log's keys read again; the newest is %s", self.newest.id)
