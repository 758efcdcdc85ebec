"""The overview: how many customers may leave, what is at stake, how that has moved, and by which model."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template
from markupsafe import Markup

from churn_marketing.pages.wording import NO_ACTION, Wording, wording
from churn_marketing.plots.bars import Bar, bars, spread
from churn_marketing.plots.lines import Point, graph
from churn_marketing.services import services
from churn_marketing.store.customers import RISKS
from churn_marketing.store.library import Known, Snapshot
from churn_marketing.text.amounts import large_money, length, money, number, percent

blueprint = Blueprint("overview", __name__)
_FEWEST_BATCHES = 2


@blueprint.get("/")
def page() -> str:
    """The first page."""
    snapshot = services().library.snapshot()
    if snapshot.current is None:
        return render_template("overview.html")
    words, facts = wording(), snapshot.current.facts
    return render_template(
        "overview.html",
        facts=facts,
        words=words,
        risks=[each | {"name": RISKS[each["of"]]} for each in reversed(facts["risks"])],
        actions=_actions(facts),
        risk_plot=_risk_plot(facts),
        segment_plot=_segment_plot(facts, words),
        spread_plot=spread("spread", "Customers by probability to leave", facts["spread"], _limits()),
        trend=_trend(snapshot),
        model=_model(),
    )


def _money(value: float) -> str:
    return large_money(value, services().settings.currency)


def _actions(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Actions by what they are expected to bring, and no action last."""
    listed = [each for each in facts["actions"] if each["of"] != NO_ACTION]
    listed.sort(key=lambda each: -(each["expected_value"] or 0.0))
    return listed + [each for each in facts["actions"] if each["of"] == NO_ACTION]


def _risk_plot(facts: dict[str, Any]) -> Markup:
    rows = [
        Bar(f"{RISKS[each['of']].capitalize()} risk", each["customers"], number(each["customers"]), RISKS[each["of"]])
        for each in reversed(facts["risks"])
    ]
    return bars("risks", "Customers by risk", rows)


def _segment_plot(facts: dict[str, Any], words: Wording) -> Markup:
    if facts["total"]["valued"]:
        rows = [
            Bar(words.segment(each["of"]), each["at_risk"] or 0.0, _money(each["at_risk"]))
            for each in facts["segments"]
        ]
        return bars("segments", "Value at risk by segment", rows)
    rows = [Bar(words.segment(each["of"]), each["leavers"], number(each["leavers"])) for each in facts["segments"]]
    return bars("segments", "Expected leavers by segment", rows)


def _limits() -> tuple[float, float]:
    rule = services().usecase.risk
    return rule.medium, rule.high


def _trend(snapshot: Snapshot) -> dict[str, Any] | None:
    """How the batches compare, the oldest first; None with fewer than two."""
    assert snapshot.current is not None  # noqa: S101 - the page has looked
    known = [*reversed(snapshot.earlier), Known(snapshot.current.batch, snapshot.current.facts)]
    if len(known) < _FEWEST_BATCHES:
        return None
    shares = [Point(each.batch.written, each.batch.name, each.facts["total"]["probability"]) for each in known]
    stakes = [Point(each.batch.written, each.batch.name, each.facts["total"]["at_risk"]) for each in known]
    valued = any(point.value is not None for point in stakes)
    short = services().settings.currency
    return {
        "batches": known,
        "share": graph("trend-share", "Expected share of leavers, batch by batch", shares, percent),
        "stake": graph("trend-stake", "Value at risk, batch by batch", stakes, lambda value: _thousands(value, short))
        if valued
        else None,
    }


def _thousands(value: float, currency: str) -> str:
    if value >= 1e6:  # noqa: PLR2004 - a million
        return f"{money(round(value / 1e6, 1), currency)} M"
    return f"{money(value / 1e3, currency)} k" if value >= 1e4 else money(value, currency)  # noqa: PLR2004 - five digits


def _model() -> dict[str, Any] | None:
    package = services().model.package
    if package is None:
        return None
    manifest = package.manifest
    made = datetime.fromisoformat(manifest.created)
    return {
        "name": manifest.name,
        "version": manifest.version,
        "created": made.timestamp(),
        "age": length((datetime.now(UTC) - made).total_seconds()),
        "rows": manifest.training_data.rows,
        "source": manifest.training_data.source,
        "simulated": manifest.training_data.simulated,
    }
