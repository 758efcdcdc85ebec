"""Do not contact: customers who have asked not to be called or written to, whatever their file says.

Ids go in by a form and never into an address or a log; the list itself is not shown, only how long it is.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from churn_marketing.pages.guard import interrupted
from churn_marketing.pages.plan import planner
from churn_marketing.planning.faults import NotPossible
from churn_marketing.planning.spellings import spellings
from churn_marketing.planning.wishes import MOST_AT_ONCE
from churn_marketing.services import audited, require_planner, services
from churn_marketing.store.customers import known_ids

blueprint = Blueprint("wishes", __name__, url_prefix="/do-not-contact")


@blueprint.get("/")
def page() -> str:
    """The form."""
    kept = interrupted(request.path) or {}
    return _page("\n".join(kept.get("customers", [])))


@blueprint.post("/")
def change() -> AnyResponse | tuple[str, int]:
    """Add or remove customers."""
    who = require_planner()
    typed = request.form.get("customers", "")
    customers = list(dict.fromkeys(filter(None, map(str.strip, typed.splitlines()))))
    wishes = planner().wishes
    try:
        if request.form.get("what") == "remove":
            count, done = wishes.remove(customers), "removed"
        else:
            count, done = wishes.add(customers, who.name), "added"
    except NotPossible as fault:
        return _page(typed, str(fault)), 409
    audited(f"do-not-contact-{done}", customers=count)
    unknown = _unknown(customers)
    be = "is" if unknown == 1 else "are"
    odd = f" {unknown:,} of them {be} in no row of the batch that is shown: check the spelling." if unknown else ""
    flash(f"{count:,} of {len(customers):,} customers {done}.{odd} Drafts are worked out without who is on the list.")
    return redirect(url_for("wishes.page"), 303)


def _page(typed: str, problem: str = "") -> str:
    count = planner().wishes.count()
    return render_template("wishes.html", count=count, most=MOST_AT_ONCE, typed=typed, problem=problem)


def _unknown(customers: list[str]) -> int:
    """How many ids are nobody's; 0 as long as nobody can say."""
    current = services().library.snapshot().current
    if current is None:
        return 0
    written = {customer: spellings(customer) for customer in customers}
    known = known_ids(current.database, [each for several in written.values() for each in several])
    return sum(known.isdisjoint(several) for several in written.values())
