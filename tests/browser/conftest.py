"""One browser, Debian's Chromium, and one app with a gateway for all tests of this folder."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from churn_marketing.security.users import put_user
from real_processes import System, describe_system, running
from tests.marketing.conftest import RunApp, run_app, scored, wait_shown  # noqa: F401 - fixtures
from tests.marketing.running_app import PASSWORDS, App, Scored

DESK, PHONE = (1280, 900), (375, 812)
KNOWN = {**PASSWORDS, "paul": "another-planner-here"}


@dataclass
class Reader:
    """Somebody before a page; ``complaints`` is what the browser did not like, ``expected`` what it may dislike."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def go(self, place: str) -> None:
        self.page.goto(self.url + place)

    def sign_in(self, person: str = "petra") -> None:
        self.go("/sign-in")
        self.enter(person)

    def enter(self, person: str = "petra") -> None:
        """Fill in the form that asks who somebody is."""
        self.page.fill("#name", person)
        self.page.fill("#password", KNOWN[person])
        self.page.click("main button[type=submit]")

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(each in message.text for each in self.expected):
            self.complaints.append(message.text)


@pytest.fixture(scope="session")
def gateway(scored: Scored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:  # noqa: F811 - the fixture
    home: Path = tmp_path_factory.mktemp("gateway")
    system = describe_system(scored.model, scored.verify_key, home, CHURN_GATEWAY_FALLBACK_URL="")
    with running(system, system.primary, system.gateway):
        yield system


@pytest.fixture(scope="session")
def shown(run_app: RunApp, gateway: System) -> Iterator[App]:  # noqa: F811 - as above
    """An app with a second planner, paul."""
    with run_app(gateway_url=gateway.gateway_url) as app:
        put_user(app.state / "users.json", "paul", "planner", KNOWN["paul"])
        wait_shown(app, "2026-11")
        yield app


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "Debian's chromium is needed (ci/cluster/packages installs it)"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@contextmanager
def before_a_page(
    browser: Browser,
    app: App,
    size: tuple[int, int] = DESK,
    scheme: str = "light",
    *,
    scripts: bool = True,
    person: str = "petra",
    expected: tuple[str, ...] = (),
) -> Iterator[Reader]:
    """Somebody who has signed in; pages may complain of nothing but what is expected."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
    )
    context.set_default_timeout(120_000)  # only what hangs gets there
    reader = Reader(context.new_page(), app.url, expected=expected)
    reader.page.on("console", reader.hear)
    reader.sign_in(person)
    yield reader
    context.close()
    assert reader.complaints == []
