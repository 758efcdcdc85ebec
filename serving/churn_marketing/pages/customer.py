"""One customer: how likely they leave and by when, why, what they are worth, what could be done, and what if something
about them were otherwise."""

from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.exceptions import NotFound

from churn_marketing.errors import GatewayAway
from churn_marketing.gateway import FieldsRefused
from churn_marketing.pages.customer_actions import choices
from churn_marketing.pages.customer_fields import Field, changed, features, own_fields
from churn_marketing.pages.customer_value import value_plot
from churn_marketing.pages.customers import require_current
from churn_marketing.pages.wording import wording
from churn_marketing.services import audited, services
from churn_marketing.store.customers import find_customer
from churn_marketing.text.reasons import reasons_of

blueprint = Blueprint("customer", __name__)


@blueprint.get("/customers/<key>")
def page(key: str) -> str:
    """All about a customer."""
    row = _row(key)
    audited("customer-seen", customer=key)
    return render_template("customer.html", **_content(row))


@blueprint.post("/customers/<key>/what-if")
def what_if(key: str) -> str:
    """The answer for this customer with other fields: a part of the page for whom it is exchanged, else the page."""
    row = _row(key)
    audited("customer-tried", customer=key)
    fields = own_fields(row, services().model.package)
    tried = changed(fields, request.form)
    result = _tried(row, tried)
    if request.headers.get("HX-Request"):
        return render_template("what_if.html", result=result, row=row, words=wording())
    return render_template("customer.html", result=result, **_content(row) | {"fields": tried})


def _row(key: str) -> dict[str, Any]:
    row = find_customer(require_current().database, key)
    if row is None:
        raise NotFound
    return row


def _content(row: dict[str, Any]) -> dict[str, Any]:
    package = services().model.package
    fields = own_fields(row, package)
    return {
        "row": row,
        "words": wording(),
        "fields": fields,
        "why": _why(row, fields),
        "actions": choices(row, package),
        "value_plot": value_plot(row, fields),
        "of_hundred": round(row["probability"] * 100),
    }


def _why(row: dict[str, Any], fields: list[Field]) -> dict[str, Any]:
    """Reasons by the gateway, or why there are none, and whether it answers otherwise than the batch."""
    if not fields:
        return {"problem": "The customer's own fields are not known here, so nobody can say why."}
    if any(field.dated for field in fields):
        return {"problem": "This model counts days from dates; reasons for such customers are not shown here yet."}
    try:
        answer = services().gateway.predict(row["key"], features(fields), explain=True)
    except FieldsRefused:
        return {
            "problem": "The model that serves now takes other fields than this batch has. Score the customers again."
        }
    except GatewayAway as error:
        return {"problem": f"{error} The figures on this page are those of the batch; reasons need the gateway."}
    (found,) = answer.predictions
    moved = abs(found.churn_probability - row["probability"])
    return {
        "reasons": reasons_of(found.reasons),
        "served_by": answer.served_by,
        "version": answer.model.version,
        "now": found.churn_probability if moved > 0.005 else None,  # noqa: PLR2004 - half a percent is seen
        "warnings": [each.message for each in answer.warnings],
    }


def _tried(row: dict[str, Any], fields: list[Field]) -> dict[str, Any]:
    faults = [field for field in fields if field.fault]
    if faults:
        return {"faults": [f"{field.label}: {field.fault}" for field in faults]}
    try:
        answer = services().gateway.predict(row["key"], features(fields), explain=True)
    except FieldsRefused as error:
        return {"faults": error.faults}
    except GatewayAway:
        return {"faults": ["The gateway does not answer. Your values are still there: try again in a moment."]}
    (found,) = answer.predictions
    return {
        "probability": found.churn_probability,
        "change": found.churn_probability - row["probability"],
        "risk": found.risk,
        "action": found.action.name,
        "reasons": reasons_of(found.reasons),
        "changed": [field for field in fields if field.is_changed],
    }
