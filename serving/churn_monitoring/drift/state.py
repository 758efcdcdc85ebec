"""What a drift watch remembers from one look to the next: one file beside the log, which holds no customer.

It goes with the model and the promise that it was begun with; others have files of their own. It must not know how any
of it is found out.
"""

import hashlib
from collections.abc import Sequence

import msgspec
import numpy

from churn_data.errors import DataError
from churn_model.documents import read_by_any_thread
from churn_monitoring.prediction_log.store import Store

FOLDER = "_drift"
FORMAT = 1


class Drift(msgspec.Struct):
    """A column that has drifted: the bin that showed it, whether more customers are in it or fewer; since when, and
    when it was found and last found again (seconds since 1970), how often, and after how many customers of this
    model."""

    column: str
    bin: int
    more: bool
    since: float
    found: float
    last: float
    times: int
    customers: int


class Recent(msgspec.Struct):
    """Customers of a while: counts by bin, rows by column, what the model answered, first and last moment."""

    counts: list[int]
    rows: list[int]
    log_odds: float
    answered: int
    customers: int
    began: float
    ended: float


class Lately(msgspec.Struct):
    """Sketches of a while, by column."""

    customers: int = 0
    numbers: dict[str, bytes] = {}
    unseen: dict[str, bytes] = {}


@read_by_any_thread
class State(msgspec.Struct):
    """``identity`` is what it was begun with; ``until`` the last moment that was looked at; ``done`` the tables by day
    that were; ``evidence`` and ``begun`` the detector's."""

    identity: str
    until: float = 0.0
    customers: int = 0
    others: int = 0
    done: dict[str, list[str]] = {}
    evidence: list[float] = []
    begun: list[float] = []
    drifts: dict[str, Drift] = {}
    recent: list[Recent] = []
    lately: list[Lately] = []


def identity_of(parts: Sequence[object]) -> str:
    """What tells one watch from another."""
    return hashlib.sha256(repr(tuple(parts)).encode()).hexdigest()


class StateFile:
    """The file of a watch in a store, among those of other watches over models of this name: canaries, other
    promises."""

    def __init__(self, store: Store, model: str, identity: str) -> None:
        self._store = store
        self._identity = identity
        self._folder = f"{FOLDER}/{model}"
        self.name = f"{self._folder}/{identity[:16]}.state"

    def read(self) -> State | None:
        """The state; None where there is none yet.

        Raises:
            DataError, Unavailable: the store cannot be asked, or the file is no state.
        """
        content = self._store.get(self.name)
        if content is None:
            return None
        state = _state(content)
        if state is None or state.identity != self._identity:
            raise DataError(f"{self._store.root}/{self.name}", "is no state of a drift watch; --restart begins anew")
        return state

    def write(self, state: State) -> None:
        """Write it, whole or not at all.

        Raises:
            DataError, Unavailable: it cannot be written.
        """
        self._store.put(self.name, msgspec.msgpack.encode(state))

    def forget(self) -> None:
        """Take it away.

        Raises:
            DataError, Unavailable: the store cannot be asked.
        """
        self._store.delete(self.name)

    def forget_others(self, before: float) -> None:
        """Take away what others remember who have looked at nobody who was asked about since a moment (seconds since
        1970).

        Raises:
            DataError, Unavailable: the store cannot be asked.
        """
        for name in self._store.names(self._folder):
            state = None if name == self.name else _state(self._store.get(name) or b"")
            if state is not None and state.until < before:
                self._store.delete(name)


def _state(content: bytes) -> State | None:
    """The state that a file holds; None where it is none."""
    try:
        return msgspec.msgpack.decode(content, type=State)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def array(values: Sequence[float], like: numpy.ndarray) -> numpy.ndarray:
    """Kept numbers, where there are as many as are wanted; else those that are there."""
    return numpy.asarray(values, dtype=like.dtype) if len(values) == len(like) else like
