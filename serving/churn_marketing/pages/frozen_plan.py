"""What becomes of a frozen plan: its list is taken away, its freeze is undone, it is closed, the next one follows."""

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from churn_marketing.pages.plan import planner, seen
from churn_marketing.planning.call_list import PAPER, PAPER_ROWS
from churn_marketing.planning.faults import NotPossible, PlanningFault
from churn_marketing.planning.frozen_files import KINDS, ledger_path
from churn_marketing.planning.terms import NAME, SPARED
from churn_marketing.services import audited, require_planner
from churn_marketing.text.reasons import in_a_line

blueprint = Blueprint("frozen_plan", __name__, url_prefix="/plans/<plan>")
_LONGEST_NUMBER = 6
"""Digits of a page's number."""


@blueprint.post("/list/<kind>")
def export(plan: str, kind: str) -> AnyResponse:
    """Have the list written."""
    try:
        planner().export(plan, kind, require_planner().name)
    except PlanningFault as fault:
        flash(str(fault))
        return redirect(url_for("plan.one", plan=plan), 303)
    return redirect(url_for("frozen_plan.fetch", plan=plan, kind=kind), 303)


@blueprint.get("/list/<kind>")
def fetch(plan: str, kind: str) -> AnyResponse:
    """The list, or a page that says that it is being written."""
    require_planner()
    found = planner().plans.get(plan)
    try:
        path = planner().exported(found, kind)
    except PlanningFault as fault:
        flash(str(fault))
        return redirect(url_for("plan.one", plan=plan), 303)
    if path is None:
        page = render_template("plan_writing.html", plan=found, kind=kind)
        return Response(page, 202, {"Refresh": "2"})
    audited("list-fetched", plan=plan, kind=kind)
    return send_file(path.resolve(), KINDS[kind], as_attachment=True, download_name=f"plan-{found.id}.{kind}")


@blueprint.post("/calls")
def print_calls(plan: str) -> AnyResponse:
    """Take the call list away on paper."""
    try:
        planner().call_lists.take(plan, require_planner().name)
    except PlanningFault as fault:
        flash(str(fault))
        return redirect(url_for("plan.one", plan=plan), 303)
    return redirect(url_for("frozen_plan.calls", plan=plan), 303)


@blueprint.get("/calls")
def calls(plan: str) -> str:
    """The call list as a page to print."""
    require_planner()
    found = planner().plans.get(plan)
    asked = request.args.get("page", "1")
    page = max(1, int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) <= _LONGEST_NUMBER else 1
    rows = [row | {"reasons": in_a_line(row["reasons"])} for row in planner().call_lists.page(found, page)]
    audited("list-fetched", plan=plan, kind=PAPER)
    contacted = found.document["summary"]["contacted"] if found.document else 0
    return render_template(
        "call_list.html", plan=found, rows=rows, page=page, first=(page - 1) * PAPER_ROWS, contacted=contacted,
        pages=max(1, -(-contacted // PAPER_ROWS)),
    )  # fmt: skip


@blueprint.get("/ledger")
def ledger(plan: str) -> AnyResponse:
    """The ledger of looks, which `churn experiment read` wants beside the list."""
    require_planner()
    found = planner().plans.get(plan)
    path = ledger_path(planner().folder_of(found))
    if found.exported_at is None or not path.is_file():
        raise NotPossible("There is no ledger: nobody was held out, or the list was not exported yet.")
    asked = request.args.get("of", "")
    kind = asked if asked in KINDS else "csv"
    audited("ledger-fetched", plan=plan)
    name = f"plan-{found.id}.{kind}.ledger.json"
    return send_file(path.resolve(), "application/json", as_attachment=True, download_name=name)


@blueprint.post("/undo")
def undo(plan: str) -> AnyResponse:
    """Make it a draft again."""
    try:
        planner().undo(plan, require_planner().name, request.form.get("reason", ""), seen())
        flash("The freeze is undone; its customers are free again, and this is a draft.")
    except NotPossible as fault:
        flash(str(fault))
    return redirect(url_for("plan.one", plan=plan), 303)


@blueprint.post("/close")
def close(plan: str) -> AnyResponse:
    """End the campaign before its time."""
    who = require_planner()
    try:
        planner().close(plan, who.name, seen())
        flash("The campaign is closed; other plans may have its customers. Its results can still be read.")
    except NotPossible as fault:
        flash(str(fault))
    return redirect(url_for("plan.one", plan=plan), 303)


@blueprint.post("/next")
def following(plan: str) -> AnyResponse:
    """A new draft on the same terms that spares whom this one had."""
    who = require_planner()
    found = planner().plans.get(plan)
    fields = found.fields | {NAME: [f"After {found.name}"[:100]], SPARED: [*found.fields.get(SPARED, []), found.id]}
    return redirect(url_for("plan.one", plan=planner().make(fields, who.name)), 303)
