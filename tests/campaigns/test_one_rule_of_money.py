"""Models are chosen, customers decided about and campaigns planned by one and the same money."""

from typing import Any

import msgspec
import numpy
import pytest

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.eligibility import offers
from churn_model.actions import ActionTable
from churn_model.profit import profit_curve
from churn_model.schema import Schema, SchemaFeature
from churn_model.usecase import parse_usecase

DOCUMENT: dict[str, Any] = {
    "name": "shop",
    "id": "id",
    "label": {"column": "left", "positive": "yes", "negative": "no", "window": 1},
    "time": {"column": "months"},
    "value": {"column": "spend", "margin": 0.4, "months": 24, "retention": [0.95]},
    "actions": [{"id": "gift", "name": "A gift", "cost": 21, "contact_cost": 1, "effect": 0.2}],
    "profit": {"action": "gift"},
}
SCHEMA = Schema("shop", "id", (SchemaFeature("spend", "number"),))


@pytest.mark.parametrize(("leavers", "spend"), [(9, 40.0), (5, 150.0), (3, 400.0)])
def test_contacting_a_customer_is_worth_the_same_everywhere(leavers: int, spend: float) -> None:
    usecase = parse_usecase(DOCUMENT, "shop.yaml")
    (action,) = usecase.actions
    probability, value = leavers / 10, spend * usecase.kept_factor
    document = {
        "format": 1, "risk": {}, "value": {"column": "spend", "index": 0, "factor": usecase.kept_factor, "fill": 0.0},
        "actions": DOCUMENT["actions"],
    }  # fmt: skip
    online = ActionTable.from_json(document, SCHEMA).decide(probability, 1, (spend,))

    one = numpy.ones(1)
    customer = Customers(["a"], probability * one, one.astype(int), one.astype(int), value * one, {}, {}, one, one)
    planned = offers(customer, (action,)).net[0, 0]

    # Ten customers of whom so many leave, all of them contacted: what choosing among models counts per customer.
    churned = (numpy.arange(10) < leavers).astype(int)
    chosen = profit_curve(
        churned, numpy.full(10, probability), msgspec.structs.replace(usecase.profit, customer_value=value)
    ).profit[-1]

    assert online.id == "gift"
    assert planned == pytest.approx(chosen)
    assert online.expected_value == pytest.approx(chosen, abs=0.01)
