"""What an answer says about its question and itself: levels that the answering model never saw and what may have been
meant, a scorecard that stood in, reasons that were asked for and not to be had.

A misspelt level is answered like any new one, which moves a probability without a word; here is the word. The value
itself is never repeated.
"""

from collections.abc import Sequence
from itertools import islice
from operator import itemgetter

import msgspec

from churn_model import Row, Schema
from churn_model.spelling import Note
from churn_serving.core.dispatch import DEGRADED
from churn_serving.core.explanations import BUSY, FAILED, GIVEN, LATE, UNAVAILABLE

MAXIMUM_WARNINGS = 100
_MAXIMUM_COMPARED = 8
"""Different levels of a request for which the nearest known one is looked for."""
_IS_UNSEEN = itemgetter(2)
UNSEEN = "training never saw this level"


class UnseenLevel(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A level that training never saw: of the customer in ``row`` (from 0), and the known level that is most like it,
    if one is."""

    row: int
    feature: str
    nearest: str | None = None


class CustomerWarning(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What is odd about a customer's feature. ``nearest`` is the known level that may have been meant. Without a
    customer it is of the whole answer, or says how many more there are."""

    message: str
    customer_id: str = ""
    feature: str = ""
    nearest: str | None = None


SCORECARD = CustomerWarning(
    "no model answered in time: probabilities are a scorecard's, which is coarser, and risk and action may differ"
)
_NO_REASONS = {
    LATE: "they did not come in time",
    BUSY: "too many are asked for at the moment",
    UNAVAILABLE: "no model is there to give them",
    FAILED: "explaining failed",
}
_WITHOUT_REASONS = {ending: CustomerWarning(f"no reasons: {why}") for ending, why in _NO_REASONS.items()}


def about_answer(served_by: str) -> list[CustomerWarning]:
    """What is to be said of an answer by who gave it."""
    return [SCORECARD] if served_by == DEGRADED else []


def about_reasons(ending: str) -> list[CustomerWarning]:
    """Why reasons that were asked for are not there, by how explaining ended; nothing where they were given."""
    return [] if ending == GIVEN else [_WITHOUT_REASONS[ending]]


def unseen_levels(notes: Sequence[Note], rows: Sequence[Row], schema: Schema) -> list[UnseenLevel]:
    """The first of the levels that training never saw."""
    nearest: dict[tuple[int, object], str | None] = {}
    found: list[UnseenLevel] = []
    for row, feature, _ in islice((note for note in notes if note[2]), MAXIMUM_WARNINGS):
        level, levels = rows[row][feature], schema.spelling.levels[feature]
        if (feature, level) not in nearest:
            looked_for = len(nearest) < _MAXIMUM_COMPARED and levels is not None and isinstance(level, str)
            nearest[feature, level] = levels.nearest(level) if looked_for else None  # type: ignore[union-attr, arg-type]
        found.append(UnseenLevel(row, schema.names[feature], nearest[feature, level]))
    return found


def customer_warnings(
    notes: Sequence[Note], customer_ids: Sequence[str], rows: Sequence[Row], schema: Schema
) -> list[CustomerWarning]:
    """The same for people and by customer; what is beyond :data:`MAXIMUM_WARNINGS` is counted."""
    if not notes:
        return []
    warnings = [
        CustomerWarning(UNSEEN, customer_ids[each.row], each.feature, each.nearest)
        for each in unseen_levels(notes, rows, schema)
    ]
    more = sum(map(_IS_UNSEEN, notes)) - len(warnings)
    return [*warnings, CustomerWarning(f"and {more} more levels like that")] if more else warnings


def warnings_text(notes: Sequence[Note], rows: Sequence[Row], schema: Schema) -> str:
    """The same as JSON, for a protocol whose parameters are texts; empty if there is nothing to say."""
    found = unseen_levels(notes, rows, schema) if notes else []
    return msgspec.json.encode(found).decode() if found else ""
