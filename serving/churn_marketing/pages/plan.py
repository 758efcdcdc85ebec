"""Plan a campaign: the list of plans, a draft with what it comes to, and what becomes of it.

What somebody typed is kept whatever is wrong with it: in the draft, or, where another has changed that meanwhile or the
session has ended, in the form.
"""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from churn_marketing.pages.guard import interrupted
from churn_marketing.planning import terms
from churn_marketing.planning.faults import NoSuchPlan, NotPossible, PlanningFault, StaleDraft, TermsFault
from churn_marketing.planning.frozen_files import SHEET, rows_in
from churn_marketing.planning.planner import Planner
from churn_marketing.planning.records import INTERRUPTED, Event, Plan
from churn_marketing.planning.terms import Fields
from churn_marketing.plots.profit_curve import net_at, profit_curve
from churn_marketing.services import require_planner, services
from churn_marketing.text.left_out import why

blueprint = Blueprint("plan", __name__, url_prefix="/plans")
_PENDING = "freezing"


def planner() -> Planner:
    """The planner of this app."""
    return services().planner


@blueprint.get("/")
def page() -> str:
    """All plans."""
    planner().close_ended()
    return render_template("plans.html", plans=planner().plans.listed(), wishes=planner().wishes.count())


@blueprint.post("/")
def make() -> AnyResponse:
    """A new draft: the usual one, or what somebody has typed."""
    who = require_planner()
    typed = _typed()
    made = planner().make(typed if terms.BUDGET in typed else None, who.name)
    return redirect(url_for("plan.one", plan=made), 303)


@blueprint.get("/<plan>")
def one(plan: str) -> AnyResponse | str:
    """A draft with what it comes to, or a frozen plan."""
    freezing = planner().freezing.is_under_way(plan)  # asked first: what ends from here on is told by the next page
    if not freezing and session.get(_PENDING) == plan:
        if request.headers.get("HX-Request"):
            return Response(status=204, headers={"HX-Refresh": "true"})  # the whole page tells how it ended
        _tell_freeze(plan)
    found = planner().plans.get(plan)
    if found.state != "draft":
        return _frozen(found)
    typed = interrupted(request.path)
    return _draft(found, None if typed is None else _known(typed), freezing=freezing)


@blueprint.post("/<plan>")
def save(plan: str) -> AnyResponse | tuple[str, int]:
    """Keep what was typed and work it out."""
    who = require_planner()
    version = whole("version")
    try:
        planner().save(plan, version, _typed(), who.name)
    except StaleDraft as fault:
        return _draft(planner().plans.get(plan), _typed(), problem=str(fault), stale=True), 409
    except (NoSuchPlan, NotPossible) as fault:
        own = planner().make(_typed(), who.name)
        flash(f"{fault} What you typed is kept in this draft of its own.")
        return redirect(url_for("plan.one", plan=own), 303)
    return redirect(url_for("plan.one", plan=plan), 303)


@blueprint.get("/<plan>/budget")
def at_budget(plan: str) -> str:
    """What the curve says of a budget, as a part of the page."""
    found = planner().plans.get(plan)
    outlook = planner().outlook(found, 0.0)
    points = outlook.curve["points"] if outlook.curve else []
    budget = _amount(request.args.get("slider", ""))
    at = net_at(points, budget) if points else None
    return render_template("plan_budget.html", budget=budget, at=at)


@blueprint.post("/<plan>/budget")
def take_budget(plan: str) -> AnyResponse:
    """Take the budget that the slider stands at into the draft."""
    who = require_planner()
    found = planner().plans.get(plan)
    fields = found.fields | {terms.BUDGET: [f"{_amount(request.form.get('slider', '')):g}"]}
    try:
        planner().save(plan, whole("version"), fields, who.name)
    except StaleDraft as fault:
        flash(str(fault))
    return redirect(url_for("plan.one", plan=plan), 303)


@blueprint.post("/<plan>/again")
def again(plan: str) -> AnyResponse:
    """Work a draft out by who is free now."""
    require_planner()
    planner().outlook(planner().plans.get(plan), anew=True)
    return redirect(url_for("plan.one", plan=plan), 303)


