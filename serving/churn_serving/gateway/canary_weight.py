"""The canary's share of customers as a file says it at this moment, so that a step of a rollout restarts nothing.

It knows neither backends nor how a share is kept; a broken file changes nothing.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from churn_model.small_files import read_small_file
from churn_serving.runtime.files import LOOK_SECONDS, WatchedFile

READ, REFUSED = "read", "refused"
_WHOLE = 100.0
_LONGEST_TEXT = 64
_EXPECTED = "expected one number from 0 to 100, percent of customers"
_logger = logging.getLogger(__name__)


class CanaryWeightError(Exception):
    """The file cannot be used; one line names it and what it should hold."""


class CanaryWeight:
    """A file that holds one number, percent of customers. ``changed`` is told the share, 0 to 1, at the start and after
    every change, ``loaded`` how each later reading went, :data:`READ` or
    :data:`REFUSED`.

    Raises:
        CanaryWeightError: the file cannot be used at the start.
    """

    def __init__(self, path: Path, changed: Callable[[float], None], loaded: Callable[[str], None]) -> None:
        self._path = path
        self._changed = changed
        self._loaded = loaded
        self._file = WatchedFile(path)
        self._percent = read_percent(path)
        changed(self._percent / _WHOLE)

    async def watch(self, seconds: float = LOOK_SECONDS) -> None:
        """Look at the file every ``seconds`` and read it when it is another; runs until cancelled."""
        async for _ in self._file.changes(self._read_again, seconds):
            self._changed(self._percent / _WHOLE)

    def _read_again(self) -> None:
        try:
            self._percent = read_percent(self._path)
        except CanaryWeightError as error:
            self._loaded(REFUSED)
            _logger.error("the canary's weight stays at %g percent: %s", self._percent, error)  # noqa: TRY400 - one line
        else:
            self._loaded(READ)
            _logger.info("the canary's weight is %g percent", self._percent)


def read_percent(path: Path) -> float:
    """The number in a file, 0 to 100.

    Raises:
        CanaryWeightError: there is none.
    """
    try:
        text = read_small_file(path, _LONGEST_TEXT)
    except OSError as error:
        raise CanaryWeightError(f"{path}: {error.strerror}; {_EXPECTED}") from error
    try:
        percent = float(text)
    except ValueError:
        percent = -1.0
    if not 0.0 <= percent <= _WHOLE:
        raise CanaryWeightError(f"{path}: {_EXPECTED}")
    return percent
