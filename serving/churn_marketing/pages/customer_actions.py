"""What could be done for one customer: each action with what it is expected to bring, or why it is not for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from churn_model.money import net
from churn_model.package import Package
from churn_model.rules import ActionRule


@dataclass(frozen=True)
class Choice:
    """An action for a customer. ``expected`` is in money, None where nobody said what customers are worth; ``not_for``
    says why it is none of theirs, empty if it may be."""

    rule: ActionRule
    expected: float | None
    chosen: bool
    not_for: str = ""

    @property
    def interval(self) -> tuple[float, float] | None:
        """How sure the effect is, where it was measured."""
        return self.rule.effect_interval


def choices(row: Mapping[str, Any], package: Package | None) -> list[Choice]:
    """All actions of the model: the one that was chosen first, then by what they are expected to bring."""
    if package is None:
        return []
    found = [
        Choice(rule, _expected(rule, row), rule.id == row["action"], _not_for(rule, row))
        for rule in package.description.actions.actions
    ]
    return sorted(found, key=lambda each: (not each.chosen, bool(each.not_for), -(each.expected or 0.0)))


def _expected(rule: ActionRule, row: Mapping[str, Any]) -> float | None:
    value, probability = row["value"], row["probability"]
    return None if value is None else net(rule.effect * probability, probability, value, rule.contact, rule.offer)


def _not_for(rule: ActionRule, row: Mapping[str, Any]) -> str:
    if row["risk"] not in rule.risk:
        return f"meant for {' and '.join(rule.risk)} risk"
    if rule.segments and row["segment"] not in rule.segments:
        return "meant for other segments"
    if row["value"] is not None and row["value"] < rule.minimum_value:
        return "the customer is worth less than it is meant for"
    return ""
