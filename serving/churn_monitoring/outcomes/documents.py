"""A report as JSON and as a table for the terminal. It must not compute anything."""

from collections.abc import Iterator
from typing import Any

from churn_data.errors import glimpse
from churn_monitoring.outcomes.arms import Effect
from churn_monitoring.outcomes.measures import ENOUGH_CUSTOMERS, Calibration, Interval
from churn_monitoring.outcomes.report import Measured, OfModel, Report

STATE_WORDS = {
    "known": "whose outcome is known",
    "unlabelled": "of customers of whom nothing is known",
    "pending": "whose window is not over",
    "unseen": "of customers who were not seen until the window's end",
    "after_leaving": "of customers who had left before",
    "nameless": "without a customer's id",
}
"""What is said of answers in each state."""
STATED = (
    "The use case's label has no window: its probabilities are of leaving at all, so within a stated time fewer leave "
    "than is predicted. Ranking can be trusted; calibration, and what was expected, cannot."
)
"""What is said where the window is the asker's."""
TOO_FEW = f"Where fewer than {ENOUGH_CUSTOMERS} left, or stayed, nothing is said but how many."
NONE_KNOWN = "Of no answer the outcome is known so far, so nothing is said of how good they were."
"""What is said of a model of which nothing else can be."""
_HEADER = ("customers", "left", "AUC", "left - predicted", "slope", "Brier", "EMPC", "profit")
Json = dict[str, Any]


def report_json(report: Report) -> Json:
    """A report as JSON knows it; intervals are of 95 %."""
    asked = report.question
    return {
        "use_case": report.usecase,
        "first": asked.first.isoformat(),
        "last": asked.last.isoformat(),
        "window_days": asked.window_days,
        "window_stated": asked.stated,
        "as_of": asked.as_of.isoformat(),
        "said_until": report.said_until.isoformat(),
        "corrected_customers": report.corrected,
        "groups_not_kept": list(report.lost_groups),
        "models": [_model_json(each) for each in report.models],
    }


def said(report: Report) -> str:
    """Which statements count, and how many customers' were corrected."""
    until = f"by what was said of customers until {report.said_until:%Y-%m-%d %H:%M} UTC"
    return f"{until}; of {report.corrected:,} of those who are judged something else was said before"


def _model_json(of: OfModel) -> Json:
    return {**of.model._asdict(), "answers": of.states, "slices": [_measured_json(each) for each in of.slices]}


def _measured_json(each: Measured) -> Json:
    found = each.quality
    return {
        **each.slice._asdict(),
        "customers": found.customers,
        "leavers": found.leavers,
        "churn_rate": found.churn_rate.to_json(),
        "mean_probability": found.mean_probability,
        "auc": _or_none(found.auc),
        "auc_error": found.auc_error,
        "brier": _or_none(found.brier),
        "log_loss": found.log_loss,
        "calibration": None if found.calibration is None else _calibration_json(found.calibration),
        "empc": _or_none(each.money.empc),
        "profit": _or_none(each.money.profit),
        "expected_profit": each.money.expected,
        "earned": _or_none(each.money.earned),
        "decided": each.money.decided,
        "unknown_actions": each.money.unknown_actions,
        "effects": [_effect_json(effect) for effect in each.effects],
    }


def _calibration_json(found: Calibration) -> Json:
    bins = [
        {"mean_probability": mean, "churn_rate": rate.to_json(), "customers": size} for mean, rate, size in found.bins
    ]
    return {
        "difference": found.difference.to_json(), "intercept": _or_none(found.intercept),
        "slope": _or_none(found.slope), "ece": found.ece, "bins": bins,
    }  # fmt: skip


def _effect_json(effect: Effect) -> Json:
    return {**effect._asdict(), "reduction": effect.reduction.to_json()}


def _or_none(interval: Interval | None) -> Json | None:
    return None if interval is None else interval.to_json()


def report_text(report: Report) -> str:
    """A report for people: a table for each model."""
    asked = report.question
    days = f"answers of {asked.first} to {asked.last}, who left within {asked.window_days} days, as of {asked.as_of}"
    lines = [f"{report.usecase}: {days} (95 % intervals)"]
    lines.append(said(report))
    if asked.stated:
        lines.append(STATED)
    if report.lost_groups:
        lines.append(f"not kept in the log (prediction_log.features): {', '.join(report.lost_groups)}")
    for each in report.models:
        lines += _model_lines(each)
    return "\n".join(lines)


def _model_lines(of: OfModel) -> Iterator[str]:
    yield f"\n{of.model.name} version {of.model.version} ({of.model.digest[:19]})"
    counts = (f"{of.states[state]:,} {words}" for state, words in STATE_WORDS.items() if of.states[state])
    yield f"answers: {', '.join(counts)}"
    if not of.slices:
        yield NONE_KNOWN
        return
    rows = [("", *_HEADER), *(_cells(each) for each in of.slices)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        numbers = "  ".join(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield f"  {first.ljust(widths[0])}  {numbers}"
    whole = of.slices[0].money
    if whole.earned is not None:
        earned, expected = _shown(whole.earned, ",.0f"), f"{whole.expected:+.3f} a customer was expected"
        yield f"what was recommended to {whole.decided:,} customers earned {earned} in all; {expected}"
    for each in of.slices:
        for effect in each.effects:
            fewer = f"{_shown(effect.reduction, '+.4f')} fewer left than of control"
            sizes = f"{effect.customers:,} and {effect.control_customers:,} customers"
            yield f"  {_name(each)}, {effect.arm}: {fewer}, {sizes}"
    if any(each.quality.calibration is None for each in of.slices):
        yield TOO_FEW


def _name(each: Measured) -> str:
    """What a slice is called; a level is what callers send, which must not write to a terminal what it likes."""
    return each.slice.kind if not each.slice.level else f"{each.slice.kind} {glimpse(each.slice.level)}"


def _cells(each: Measured) -> tuple[str, ...]:
    found = each.quality
    return (
        _name(each), f"{found.customers:,}", f"{found.churn_rate.estimate:.2%}", _shown(found.auc, ".4f"),
        _shown(found.calibration and found.calibration.difference, "+.4f"),
        _shown(found.calibration and found.calibration.slope, ".2f"),
        _shown(found.brier, ".4f"), _shown(each.money.empc, ".3f"), _shown(each.money.profit, "+.3f"),
    )  # fmt: skip


def _shown(interval: Interval | None, form: str) -> str:
    if interval is None:
        return "-"
    if interval.lower is None or interval.upper is None:
        return f"{interval.estimate:{form}}"
    return f"{interval.estimate:{form}} ({interval.lower:{form}} to {interval.upper:{form}})"
