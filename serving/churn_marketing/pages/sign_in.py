"""Signing in, by a local user's password or by an issuer elsewhere, and out again."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from churn_marketing.pages.guard import safe_place
from churn_marketing.security.oidc import OpenIdConnect, SignInRefused
from churn_marketing.services import own_session, person, services
from churn_model.plurals import counted

blueprint = Blueprint("sign_in", __name__)
_WRONG = "This name and password do not go together. Check both and try again."


@blueprint.get("/sign-in")
def form() -> str:
    """The page that asks who somebody is."""
    return _page()


@blueprint.post("/sign-in")
def enter() -> AnyResponse | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Try a name and a password."""
    name, password = request.form.get("name", "").strip()[:64], request.form.get("password", "")
    audit, users = services().audit, services().users
    if users is None:
        raise NotFound
    wait = services().attempts.password(name, str(request.remote_addr))
    if wait:
        audit.write("", "sign-in-held-up", address=str(request.remote_addr))
        problem = (
            f"Too many attempts. Wait {counted(-(-wait // 60), 'minute')} and try again; nobody is locked out for good."
        )
        return _page(problem, name), 429, {"Retry-After": str(wait)}
    found = users.check(name, password)
    if found is None:
        services().attempts.wrong_password(name, str(request.remote_addr))
        audit.write("", "sign-in-refused", address=str(request.remote_addr))
        return _page(_WRONG, name), 401
    return _welcome(found.name, found.role, "local", request.form.get("next"), credential=found.credential)


@blueprint.get("/sign-in/elsewhere")
def begin() -> AnyResponse | tuple[str, int]:
    """Go to the issuer."""
    session["next"] = safe_place(request.args.get("next"))
    try:
        return _issuer().begin(_back_address())
    except SignInRefused as error:
        return _page(str(error)), 503


@blueprint.get("/sign-in/back")
def back() -> AnyResponse | tuple[str, int]:
    """Come back from the issuer."""
    try:
        stranger = _issuer().finish()
    except SignInRefused as error:
        services().audit.write("", "sign-in-refused", address=str(request.remote_addr), source="issuer")
        return _page(str(error)), 403
    users = services().users
    # The trail knows people by their names, so that nobody may come in by one of somebody here.
    taken = users is not None and users.find(stranger.name) is not None
    name = f"{stranger.name} (company account)" if taken else stranger.name
    return _welcome(name, stranger.role, "issuer", session.get("next"), subject=stranger.subject)


@blueprint.post("/sign-out")
def leave() -> AnyResponse:
    """End the session, here and now."""
    services().audit.write(person().name, "signed-out")
    own_session().end()
    return redirect(url_for("sign_in.form", out=1), 303)


def _welcome(name: str, role: str, source: str, place: str | None, *, credential: str = "", **told: str) -> AnyResponse:
    current = own_session()
    kept = current.get("interrupted")
    current.clear()
    current.renew(begin=True)
    current.update(person=name, role=role, source=source, credential=credential)
    services().audit.write(name, "signed-in", role=role, source=source, **told)
    if kept and kept["person"] == name:
        current["interrupted"] = kept
        place = kept["page"]
        flash("You were signed out before your last step was saved. Check it and send it again.")
    return redirect(safe_place(place), 303)


def _page(problem: str = "", name: str = "") -> str:
    where = safe_place(request.values.get("next"))
    return render_template(
        "sign_in.html", problem=problem, name=name, next=where, local=services().users is not None,
        elsewhere=services().issuer is not None,
    )  # fmt: skip


def _issuer() -> OpenIdConnect:
    issuer = services().issuer
    if issuer is None:
        raise NotFound
    return issuer


def _back_address() -> str:
    return f"{str(services().settings.public_url).rstrip('/')}{url_for('sign_in.back')}"
