"""Segments: who is in each, what sets them apart, what is at stake in them, and who moved between them."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template
from markupsafe import Markup

from churn_marketing.pages.segment_profiles import Trait, traits
from churn_marketing.pages.wording import Wording, wording
from churn_marketing.plots.bars import Bar, bars
from churn_marketing.services import services
from churn_marketing.store.library import Snapshot
from churn_marketing.text.amounts import large_money, number, percent

blueprint = Blueprint("segments", __name__)


@dataclass(frozen=True)
class Segment:
    """One segment: its sums, its share of all customers, and its traits."""

    number: int
    name: str
    sums: dict[str, Any]
    share: float
    traits: list[Trait]


@dataclass(frozen=True)
class Movement:
    """Who moved since the batch ``since``: rows of counts by where customers were, columns by where they are."""

    since: str
    rows: list[tuple[str, list[int]]]
    columns: list[str]
    moved: int
    gone: int
    new: int


@blueprint.get("/segments")
def page() -> str:
    """All segments."""
    snapshot = services().library.snapshot()
    if snapshot.current is None:
        return render_template("segments.html", segments=None)
    words, facts = wording(), snapshot.current.facts
    everybody = facts["total"]["customers"]
    segments = [
        Segment(each["of"], words.segment(each["of"]), each, each["customers"] / everybody, traits(facts, each["of"]))
        for each in facts["segments"]
    ]
    return render_template(
        "segments.html",
        segments=segments,
        words=words,
        facts=facts,
        plots=_plots(segments),
        movement=_movement(snapshot, words),
    )


def _plots(segments: list[Segment]) -> list[tuple[str, Markup]]:
    currency = services().settings.currency
    found = [
        (
            "Customers",
            bars("sizes", "Customers by segment", [_bar(each, each.sums["customers"], number) for each in segments]),
        ),
        (
            "Expected share of leavers",
            bars("shares", "Leavers by segment", [_bar(each, each.sums["probability"], percent) for each in segments]),
        ),
    ]
    if any(each.sums["valued"] for each in segments):
        rows = [
            _bar(each, each.sums["at_risk"] or 0.0, lambda value: large_money(value, currency)) for each in segments
        ]
        found.append(("Value at risk", bars("stakes", "Value at risk by segment", rows)))
    return found


def _bar(segment: Segment, value: float, words: Any) -> Bar:
    return Bar(segment.name, value, words(value))


def _movement(snapshot: Snapshot, words: Wording) -> Movement | None:
    if snapshot.movement is None or not snapshot.earlier:
        return None
    counts = {(before, after): count for before, after, count in snapshot.movement["segment"]}
    known = sorted({place for pair in counts for place in pair if place is not None})
    rows = [
        (words.segment(before), [counts.get((before, after), 0) for after in known] + [counts.get((before, None), 0)])
        for before in known
    ]
    rows.append(("Not in that batch", [counts.get((None, after), 0) for after in known] + [0]))
    return Movement(
        since=snapshot.earlier[0].batch.name,
        rows=rows,
        columns=[*(words.segment(after) for after in known), "Not in this batch"],
        moved=sum(
            count for (before, after), count in counts.items() if None not in (before, after) and before != after
        ),
        gone=sum(count for (_, after), count in counts.items() if after is None),
        new=sum(count for (before, _), count in counts.items() if before is None),
    )
