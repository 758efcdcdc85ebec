"""Results: what campaigns have brought, said with no more certainty than the outcomes give."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from churn_campaigns.experiment.tally import OUTCOME_ON
from churn_marketing.pages.plan import planner
from churn_marketing.planning.faults import NotEnoughYet, PlanningFault
from churn_marketing.planning.records import Plan
from churn_marketing.plots.effect_interval import effect_interval
from churn_marketing.services import require_planner, services
from churn_marketing.text.results import Verdict, bounds, caution, effect_words, net_words, verdict_of

blueprint = Blueprint("results", __name__, url_prefix="/results")
_PENDING = "reading"
_LONGEST_NAME = 80


@blueprint.get("/")
def page() -> str:
    """All campaigns that were frozen, with what the last look has shown."""
    planner().close_ended()
    shown = []
    for plan in planner().plans.listed():
        if plan.folder is not None:
            looks = planner().plans.looks(plan.id)
            shown.append((plan, looks[-1] if looks else None, verdict_of(looks[-1].document) if looks else None))
    return render_template("results.html", shown=shown)


@blueprint.get("/<plan>")
def one(plan: str) -> AnyResponse | str:
    """One campaign."""
    found = planner().plans.get(plan)
    if found.folder is None:
        return redirect(url_for("plan.one", plan=plan), 303)
    reading = planner().is_reading(plan)  # asked first: what ends from here on is told by the next page
    problem, early = ("", "") if reading else _ending(plan)
    looks = planner().plans.looks(plan)
    verdict: Verdict | None = verdict_of(looks[-1].document) if looks else None
    return render_template(
        "result.html", plan=found, looks=looks, verdict=verdict, problem=problem, early=early, picture=_picture(found),
        promised=planner().promised(found), reading=reading, usecase=services().usecase,
        day_column=OUTCOME_ON, effect_words=effect_words, net_words=net_words, caution=caution,
        currency=services().settings.currency,
        actions={action.id: action.name for action in services().usecase.actions},
    )  # fmt: skip


@blueprint.post("/<plan>")
def upload(plan: str) -> AnyResponse:
    """Look at outcomes."""
    who = require_planner()
    given = request.files.get("outcomes")
    if given is None or not given.filename:
        flash("Choose a file of outcomes first.")
        return redirect(url_for("results.one", plan=plan), 303)
    planner().folder_of(planner().plans.get(plan))  # nothing is kept of a file that nobody can read
    place = planner().places.new_upload()
    name = "".join(letter for letter in given.filename if letter.isprintable())[-_LONGEST_NAME:]
    place = place.with_suffix(_ending_of(name))
    given.save(place)
    place.chmod(0o600)
    session[_PENDING] = plan
    try:
        if planner().read(plan, place, name, services().settings.usecase, who.name):
            session.pop(_PENDING)
    except PlanningFault as fault:
        session.pop(_PENDING, None)
        _remember(plan, fault)
    return redirect(url_for("results.one", plan=plan), 303)


def _ending_of(name: str) -> str:
    """What says the kind of a file; nothing where the name has no ending that we know."""
    ending = name.rpartition(".")[2].lower()
    return f".{ending}" if ending in ("csv", "tsv", "txt", "parquet", "pq", "xlsx", "gz") else ""


def _ending(plan: str) -> tuple[str, str]:
    """How the look ended that this person has begun: what was wrong with the file, or why it is too early."""
    if session.get(_PENDING) == plan:
        try:
            if planner().read_done(plan, 0.0) or not planner().is_reading(plan):
                session.pop(_PENDING, None)
        except PlanningFault as fault:
            session.pop(_PENDING, None)
            _remember(plan, fault)
    told = session.pop("told", None) if session.get("told", [None])[0] == plan else None
    if told is None:
        return "", ""
    return ("", told[2]) if told[1] else (told[2], "")


def _remember(plan: str, fault: PlanningFault) -> None:
    session["told"] = [plan, isinstance(fault, NotEnoughYet), str(fault)]


def _picture(plan: Plan) -> str:
    looks = planner().plans.looks(plan.id)
    if not looks:
        return ""
    effect = looks[-1].document["plan"]
    low, high = bounds(effect)
    return effect_interval(low, effect["absolute"], high, effect_words(effect, looks[-1].document["level"]))
