"""What pages work with, made once by the composition root and found again in every request."""

from dataclasses import dataclass
from typing import cast

from flask import current_app, g, request, session
from werkzeug.exceptions import Forbidden

from churn_marketing.gateway import Gateway
from churn_marketing.planning.planner import Planner
from churn_marketing.planning.standing import Standing
from churn_marketing.security.attempts import Attempts
from churn_marketing.security.audit import AuditTrail
from churn_marketing.security.oidc import OpenIdConnect
from churn_marketing.security.sessions import ServerSession
from churn_marketing.security.users import Role, Users
from churn_marketing.settings import Settings
from churn_marketing.store.library import Library
from churn_marketing.store.served_model import ServedModel
from churn_model.usecase import UseCase

EXTENSION = "churn_marketing"


@dataclass(frozen=True)
class Person:
    """Who asks, and what they may do."""

    name: str
    role: Role

    @property
    def plans(self) -> bool:
        """Whether they may do more than look."""
        return self.role == "planner"


@dataclass(frozen=True)
class Services:
    """Everything that outlives a request; safe to use from many threads."""

    settings: Settings
    usecase: UseCase
    library: Library
    standing: Standing
    planner: Planner
    model: ServedModel
    gateway: Gateway
    audit: AuditTrail
    attempts: Attempts
    users: Users | None
    issuer: OpenIdConnect | None


def services() -> Services:
    """Those of the application that answers the present request."""
    return cast("Services", current_app.extensions[EXTENSION])


def person() -> Person:
    """Who asks; every page but those of signing in has somebody."""
    return cast("Person", g.person)


def require_planner() -> Person:
    """Who asks, if they may plan.

    Raises:
        Forbidden: they may only look.
    """
    who = person()
    if not who.plans:
        services().audit.write(who.name, "refused", page=str(request.endpoint))
        raise Forbidden("Planning needs the role planner; you are a viewer and can look at everything.")
    return who


def own_session() -> ServerSession:
    """The session of the present request, as its own type."""
    return cast("ServerSession", session._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's way


def audited(action: str, **details: object) -> None:
    """Write down what the person of the present request does."""
    services().audit.write(person().name, action, **details)
