"""The list of customers: searched, filtered, sorted and paged over all of them.

What somebody searches for is a part of a customer's id, so it is sent in a form and kept in the session; addresses hold
filters and opaque keys alone.
"""

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response as AnyResponse

from churn_marketing.pages.wording import wording
from churn_marketing.planning.spellings import same
from churn_marketing.services import audited, services
from churn_marketing.store.customers import RISKS, SORTS, Filters, list_customers
from churn_marketing.store.library import Current

blueprint = Blueprint("customers", __name__)
SORT_NAMES = {
    "at_risk": "value at risk",
    "probability": "probability to leave",
    "value": "value",
    "expected_value": "expected of the action",
    "id": "customer id",
}
_SEARCH, _WITHIN = "customer_search", "customer_search_within"
_LONGEST_SEARCH = 100


@blueprint.get("/customers")
def page() -> str:
    """A page of the list."""
    current = services().library.snapshot().current
    if current is None:
        return render_template("customers.html", found=None)
    filters, sort = _filters(), _sort(current)
    at, towards = (
        (request.args["before"], "before") if request.args.get("before") else (request.args.get("after", ""), "after")
    )
    found = list_customers(current.database, filters, sort, at, "before" if towards == "before" else "after")
    chosen = {"risk": filters.risk or None, "segment": filters.segment, "action": filters.action or None, "sort": sort}
    words = wording()
    return render_template(
        "customers.html",
        found=found,
        filters=filters,
        sort=sort,
        sorts=SORT_NAMES,
        chosen=chosen,
        words=words,
        segments=[each["of"] for each in current.facts["segments"]],
        actions=[each["of"] for each in current.facts["actions"]],
        risks=RISKS,
        filtered=bool(filters.risk or filters.segment is not None or filters.action or filters.search),
    )


@blueprint.post("/customers/search")
def search() -> AnyResponse:
    """Remember what is searched for, and show the list."""
    # Some keyboards send letters and their accents apart, and so have some files.
    words = same(request.form.get("search", "").strip()[:_LONGEST_SEARCH])
    if words:
        session[_SEARCH] = words
        session[_WITHIN] = bool(request.form.get("within"))
        audited("customers-searched")
    else:
        session.pop(_SEARCH, None)
    kept: dict[str, Any] = {
        name: request.form[name] for name in ("risk", "segment", "action", "sort") if request.form.get(name)
    }
    return redirect(url_for("customers.page", **kept), 303)


def require_current() -> Current:
    """The batch that is shown.

    Raises:
        ServiceUnavailable: there is none.
    """
    current = services().library.snapshot().current
    if current is None:
        raise ServiceUnavailable("There are no scores at the moment. The overview says what to do.")
    return current


def _filters() -> Filters:
    given = request.args
    segment = given.get("segment", "")
    return Filters(
        risk=given.get("risk", "") if given.get("risk", "") in RISKS else "",
        segment=int(segment) if segment.isdecimal() and len(segment) <= 2 else None,  # noqa: PLR2004 - few segments
        action=given.get("action", "")[:100],
        search=str(session.get(_SEARCH, "")),
        within=bool(session.get(_WITHIN)),
    )


def _sort(current: Current) -> str:
    given = request.args.get("sort", "")
    usual: Any = "at_risk" if current.facts["total"]["valued"] else "probability"
    return given if given in SORTS else usual
