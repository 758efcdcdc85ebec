"""Holds the churn model against the curves on the one thing that both say: who leaves within the label's window.

Both were learned from the same customers in different ways, so where they differ at least one of them is wrong. It must
not know how either was made.
"""

from dataclasses import dataclass
from typing import Any

import numpy

from churn_campaigns.lifetime.outlook import Outlook, Range

TIMES = 1.25
"""The churn model's mean lies outside the curves' interval and is so many times higher or lower: they disagree. Its own
error is not in the interval, so being outside of it alone says little."""


@dataclass(frozen=True)
class Group:
    """Customers who have been there ``shortest`` to ``longest`` months: how many of them leave within the window as the
    churn model says (mean probability), and as the curves say (value, low, high)."""

    shortest: float
    longest: float
    customers: int
    churn_model: float
    curves: Range

    @property
    def agrees(self) -> bool:
        """Whether both say about the same."""
        value, low, high = self.curves
        return low <= self.churn_model <= high or 1 / TIMES <= self.churn_model / max(value, 1e-12) <= TIMES


def agreement(probabilities: numpy.ndarray, months: numpy.ndarray, outlook: Outlook) -> list[Group]:
    """Both models on the same customers, by fifths of their durations; empty where the label has no window.

    Args:
        probabilities: the churn model's, float [customers].
        months: durations.
        outlook: the curves', of the same customers.
    """
    if outlook.leaves_within_window is None:
        return []
    groups = []
    for number, curves in enumerate(outlook.leaves_within_window.group_means):
        those = outlook.groups == number
        if those.any():
            ends = float(months[those].min()), float(months[those].max())
            groups.append(Group(*ends, int(those.sum()), float(probabilities[those].mean()), curves))
    return groups


def agreement_json(groups: list[Group]) -> list[dict[str, Any]]:
    """As plain data."""
    return [
        {
            "months": [group.shortest, group.longest],
            "customers": group.customers,
            "churn_model": group.churn_model,
            "curves": list(group.curves),
            "agrees": group.agrees,
        }
        for group in groups
    ]


def agreement_text(groups: list[Group], window: float, model: str) -> list[str]:
    """For people: a line a group, and what to think of it."""
    if not groups:
        return []
    lines = [f"leaving within {window:g} months, as {model} and the curves say, by months as a customer:"]
    for group in groups:
        value, low, high = group.curves
        verdict = "" if group.agrees else "  they disagree"
        lines.append(
            f"  {group.shortest:5.1f} to {group.longest:5.1f}: {group.churn_model:6.1%}, {value:6.1%} "
            f"({low:.1%} to {high:.1%}){verdict}"
        )
    apart = sum(not group.agrees for group in groups)
    if apart:
        lines.append(f"the two models disagree in {apart} of {len(groups)} groups: at least one of them is wrong there")
    return lines
