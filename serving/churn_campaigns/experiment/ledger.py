"""How often an experiment has been looked at, in a file beside its plan, so that alpha cannot be spent anew.

The plan's ledger is written when the plan is frozen and holds what was promised then: alpha, looks, outcome window. Its
seal is another when any of that is. It must not know outcomes.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from churn_campaigns.experiment.boundaries import LARGEST_ALPHA, SMALLEST_ALPHA
from churn_data.errors import DataError
from churn_data.locations import Location, ObjectLocation
from churn_data.written_files import whole_file

SUFFIX = ".ledger.json"
_Days = Annotated[int, msgspec.Meta(ge=0, le=36_525)]
_Alpha = Annotated[float, msgspec.Meta(ge=SMALLEST_ALPHA, le=LARGEST_ALPHA)]
_Spent = Annotated[float, msgspec.Meta(ge=0, lt=1)]
_Positive = Annotated[float, msgspec.Meta(gt=0)]


class TakenLook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A look: SHA-256 (hex) of the outcomes, days since the plan that they reach, information (in the units of all
    looks of this experiment), share of alpha spent until then, and the score that had to be reached."""

    outcomes: str
    days: _Days
    information: _Positive
    spent: _Spent
    score: _Positive


class Ledger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was promised when the plan was frozen, and the looks since. ``checks``: SHA-256 (hex) of all rows' checks,
    sorted; ``rows``: how many there were. ``seal``: SHA-256 (hex) of all the rest (empty: of a former version)."""

    usecase: str
    salt_id: str
    planned_on: date
    alpha: _Alpha
    looks: Annotated[int, msgspec.Meta(ge=1)]
    window_days: Annotated[int, msgspec.Meta(ge=1, le=36_525)]
    rows: Annotated[int, msgspec.Meta(ge=0)]
    checks: str
    taken: tuple[TakenLook, ...] = ()
    seal: str = ""

    @property
    def ends_on(self) -> date:
        """The last day on which an outcome counts."""
        return self.until(self.window_days)

    def until(self, days: int) -> date:
        """The last day that counts at a look which reaches so many days, at most those of the outcome window."""
        return self.planned_on + timedelta(days=min(days, self.window_days))

    def sealed(self) -> "Ledger":
        """The same with its seal."""
        content = msgspec.json.encode(msgspec.structs.replace(self, seal=""))
        return msgspec.structs.replace(self, seal=hashlib.sha256(content).hexdigest())

    def number_of(self, outcomes: str) -> int:
        """Which look one at these outcomes (SHA-256, hex) is, counted from 1: the one that was taken, or the next."""
        taken = [look.outcomes for look in self.taken]
        return taken.index(outcomes) + 1 if outcomes in taken else len(taken) + 1

    def with_look(self, look: TakenLook) -> "Ledger":
        """The ledger with one more look; one at the same outcomes again is no new one."""
        if any(look.outcomes == other.outcomes for other in self.taken):
            return self
        return msgspec.structs.replace(self, taken=(*self.taken, look))


def beside(place: Location, suffix: str) -> Location:
    """The file that goes with another one, in the same folder."""
    if isinstance(place, ObjectLocation):
        return ObjectLocation(place.bucket, place.key + suffix)
    return place.with_name(place.name + suffix)


def read_ledger(path: Path) -> Ledger:
    """Read a ledger.

    Raises:
        DataError: it is missing, not one, or no longer as it was written.
    """
    try:
        ledger = msgspec.json.decode(path.read_bytes(), type=Ledger)
    except FileNotFoundError:
        problem = (
            "no such file: the ledger that was written beside the plan says which looks were taken (the "
            "app offers it beside a list that was taken away: Ledger of looks)"
        )
        raise DataError(str(path), problem) from None
    except (OSError, msgspec.DecodeError) as problem:
        raise DataError(str(path), f"is not a ledger of looks ({problem})") from None
    if ledger.seal and ledger != ledger.sealed():
        edited = "is not as it was written: what was promised or a look was edited; put the file back that was written"
        raise DataError(str(path), edited)
    return ledger


def write_ledger(path: Path, ledger: Ledger) -> None:
    """Write a ledger, whole or not at all."""
    with ledger_file(path, ledger):
        pass


@contextmanager
def ledger_file(path: Path, ledger: Ledger) -> Iterator[None]:
    """A ledger that takes its place when the block has succeeded; if it fails, the one that was there stays.

    Raises:
        DataError: it cannot be written there; before the block.
    """
    with whole_file(path) as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(ledger.sealed()), indent=2) + b"\n")
        yield


def require_unread(path: Path) -> None:
    """Refuse to plan anew over an experiment that somebody has looked at.

    Raises:
        DataError: there is a ledger with looks.
    """
    if path.exists() and read_ledger(path).taken:
        raise DataError(str(path), "the plan that lies here was read as an experiment, another file was expected")