@blueprint.post("/<plan>/freeze")
def freeze(plan: str) -> AnyResponse:
    """Freeze a draft as it was shown."""
    who = require_planner()
    session[_PENDING] = plan
    try:
        if planner().freeze(plan, whole("version"), request.form.get("shown", "")[:100], who.name):
            session.pop(_PENDING)
    except PlanningFault as fault:
        session.pop(_PENDING, None)
        flash(str(fault))
    return redirect(url_for("plan.one", plan=plan), 303)


@blueprint.post("/<plan>/discard")
def discard(plan: str) -> AnyResponse:
    """Take a draft away."""
    who = require_planner()
    try:
        planner().discard(plan, who.name, seen())
    except NotPossible as fault:
        flash(str(fault))
        return redirect(url_for("plan.one", plan=plan), 303)
    flash("The draft is gone.")
    return redirect(url_for("plan.page"), 303)


def _tell_freeze(plan: str) -> None:
    """How the freeze ended that this person has begun."""
    session.pop(_PENDING)
    try:
        planner().frozen(plan, 0.0)
    except PlanningFault as fault:
        flash(str(fault))


def _draft(plan: Plan, typed: Fields | None, *, problem: str = "", stale: bool = False, freezing: bool = False) -> str:
    outlook = planner().outlook(plan)
    fields = plan.fields if typed is None else typed
    faults = _faults(fields) if typed is not None else outlook.faults or {}
    curve = at = None
    budget = _amount("".join(plan.fields.get(terms.BUDGET, [])[:1]))
    if outlook.curve is not None:
        curve = profit_curve(outlook.curve["points"], budget, services().settings.currency)
        at = net_at(outlook.curve["points"], budget)
    standing = services().standing
    return render_template(
        "plan.html", plan=plan, outlook=outlook, fields=fields, faults=faults, curve=curve, budget=budget, at=at,
        why=why, problem=problem, stale=stale, freezing=freezing, step=planner().freezing.step(plan.id),
        interrupted=_interrupted(plan), choices=planner().choices(),
        segments=standing.segment_names(), actions=_actions(),
        earlier=[each for each in planner().plans.listed() if each.folder],
    )  # fmt: skip


def _interrupted(plan: Plan) -> Event | None:
    """A freeze of this draft that a killed process has not ended, as long as nothing has happened to it since."""
    last = next(iter(planner().plans.events(plan.id)), None)
    return last if last is not None and last.what == INTERRUPTED else None


def _frozen(plan: Plan) -> str:
    return render_template(
        "plan_frozen.html", plan=plan, document=plan.document, events=planner().plans.events(plan.id), why=why,
        actions=_actions(), promised=planner().promised(plan), read=bool(planner().plans.looks(plan.id)),
        wished=planner().claims.wished(plan.id), listed=rows_in(planner().folder_of(plan)), sheet=SHEET,
    )  # fmt: skip


def _actions() -> dict[str, Any]:
    return {action.id: action for action in services().usecase.actions}


def _typed() -> Fields:
    return _known(dict(request.form.lists()))


def _known(form: dict[str, list[str]]) -> Fields:
    return terms.kept(form, planner().choices())


def _faults(fields: Fields) -> dict[str, str]:
    try:
        terms.read_terms(fields, planner().choices())
    except TermsFault as fault:
        return fault.faults
    return {}


def seen() -> int | None:
    """The version of the plan that somebody has before them; None where a form does not say."""
    return whole("version") if "version" in request.form else None


def whole(name: str) -> int:
    """A whole number of the form; raises :class:`NotPossible`."""
    text = request.form.get(name, "")
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:  # noqa: PLR2004 - more than any draft has
        raise NotPossible("The form is not whole. Load the page again.")
    return int(text)


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        return 0.0
    return min(amount, terms.LARGEST_BUDGET) if amount > 0.0 else 0.0


def say(fault: PlanningFault) -> AnyResponse:
    """A fault of planning that no page has put beside what it is about."""
    status = 404 if type(fault).__name__ == "NoSuchPlan" else 409
    title = "No such plan" if status == 404 else "That was not done"  # noqa: PLR2004 - the status above
    return Response(render_template("error.html", title=title, text=str(fault), status=status), status)
