"""What a customer brings in the months ahead, as a curve, by the use case's own account of value."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from markupsafe import Markup

from churn_marketing.pages.customer_fields import Field
from churn_marketing.plots.lines import Point, graph
from churn_marketing.services import services
from churn_marketing.text.amounts import money
from churn_model.money import monthly_worth, retained
from churn_model.plurals import counted


def value_plot(row: Mapping[str, Any], fields: list[Field]) -> Markup | None:
    """Sum of what they bring month by month if they stay now; None where it is not known."""
    rule = services().usecase.value
    amount = next((field.known for field in fields if rule is not None and field.name == rule.column), None)
    if rule is None or row["value"] is None or not isinstance(amount, float):
        return None
    months = [amount * worth * retained(rule, month) for month, worth in enumerate(monthly_worth(rule))]
    sums = [0.0, *accumulate(months)]
    points = [
        Point(month, "today" if month == 0 else counted(month, "month"), total) for month, total in enumerate(sums)
    ]
    currency = services().settings.currency
    return graph(
        "lifetime", "What the customer brings in the months ahead", points, lambda value: money(value, currency)
    )
