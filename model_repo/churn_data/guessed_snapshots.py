"""As of when customers are described, where nobody has said it: the last day on which something happened to them.

Days to come (ends of contracts, renewals) are known beforehand; as of none of them anybody can be described. It must
not read files.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from churn_data.column_names import words_of
from churn_data.errors import glimpse

PLANNED = {
    "end", "ends", "ending", "until", "till", "expiry", "expires", "expire", "expiration", "due", "next", "renewal",
    "renews", "valid", "maturity", "matures", "planned", "scheduled", "ende", "enddatum", "vertragsende", "bis",
    "ablauf", "fällig", "fälligkeit", "gültig", "nächste", "fin", "échéance", "vencimiento", "vence", "vigencia",
    "scadenza", "vencimento", "einde", "koniec", "bitiş",
}  # fmt: skip
"""Words in names of days that are known before they come."""
AHEAD = 0.1
"""Share of a column's days that have to lie ahead of today before it is one of days to come; fewer are mistakes."""


@dataclass(frozen=True)
class GuessedSnapshot:
    """A day, and in a few words how it came about."""

    day: date
    reason: str


def guess_snapshot(columns: Mapping[str, AbstractSet[datetime]], today: date | None = None) -> GuessedSnapshot | None:
    """The latest day on which something happened; None where no column holds dates.

    Args:
        columns: the different moments of each column of dates.
        today: by default the machine's.
    """
    if not columns:
        return None
    known = {name: moments for name, moments in columns.items() if moments}
    today = today or datetime.now(UTC).date()
    edge = datetime.combine(today, datetime.min.time()) + timedelta(days=2)  # east of here it is tomorrow already
    happened = {name: moments for name, moments in known.items() if not _is_planned(name, moments, edge)} or known
    past = [moment for moments in happened.values() for moment in moments if moment < edge]
    if not past:
        return GuessedSnapshot(today, "today, for none of them is a day that has come")
    latest = max(past)
    later = [name for name, moments in known.items() if max(moments).date() > latest.date()]
    return GuessedSnapshot(latest.date(), _reason(later))


def _reason(later: Sequence[str]) -> str:
    if not later:
        return "the latest that occurs"
    shown = ", ".join(f'"{glimpse(name)}"' for name in later)
    return f"the latest that occurs but for days to come (in {shown})"


def _is_planned(name: str, moments: AbstractSet[datetime], edge: datetime) -> bool:
    return bool(PLANNED & set(words_of(name))) or sum(moment >= edge for moment in moments) > AHEAD * len(moments)
