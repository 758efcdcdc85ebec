"""The canary's share of customers, or of copies, as a file says it at this moment, so that a step of a rollout restarts
nothing.

Copies are for the time before a canary answers anybody: once it has customers, their own calls say more, and copies
would only be mixed with these in its metrics and in its breaker. So one of the two shares is 0.

It knows neither backends nor how a share is kept; a broken file changes nothing.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from churn_model.small_files import read_small_file
from churn_serving.runtime.files import LOOK_SECONDS, WatchedFile

READ, REFUSED = "read", "refused"
_WHOLE = 100.0
_LONGEST_TEXT = 128
_EXPECTED = (
    "expected one number from 0 to 100, percent of customers, or "
    '{"percent": 0, "shadow_percent": 20}, of which one is 0'
)
_logger = logging.getLogger(__name__)


class CanaryWeightError(Exception):
    """The file cannot be used; one line names it and what it should hold."""


class CanaryShare(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Percent of customers whom the canary answers, and of requests that it gets a copy of; each 0 to 100."""

    percent: float = 0.0
    shadow_percent: float = 0.0

    @property
    def usable(self) -> bool:
        """Whether both are percentages and one is 0."""
        within = all(0.0 <= value <= _WHOLE for value in (self.percent, self.shadow_percent))
        return within and 0.0 in (self.percent, self.shadow_percent)

    def __str__(self) -> str:
        return f"{self.percent:g} percent" + (f", copies {self.shadow_percent:g}" if self.shadow_percent else "")


class CanaryWeight:
    """A file that holds what the canary is asked about. ``changed`` is told it at the start and after every change,
    ``loaded`` how each later reading went, :data:`READ` or :data:`REFUSED`.

    Raises:
        CanaryWeightError: the file cannot be used at the start.
    """

    def __init__(self, path: Path, changed: Callable[[CanaryShare], None], loaded: Callable[[str], None]) -> None:
        self._path = path
        self._changed = changed
        self._loaded = loaded
        self._file = WatchedFile(path)
        self._share = read_canary_share(path)
        changed(self._share)

    async def watch(self, seconds: float = LOOK_SECONDS) -> None:
        """Look at the file every ``seconds`` and read it when it is another; runs until cancelled."""
        async for _ in self._file.changes(self._read_again, seconds):
            self._changed(self._share)

    def _read_again(self) -> None:
        try:
            self._share = read_canary_share(self._path)
        except CanaryWeightError as error:
            self._loaded(REFUSED)
            _logger.error("the canary's weight stays at %s: %s", self._share, error)  # noqa: TRY400 - one line
        else:
            self._loaded(READ)
            _logger.info("the canary's weight is %s", self._share)


def read_canary_share(path: Path) -> CanaryShare:
    """What a file says.

    Raises:
        CanaryWeightError: it says nothing that can be used.
    """
    try:
        text = read_small_file(path, _LONGEST_TEXT)
    except OSError as error:
        raise CanaryWeightError(f"{path}: {error.strerror}; {_EXPECTED}") from error
    try:
        if text.lstrip().startswith(b"{"):
            share = msgspec.json.decode(text, type=CanaryShare)
        else:
            share = CanaryShare(float(text))
    except (ValueError, msgspec.MsgspecError):
        share = CanaryShare(-1.0)
    if not share.usable:
        raise CanaryWeightError(f"{path}: {_EXPECTED}")
    return share
