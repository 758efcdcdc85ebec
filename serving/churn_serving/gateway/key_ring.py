"""The API keys in memory: who presents this key, and a file that is read again when it changes.

It knows nothing of HTTP or gRPC. A changed file is swapped in by one assignment; a broken one changes nothing.
"""

import hmac
import logging
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from churn_serving.gateway.key_file import KeyFileError, read_keys
from churn_serving.runtime.files import LOOK_SECONDS, WatchedFile

READ, REFUSED = "read", "refused"
# A key has 49 characters. What is longer is none, and is not worth hashing.
_LONGEST_KEY = 128
_NEVER = float("inf")
_logger = logging.getLogger(__name__)


class _Known(NamedTuple):
    digest: bytes
    caller: str
    ends: float


class UnknownKey(Exception):
    """Nobody has this key; ``reason`` is fit for a metric."""

    reason = "unknown"


class ExpiredKey(UnknownKey):
    """Its time is over."""

    reason = "expired"


class KeyRing:
    """The keys of one file. ``loaded`` is told how each later reading went, :data:`READ` or :data:`REFUSED`; ``clock``
    is the time of day.

    Raises:
        KeyFileError: the file cannot be used at the start.
    """

    def __init__(self, path: Path, loaded: Callable[[str], None], clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._loaded = loaded
        self._clock = clock
        self._file = WatchedFile(path)
        self._known = _read(path)

    def caller(self, key: bytes) -> str:
        """The id of whoever has this key.

        The key is hashed once and the hash compared with all entries, each in constant time, so how long it takes
        tells neither whether an entry came close nor which one it was.

        Raises:
            UnknownKey: nobody has it, or its time is over.
        """
        if len(key) > _LONGEST_KEY:
            raise UnknownKey
        digest = sha256(key).digest()
        found: _Known | None = None
        for known in self._known:
            if hmac.compare_digest(known.digest, digest):
                found = known
        if found is None:
            raise UnknownKey
        if found.ends <= self._clock():
            raise ExpiredKey
        return found.caller

    async def watch(self, seconds: float = LOOK_SECONDS) -> None:
        """Look at the file every ``seconds`` and read it when it is another; runs until cancelled."""
        async for _ in self._file.changes(self._read_again, seconds):
            pass

    def _read_again(self) -> None:
        try:
            self._known = _read(self._path)
        except KeyFileError as error:  # logged once, not once a second
            self._loaded(REFUSED)
            _logger.error("API keys not read again, the former %d stay: %s", len(self._known), error)  # noqa: TRY400 - one line
        else:
            self._loaded(READ)
            _logger.info("API keys read again: %d", len(self._known))


def _read(path: Path) -> tuple[_Known, ...]:
    return tuple(
        _Known(bytes.fromhex(entry.sha256), entry.id, entry.not_after.timestamp() if entry.not_after else _NEVER)
        for entry in read_keys(path)
    )
