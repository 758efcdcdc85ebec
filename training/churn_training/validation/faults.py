"""What may be wrong with a file, and what somebody has looked at and accepts."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Check = Literal["schema", "ranges", "volume", "leakage", "contest"]
CHECKS: tuple[Check, ...] = ("schema", "ranges", "volume", "leakage", "contest")
"""`schema`: columns, their kinds and the question; `ranges`: what cells hold; `volume`: how many customers, and until
when; `leakage`: what gives the answer away; `contest`: whether the gate could hold a new model against the champion."""


@dataclass(frozen=True)
class Fault:
    """Something for which a file is refused: a `problem` as a clause that says what was expected, the `column` that it
    is about, and the first `row` that shows it, as a spreadsheet counts (None: the whole)."""

    check: Check
    problem: str
    column: str | None = None
    row: int | None = None

    def accepted_by(self, names: Collection[str]) -> bool:
        """Whether somebody accepts it, by the name of the column or of the check."""
        return self.check in names or (self.column is not None and self.column in names)


@dataclass(frozen=True)
class Validation:
    """`faults` for which the file is refused, `accepted` ones for which it is not, as somebody said so; `against`: the
    champion's version, empty where there is none to hold it against, and `remark` why, or what else is worth knowing.
    """

    faults: tuple[Fault, ...]
    accepted: tuple[Fault, ...] = ()
    against: str = ""
    remark: str = ""
