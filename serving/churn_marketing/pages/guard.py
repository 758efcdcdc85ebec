"""Who may ask, looked at before any page: how often, signed in or not, and whether they still may.

A form that comes after a session has ended is kept, for the same person to go on with once they have signed in again.
"""

from urllib.parse import urlsplit

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from churn_marketing.services import Person, own_session, services
from churn_model.plurals import counted

OPEN = frozenset(
    {"static", "sign_in.form", "sign_in.enter", "sign_in.begin", "sign_in.back", "health.live", "health.ready"}
)
"""What needs nobody."""
UNCOUNTED = frozenset({"static", "health.live", "health.ready"})
_KEPT_LETTERS = 64 * 1024


def admit() -> AnyResponse | None:
    """Let the present request through with its person known, or say where to go instead.

    Raises:
        TooManyRequests: somebody asks too often; BadRequest: a form comes from what is no address.
    """
    found = known_person()
    g.person = found
    if request.endpoint not in UNCOUNTED:
        wait = services().attempts.request(found.name if found else "", str(request.remote_addr))
        if wait:
            raise TooManyRequests(f"Too many requests. Try again in {counted(wait, 'second')}.", retry_after=wait)
    came_from = _path_of(request.referrer) if request.method not in ("GET", "HEAD", "OPTIONS") else ""
    if found is not None or request.endpoint in OPEN or request.endpoint is None:
        return None
    return _to_sign_in(came_from)


def known_person() -> Person | None:
    """Who has signed in and may still ask; None of a stranger."""
    if request.path.startswith("/static/"):
        return None
    session = own_session()
    name, role, source = (session.get(each) for each in ("person", "role", "source"))
    if not name or role not in ("viewer", "planner"):
        return None
    users = services().users
    if source == "local":
        known = users.find(name) if users else None
        if known is None or session.get("credential") != known.credential:
            session.end()
            return None
        role = known.role
    elif services().issuer is None:
        session.end()  # nobody vouches for them any more
        return None
    return Person(str(name), role)


def _to_sign_in(came_from: str) -> AnyResponse:
    session = own_session()
    place = request.path if request.method == "GET" else "/"
    ended = "1" if session.ended else None
    if request.method == "POST":
        place = safe_place(came_from)
        form = _typed() if session.ended else {}
        if form:
            session["interrupted"] = {"person": session.ended, "path": request.path, "page": place, "form": form}
    address = url_for("sign_in.form", next=place if place != "/" else None, ended=ended)
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


def _typed() -> dict[str, list[str]]:
    """The fields of a form of somebody who has to sign in first; none of one that is too large to be kept, as files
    are."""
    if request.mimetype != "application/x-www-form-urlencoded":
        return {}
    try:
        form = {key: values for key, values in request.form.lists() if key != "csrf_token"}
    except RequestEntityTooLarge:
        return {}
    letters = sum(len(key) + sum(map(len, values)) for key, values in form.items())
    return form if letters <= _KEPT_LETTERS else {}


def _path_of(address: str | None) -> str:
    """The path of the page that a form comes from, as browsers say; empty where they do not."""
    try:
        return urlsplit(address or "").path
    except ValueError:
        raise BadRequest("Nobody can see where this form comes from. Nothing was done: load the page again.") from None


def safe_place(given: str | None) -> str:
    """A path of this app to go to, / where the given one is none."""
    text = given or "/"
    # Two slashes, or what browsers take for them, would lead to another machine.
    plain = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if plain and text.isprintable() and len(text) <= 500 else "/"  # noqa: PLR2004 - longer than any of ours


def interrupted(endpoint_path: str) -> dict[str, list[str]] | None:
    """The form that somebody sent to that path when their session had ended; it is given once."""
    session = own_session()
    kept = session.get("interrupted")
    if not kept or kept["path"] != endpoint_path or kept["person"] != session.get("person"):
        return None
    session.pop("interrupted")
    form: dict[str, list[str]] = kept["form"]
    return form


health = Blueprint("health", __name__)


@health.get("/healthz")
def live() -> tuple[str, int]:
    """The process answers."""
    return "ok\n", 200


@health.get("/readyz")
def ready() -> tuple[str, int]:
    """It can be asked for pages; without any batch they say so."""
    return "ready\n", 200
