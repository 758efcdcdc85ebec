"""What this machine knows of looks at plans, apart from the folders that the plans lie in.

An older copy of a ledger is a ledger: nothing in it says that it is old, and whoever puts it back has alpha to spend
again. So whoever reads a plan keeps the newest ledger in a folder of their own, too, and holds the next one against it;
it is also what to put back where one was lost. A plan that is made anew of the same customers, salt and day is the same
plan. A look that is known already may be taken again from an older copy, or from the same plan in another file: it
spends nothing. It must not know outcomes, nor where that folder is.
"""

from pathlib import Path

import msgspec

from churn_campaigns.experiment.ledger import SUFFIX, Ledger, TakenLook, read_ledger, write_ledger
from churn_data.errors import DataError


def require_newest(folder: Path, place: str, ledger: Ledger, look: TakenLook) -> None:
    """Refuse a look that spends what looks on this machine, of which the ledger does not know, have spent.

    Args:
        folder: of the ledgers that are known here; it need not be there.
        place: what to call the ledger.
        ledger: as it lies beside its plan.
        look: that would be taken.

    Raises:
        DataError: it is an older copy or another one's, or what is known here cannot be read.
    """
    path = _kept_at(folder, ledger)
    if not path.is_file():
        return
    known, after = read_ledger(path).taken, ledger.with_look(look).taken
    if after[: len(known)] == known or known[: len(after)] == after:
        return
    if known[: len(ledger.taken)] == ledger.taken:
        problem = (
            f"is an older copy: it holds {len(ledger.taken)} of {len(known)} looks that were taken at this plan here"
        )
    else:
        problem = "holds other looks than were taken at this plan here"
    raise DataError(place, f"{problem}; put back the one that was written last, or {path}, which is known to be whole")


def keep(folder: Path, ledger: Ledger) -> str:
    """Remember a ledger with all its looks, in place of what was known of it unless that were more.

    Returns:
        Why that was not possible, empty where it was: reading a plan does not hang on it.
    """
    try:
        path = _kept_at(folder, ledger)
        folder.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or len(read_ledger(path).taken) < len(ledger.taken):
            write_ledger(path, ledger)
    except (OSError, DataError) as problem:
        return str(problem)
    return ""


def _kept_at(folder: Path, ledger: Ledger) -> Path:
    """One file for each promise, whatever looks were taken since."""
    promised = msgspec.structs.replace(ledger, taken=()).sealed()
    return folder / f"{promised.seal[:32]}{SUFFIX}"
