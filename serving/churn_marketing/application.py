"""The composition root: everything that the app is made of, tied together once."""

import logging
import os
import secrets
import time
import traceback
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, render_template, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from churn_marketing.errors import BatchError, SettingError
from churn_marketing.gateway import Gateway
from churn_marketing.pages import (
    customer,
    customers,
    frozen_plan,
    guard,
    models,
    overview,
    plan,
    results,
    segments,
    sign_in,
    wishes,
)
from churn_marketing.pages.form_sizes import LARGEST_FORM, allow_larger, too_large
from churn_marketing.pages.surroundings import surroundings
from churn_marketing.pages.unknown import linked
from churn_marketing.planning.faults import PlanningFault
from churn_marketing.planning.planner import Planner
from churn_marketing.planning.standing import Standing
from churn_marketing.security.attempts import Attempts
from churn_marketing.security.audit import AuditTrail
from churn_marketing.security.headers import protect
from churn_marketing.security.oidc import OpenIdConnect
from churn_marketing.security.sessions import Sessions, SessionStore
from churn_marketing.security.users import Users, make_first_user
from churn_marketing.services import EXTENSION, Services
from churn_marketing.settings import Settings
from churn_marketing.store.fields import Meaning
from churn_marketing.store.library import Library
from churn_marketing.store.served_model import ServedModel
from churn_marketing.text import amounts
from churn_model.errors import UseCaseError
from churn_model.plurals import counted
from churn_model.usecase import UseCase, load_usecase

PAGES = (
    overview.blueprint, customers.blueprint, customer.blueprint, segments.blueprint, plan.blueprint,
    frozen_plan.blueprint, wishes.blueprint, results.blueprint, models.blueprint,
)  # fmt: skip
"""Of those who have signed in, in the order of the navigation."""
_LOG = logging.getLogger("churn_marketing.requests")
_TITLES = {400: "That did not work", 403: "Not for your role", 404: "Not found", 405: "Not found", 413: "Too large",
           429: "Too fast", 500: "Something went wrong here", 503: "Not available at the moment"}  # fmt: skip


def create_application(settings: Settings) -> Flask:
    """The app, with its batches not looked after yet (``services.library.start()``).

    Raises:
        SettingError: something that a setting names cannot be used.
    """
    usecase = _usecase(settings)
    _make_folder(settings.state_folder)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=_secret(settings.state_folder / "form-key"),
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_PARTS=1000,
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
        WTF_CSRF_SSL_STRICT=settings.secure,
        TRUSTED_HOSTS=_hosts(settings),
    )
    idle, longest = settings.idle_minutes * 60, settings.session_hours * 3600
    store = SessionStore(settings.state_folder / "sessions.sqlite3", idle, longest, time.time)
    app.session_interface = Sessions(store, secure=settings.secure, longest_seconds=longest)
    model = ServedModel(settings.model or _champion(settings, usecase), settings.verify_key_path)
    library = Library(
        settings.batch_folder, settings.customer_folder, settings.state_folder / "prepared", model,
        settings.verify_key_path, Meaning(usecase.missing, usecase.label),
    )  # fmt: skip
    audit = AuditTrail(settings.state_folder / "audit.jsonl")
    planning = settings.state_folder / "planning"
    standing = Standing(settings.usecase, library, model, settings.verify_key_path, planning)
    app.extensions[EXTENSION] = Services(
        settings=settings,
        usecase=usecase,
        library=library,
        standing=standing,
        planner=Planner(planning, standing.ground, standing.choices, audit.write),
        model=model,
        gateway=Gateway(str(settings.gateway_url), settings.gateway_key_file),
        audit=audit,
        attempts=Attempts(settings.requests_per_minute),
        users=_users(settings),
        issuer=OpenIdConnect(app, settings) if settings.oidc_issuer is not None else None,
    )  # fmt: skip
    _register(app, settings)
    return app


