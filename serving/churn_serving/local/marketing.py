"""The app for people beside those who serve: another program, which is here only where its extra is installed.

It is started by its name and never imported; what it shows is not this module's business.
"""

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from churn_serving.local.services import BACKGROUND_NICENESS, CHAMPION, HOST, PortUse, ServiceSpec, local_services
from churn_serving.local.settings import LocalSettings, flag_of, variable_of

NAME = "marketing"
_NEEDED = ("churn_marketing", "flask_wtf", "waitress", "argon2")
MISSING = (
    "no app for people on this machine: its extra is not installed (make setup; or pip install '.[marketing]' in the "
    "checkout); --no-marketing: not asked"
)


def all_services(settings: LocalSettings, home: Path) -> tuple[ServiceSpec, ...]:
    """Those who serve and what is beside them, with the app for people where it is wanted and installed."""
    services = local_services(settings, home)
    return (*services, _marketing(settings, home, services[0])) if settings.marketing and is_installed() else services


def is_installed() -> bool:
    """Whether the app could be started."""
    return all(importlib.util.find_spec(name) is not None for name in _NEEDED)


def password_file(home: Path) -> Path:
    """Where the password of the first user is, on this machine."""
    return home / "keys" / "marketing-password"


def how_to_sign_in(services: Sequence[ServiceSpec], home: Path) -> str:
    """A line about the app, empty where it does not run."""
    found = next((service for service in services if service.name == NAME), None)
    if found is None:
        return ""
    return (
        f"See who may leave and plan whom to call: {found.addresses['HTTP']}\n"
        f"(sign in as planner; the password is in {password_file(home)};\n"
        " until customers are scored its first page says the command that does it)"
    )


def _marketing(settings: LocalSettings, home: Path, gateway: ServiceSpec) -> ServiceSpec:
    port = settings.marketing_port
    url = f"http://{HOST}:{port}"
    flags = (
        "--http-port", port, "--model", settings.model / CHAMPION, "--usecase", settings.usecase,
        "--gateway-url", gateway.addresses["HTTP"], "--first-password-file", password_file(home),
    )  # fmt: skip
    return ServiceSpec(
        name=NAME,
        command=(sys.executable, "-m", "churn_marketing", *(str(flag) for flag in flags)),
        environment={"CHURN_HOME": str(home), "CHURN_VERIFY_KEY": str(home / "keys" / "verify.pem")},
        ports=(PortUse(port, "the app for people", flag_of("marketing_port"), variable_of("marketing_port")),),
        ready_url=f"{url}/readyz",
        addresses={"HTTP": url},
        niceness=BACKGROUND_NICENESS,
        vital=False,
    )
