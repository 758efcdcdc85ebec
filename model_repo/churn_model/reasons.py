"""Why a customer may leave, in plain words, for the people who talk to customers.

It turns Shapley values into sentences of one fixed pattern. It must not know models; and what it says holds a
customer's own values, so it belongs into an answer, never into a log.
"""

from collections.abc import Sequence
from decimal import Decimal

from churn_model.schema import Row, Schema

NOTICEABLE = 0.05
"""Smallest contribution, in log-odds, that is worth a word: it moves a probability of 50 % by 1.2 points."""


def reasons(row: Row, contributions: Sequence[float], schema: Schema, limit: int = 3) -> list[str]:
    """What raises this customer's churn most, in falling order, at most ``limit`` of what is noticeable.

    The pattern is ``<feature>: <value> (raises churn)``, with the feature's label (its name where it has none), e.g.
    "contract: Month-to-month (raises churn)"; a missing value is "not known". Of equal ones the schema's first leads.

    Args:
        row: the customer, in schema order.
        contributions: the customer's entry of :meth:`churn_model.scorer.Scorer.contributions`, base included.
        schema: what the values mean.
        limit: how many reasons at most.
    """
    raising = [index for index in range(len(schema.features)) if contributions[index] >= NOTICEABLE]
    raising.sort(key=lambda index: -contributions[index])
    return [_sentence(index, row, schema) for index in raising[:limit]]


def _sentence(index: int, row: Row, schema: Schema) -> str:
    feature = schema.features[index]
    return f"{feature.label or feature.name}: {plain(row[index])} (raises churn)"


def plain(value: float | str | None) -> str:
    """A value for people: whole numbers without a point, others with two digits after it or three that count."""
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return "not known"
    if isinstance(value, str):
        return value
    if abs(value) >= 1 or value == 0:
        text = f"{value:.2f}"
        return text.rstrip("0").rstrip(".")
    return format(Decimal(f"{value:.3g}"), "f")