def _register(app: Flask, settings: Settings) -> None:
    app.before_request(_begin)
    app.before_request(guard.admit)
    app.before_request(allow_larger)
    CSRFProtect(app)
    app.after_request(_log)

    @app.after_request
    def _protected(response: Response) -> Response:
        return protect(response, secure=settings.secure)

    for blueprint in (guard.health, sign_in.blueprint, *PAGES):
        app.register_blueprint(blueprint)
    app.context_processor(surroundings)
    app.jinja_env.filters.update(
        money=lambda value: linked(amounts.money(value, settings.currency)),
        large_money=lambda value: linked(amounts.large_money(value, settings.currency)),
        number=lambda value: linked(amounts.number(value)), percent=lambda value: linked(amounts.percent(value)),
        duration=amounts.length, day=amounts.day, counted=counted,
    )  # fmt: skip
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_error_handler(HTTPException, _say)
    app.register_error_handler(BatchError, _say_batch)
    app.register_error_handler(PlanningFault, plan.say)
    app.register_error_handler(Exception, _say_unforeseen)


def _begin() -> None:
    g.begun = time.perf_counter()


def _log(response: Response) -> Response:
    """One line a request, which names the page and never what was asked of it."""
    rule = request.url_rule.rule if request.url_rule else "(no such page)"
    if request.endpoint not in guard.UNCOUNTED:
        passed = (time.perf_counter() - g.get("begun", time.perf_counter())) * 1000
        _LOG.info("%s %s %d %.0f ms", request.method, rule, response.status_code, passed)
    return response


def _say(error: HTTPException) -> AnyResponse:
    if isinstance(error, SecurityError):  # called by a name that is not its own, so that it has no addresses to show
        return Response("The app is not known by this name.\n", 400, mimetype="text/plain")
    if isinstance(error, CSRFError):
        text = "This page had been open too long, or the form did not come from here. Nothing was done: load it again."
        return _page(400, text, {})
    if error.code is None or error.code < 400 or error.response is not None:  # noqa: PLR2004 - a redirect, say
        return error.get_response()
    headers = {name: value for name, value in error.get_headers() if name in ("Retry-After", "Allow")}
    text = "There is no such page." if error.code in (404, 405) else str(error.description or "")
    if isinstance(error, RequestEntityTooLarge):
        text = too_large()
    return _page(error.code, text, headers)


def _say_batch(_: BatchError) -> AnyResponse:
    return _page(
        503, "The scores cannot be read at the moment. Try again; if it stays so, score the customers again.", {}
    )


def _say_unforeseen(error: Exception) -> AnyResponse:
    """Where it happened is logged and never what the error says, which may be a customer's."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _LOG.error("a page failed: %s\n%s", type(error).__name__, where)
    return _page(500, "The page could not be made. Nothing was lost: try again in a moment.", {})


def _page(status: int, text: str, headers: dict[str, str]) -> AnyResponse:
    title = _TITLES.get(status, "That did not work")
    response = Response(render_template("error.html", title=title, text=text, status=status), status, headers)
    if request.headers.get("HX-Request"):
        response.headers.update({"HX-Retarget": "body", "HX-Reswap": "innerHTML"})
    return response


def _usecase(settings: Settings) -> UseCase:
    try:
        return load_usecase(settings.usecase)
    except UseCaseError as error:
        raise SettingError(f"CHURN_MARKETING_USECASE: {error}") from error


def _users(settings: Settings) -> Users | None:
    if settings.first_password_file is not None:
        make_first_user(settings.users_path, settings.first_password_file)
    if settings.users_path.exists():
        return Users(settings.users_path)
    if settings.oidc_issuer is not None:
        return None
    how = f"CHURN_MARKETING_USERS: {settings.users_path} is not there, and nobody could sign in"
    raise SettingError(f"{how}; make it with `python -m churn_marketing users add NAME --role planner`")


def _champion(settings: Settings, usecase: UseCase) -> Path:
    return settings.home / "packages" / usecase.model_name / "champion"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingError(f"CHURN_MARKETING_STATE: {folder}: cannot be made ({error.strerror})") from error


def _secret(path: Path) -> str:
    """What forms are signed with, made once."""
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        made = secrets.token_urlsafe(32)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(made)
        return made


def _hosts(settings: Settings) -> list[str]:
    """Names by which the app may be called, so that no page elsewhere can pretend to be it by a name of its own."""
    named = [str(settings.public_url.host)] if settings.public_url is not None else []
    return [
        *named,
        "127.0.0.1",
        "localhost",
        "[::1]",
        *([settings.host] if settings.public_url is None else []),
    ]


def services_of(app: Flask) -> Services:
    """The services of an application."""
    found: Any = app.extensions[EXTENSION]
    assert isinstance(found, Services)  # noqa: S101 - it is put there above
    return found
