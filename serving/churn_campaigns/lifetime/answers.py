"""The file and the sentences of `churn value`.

It must not compute an expectation.
"""

from typing import Any

import numpy

from churn_campaigns.lifetime.outlook import Estimate, Outlook
from churn_campaigns.lifetime.selection import Judged, Selection

BEYOND = "beyond horizon"
COLUMNS = (
    ("months_left", 2),
    ("median_months", 1),
    ("leaves_within_window", 4),
    ("leaves_within_12_months", 4),
    ("lifetime_value", 2),
)


def columns_of(ids: list[str], known: numpy.ndarray, outlook: Outlook) -> dict[str, list[Any]]:
    """The file's columns, a row a customer in the file's order; empty where the duration is not known.

    Args:
        ids: of all customers.
        known: whose duration is known, a truth value a customer.
        outlook: of those whose duration is known.
    """
    columns: dict[str, list[Any]] = {"id": ids}
    for name, digits in COLUMNS:
        estimate: Estimate | None = getattr(outlook, name)
        if estimate is None:
            continue
        for suffix, values in (("", estimate.value), ("_low", estimate.low), ("_high", estimate.high)):
            cells = numpy.full(len(ids), None, dtype=object)
            cells[known] = [_cell(value, digits, text=name == "median_months") for value in values.tolist()]
            columns[name + suffix] = cells.tolist()
    return columns


def _cell(value: float, digits: int, *, text: bool) -> float | str:
    rounded = round(value, digits)
    if not text:
        return rounded
    return str(rounded) if numpy.isfinite(value) else BEYOND


def means_json(outlook: Outlook) -> dict[str, Any]:
    """The means of all customers as plain data: a value and, under another name, its interval."""
    found: dict[str, Any] = {}
    for name, _ in COLUMNS:
        estimate: Estimate | None = getattr(outlook, name)
        if estimate is not None and name != "median_months":
            value, low, high = estimate.mean
            found |= {name: value, f"{name}_interval": [low, high]}
    return found


def judged_json(judged: Judged, weight: float) -> dict[str, Any]:
    """A family's weight and its measures on held-out customers as plain data."""
    observed, expected = judged.years[0]
    return {
        "family": judged.family.name,
        "weight": weight,
        "log_likelihood": judged.log_likelihood,
        "concordance": judged.concordance,
        "left_within_12_months": {"observed": observed, "expected": expected},
        "years": [{"observed": seen, "expected": foretold} for seen, foretold in judged.years],
    }


def text_of(result: dict[str, Any], selection: Selection) -> str:
    """The result for people."""
    best = selection.judged[0]
    observed, expected = best.years[0]
    people = "simulated customers" if result["simulated"] else "customers"
    place = f"{result['file']} (replaced)" if result["replaced"] else result["file"]
    held_out = (
        f"on held-out ones: concordance {best.concordance:.3f}; "
        f"{observed} left in their first 12 months, {expected:.0f} were expected"
    )
    horizon, months = result["horizon"], result["value_months"]
    ahead = (
        f"ahead: {_with_interval(result, 'months_left', '.1f')} of the next {horizon} months on average, "
        f"{_with_interval(result, 'leaves_within_12_months', '.1%')} leave within 12 months"
    )
    worth = (
        f"lifetime value {_with_interval(result, 'lifetime_value', '.2f')} over {months:g} months, "
        "by each customer's own curve in place of the use case's retention"
    )
    weights = ", ".join(f"{family['family']} {family['weight']:.0%}" for family in result["families"])
    lines = (
        f"{place}: {result['customers']} {people} who are still there",
        f"learned from {result['learned_from']} {people}, of whom {result['left']} left {_seen(result)}: {weights}",
        held_out,
        f"{ahead}; {worth}",
        "assumed: margin and discount rate; that leaving goes on as it went while it was observed",
    )
    return "\n".join(lines)


def _seen(result: dict[str, Any]) -> str:
    window = result["window_months"]
    if window is None:
        return "while they were observed"
    return "within the last month" if window == 1 else f"within the last {window:g} months"


def _with_interval(result: dict[str, Any], name: str, form: str) -> str:
    low, high = result[f"{name}_interval"]
    return f"{result[name]:{form}} ({low:{form}} to {high:{form}})"
