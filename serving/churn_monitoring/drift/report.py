"""What a drift watch has to say, as one document and as lines for people.

Levels that nobody knew are named where many customers have them, as people who look need to know them; metrics,
conditions and error lines name none. It must not find anything out.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy

from churn_data.profiles import bin_names
from churn_model.training_profile import MISSING, RARE, UNSEEN
from churn_monitoring.drift.counting import Column
from churn_monitoring.drift.movement import Movement, movement_of
from churn_monitoring.drift.sketches import LevelSketch, NumberSketch
from churn_monitoring.drift.state import Drift, Lately
from churn_monitoring.drift.watch import DriftWatch

RANKS = (0.1, 0.5, 0.9)
_MOST_LEVELS = 5
_IN_WORDS = {
    MISSING: "missing",
    RARE: "of levels that training saw seldom",
    UNSEEN: "of levels that training never saw",
}


def report_of(watch: DriftWatch) -> dict[str, Any]:
    """Everything that is known now, as plain data; drifts first that move the answers most."""
    state = watch.state
    drifts = list(state.drifts.values())
    since = min((drift.since for drift in drifts), default=0.0)
    movement = movement_of(watch.columns, watch.offsets, watch.profile, state.recent, since)
    columns = {column.name: column for column in watch.columns}
    told = [_drift(drift, columns[drift.column], movement, state.lately) for drift in drifts]
    evidence = watch.evidence()
    return {
        "drift": bool(drifts),
        "drifted": sorted(told, key=lambda each: -abs(each["moved_log_odds"] or 0.0)),
        "customers": state.customers,
        "until": _moment(state.until) if state.until else None,
        "of_other_models": state.others,
        "score": _score(movement),
        "columns": {
            name: {"evidence": _rounded(max(level, -99.0), 2), "psi": _rounded(movement.psi.get(name), 4)}
            for name, level in evidence.items()
        },
        "not_kept": sorted(set(watch.profile.features) - set(columns)),
        "promise": {
            "false_alarms_a_month": watch.promise.false_alarms,
            "tolerance": watch.promise.tolerance,
            "hold_days": watch.promise.hold_days,
        },
    }


def unknown_report(reason: str) -> dict[str, Any]:
    """The document of a model of which nothing can be known."""
    return {"drift": None, "drifted": [], "reason": reason}


def sentence(drift: dict[str, Any]) -> str:
    """One drift in words, without a customer's value."""
    what = _IN_WORDS.get(drift["bin"])
    share = f"{drift['share']:.1%}".replace("%", " %") if drift["share"] is not None else "?"
    before = f"{drift['before']:.1%}".replace("%", " %")
    where = f"{share} {what}" if what else f"{share} are {drift['bin']}"
    moved = drift["share_of_movement"]
    part = "" if moved is None else f"; {moved:.0%} of the score's movement".replace("%", " %")
    return f"{drift['column']}: {where}, {before} in training, since {drift['since']}{part}"


def lines(document: dict[str, Any], model: str) -> str:
    """The document for people."""
    if document["drift"] is None:
        return f"{model}: {document['reason']}"
    looked = f"{model}: {document['customers']} customers looked at"
    if document["until"]:
        looked += f", up to {document['until']}"
    if not document["drift"]:
        found = ["none of them shows a drift"]
    else:
        found = [sentence(drift) + _seen(drift) for drift in document["drifted"]]
    moved = document["score"]["moved_log_odds"]
    if moved is not None:
        found.append(f"answers have moved by {moved:+.3f} log-odds (± {document['score']['error']:.3f})")
    if document["not_kept"]:
        found.append(f"not in the log, so seen by score and segments alone: {', '.join(document['not_kept'])}")
    return "\n".join([looked, *(f"  {line}" for line in found)])


def _seen(drift: dict[str, Any]) -> str:
    unknown = ", ".join(f"{level!r} {count}" for level, count in drift["unknown_levels"].items())
    quantiles = [each for each in drift["quantiles"] if each is not None]
    words = f"; levels nobody knew: {unknown}" if unknown else ""
    return words + (f"; deciles 1, 5, 9 now {', '.join(f'{each:g}' for each in quantiles)}" if quantiles else "")


def _drift(drift: Drift, column: Column, movement: Movement, lately: Sequence[Lately]) -> dict[str, Any]:
    before = column.profile.counts[drift.bin] / max(column.profile.rows, 1)
    shares = movement.shares.get(drift.column)
    share = movement.share_of(drift.column)
    return {
        "column": drift.column,
        "feature": column.feature,
        "bin": bin_names(column.profile)[drift.bin],
        "more": drift.more,
        "share": None if shares is None else _rounded(float(shares[drift.bin]), 5),
        "before": _rounded(before, 5),
        "since": _moment(drift.since),
        "found": _moment(drift.found),
        "last": _moment(drift.last),
        "times": drift.times,
        "after_customers": drift.customers,
        "psi": _rounded(movement.psi.get(drift.column), 4),
        "moved_log_odds": _rounded(movement.features.get(drift.column), 5),
        "share_of_movement": _rounded(share, 4),
        "quantiles": [_rounded(each, 6) for each in _quantiles(drift.column, lately)],
        "unknown_levels": _unknown(drift.column, lately),
    }


def _score(movement: Movement) -> dict[str, Any]:
    told = movement.moved is not None
    return {
        "customers": movement.customers,
        "moved_log_odds": _rounded(movement.moved, 5),
        "error": _rounded(movement.error, 5) if told else None,
        "features": {name: _rounded(each, 5) for name, each in movement.features.items()},
        "rest": _rounded(movement.rest, 5) if told else None,
    }


def _quantiles(name: str, lately: Sequence[Lately]) -> tuple[float, ...]:
    merged = NumberSketch()
    for each in lately:
        if name in each.numbers:
            merged.merge(NumberSketch(each.numbers[name]))
    return merged.quantiles(RANKS)


def _unknown(name: str, lately: Sequence[Lately]) -> dict[str, int]:
    merged = LevelSketch()
    for each in lately:
        if name in each.unseen:
            merged.merge(LevelSketch(each.unseen[name]))
    return dict(list(merged.frequent().items())[:_MOST_LEVELS])


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or not numpy.isfinite(value) else round(float(value), digits)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
