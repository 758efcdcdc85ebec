"""How often an experiment has been looked at, in a file beside its plan, so that alpha cannot be spent anew.

The plan's ledger is written when the plan is frozen and holds what was promised then: alpha, looks, outcome window. It
must not know outcomes.
"""

from datetime import date, timedelta
from pathlib import Path

import msgspec

from churn_data.errors import DataError
from churn_data.locations import Location, ObjectLocation
from churn_data.written_files import whole_file

SUFFIX = ".ledger.json"


class TakenLook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A look: SHA-256 (hex) of the outcomes, days since the plan that they reach, information (in the units of all
    looks of this experiment), share of alpha spent until then, and the score that had to be reached."""

    outcomes: str
    days: int
    information: float
    spent: float
    score: float


class Ledger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was promised when the plan was frozen, and the looks since. ``checks``: SHA-256 (hex) of all rows' checks,
    sorted; ``rows``: how many there were."""

    usecase: str
    salt_id: str
    planned_on: date
    alpha: float
    looks: int
    window_days: int
    rows: int
    checks: str
    taken: tuple[TakenLook, ...] = ()

    @property
    def ends_on(self) -> date:
        """The last day on which an outcome counts."""
        return self.planned_on + timedelta(days=self.window_days)

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
        DataError: it is missing or not one.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Ledger)
    except FileNotFoundError:
        problem = "no such file: the ledger that was written beside the plan says which looks were taken"
        raise DataError(str(path), problem) from None
    except (OSError, msgspec.DecodeError) as problem:
        raise DataError(str(path), f"is not a ledger of looks ({problem})") from None


def write_ledger(path: Path, ledger: Ledger) -> None:
    """Write a ledger, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(ledger), indent=2) + b"\n")


def require_unread(path: Path) -> None:
    """Refuse to plan anew over an experiment that somebody has looked at.

    Raises:
        DataError: there is a ledger with looks.
    """
    if path.exists() and read_ledger(path).taken:
        raise DataError(str(path), "the plan that lies here was read as an experiment, another file was expected")
