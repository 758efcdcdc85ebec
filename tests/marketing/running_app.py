"""The marketing app as a process of its own on a real scored batch, and a client that signs in as people do."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from churn_marketing.security.users import Role, put_user
from ports import free_port
from real_processes import Service, end

PASSWORDS = {"petra": "planning-is-half", "victor": "only-looking-at-it"}
ROLES: Mapping[str, Role] = {"petra": "planner", "victor": "viewer"}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Scored:
    """A home with a model, two batches (2026-10, 2026-11) and the customers that were scored."""

    home: Path
    model: Path
    verify_key: Path
    usecase: str

    @property
    def batches(self) -> Path:
        return self.home / "batches"

    @property
    def customers(self) -> Path:
        return self.home / "customers"


@dataclass
class App:
    """A running app; ``state`` is its own folder, ``log`` what it says."""

    service: Service
    url: str
    state: Path

    @property
    def log(self) -> str:
        return self.service.log.read_text(encoding="utf-8")

    @contextlib.contextmanager
    def client(self, person: str | None = "petra") -> Iterator[httpx.Client]:
        """A browser of a person who has signed in; None: of nobody."""
        with httpx.Client(base_url=self.url, timeout=60) as client:
            if person is not None:
                answer = sign_in(client, person, PASSWORDS[person])
                assert answer.status_code == 303, answer.text
            yield client


def sign_in(client: httpx.Client, name: str, password: str, place: str = "/") -> httpx.Response:
    return post(client, "/sign-in", {"name": name, "password": password, "next": place}, page="/sign-in")


def post(client: httpx.Client, path: str, form: Mapping[str, str | list[str]], page: str = "/") -> httpx.Response:
    """Send a form as the page that it is on does: with that page's token."""
    token = token_of(client.get(page, follow_redirects=True).text)
    headers = {"Referer": str(client.base_url.join(page))}
    return client.post(path, data={"csrf_token": token, **form}, headers=headers)


def token_of(page: str) -> str:
    found = _TOKEN.search(page)
    assert found, page
    return found[1]


def score(scored: Scored, source: Path, target: Path) -> None:
    """What `churn score` writes; as old as a file that has been there for a while."""
    command = [sys.executable, "-m", "churn_cli", "score", str(source), str(target), "--model", str(scored.model)]
    environment = {**os.environ, "CHURN_HOME": str(scored.home), "CHURN_VERIFY_KEY": str(scored.verify_key)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    settle(target)


def settle(file: Path, seconds: float = 60) -> None:
    """Make a file so much older, so that it is not taken for one that is being written."""
    stated = file.stat()
    os.utime(file, (stated.st_atime - seconds, stated.st_mtime - seconds))


@contextlib.contextmanager
def running_app(scored: Scored, state: Path, **settings: object) -> Iterator[App]:
    """Start the app with a planner, petra, and a viewer, victor; settings by their names."""
    state.mkdir(parents=True, exist_ok=True)
    for name, role in ROLES.items():
        put_user(state / "users.json", name, role, PASSWORDS[name])
    port = settings.get("http_port", free_port())
    chosen: dict[str, object] = {
        "http_port": port,
        "state": state,
        "model": scored.model,
        "batches": scored.batches,
        "customers": scored.customers,
        "usecase": scored.usecase,
        "gateway_url": "http://127.0.0.1:9",
        "requests_per_minute": 100_000,
        "currency": "$",
    } | settings
    environment = {f"CHURN_MARKETING_{name.upper()}": str(value) for name, value in chosen.items()}
    environment |= {"CHURN_HOME": str(scored.home), "CHURN_VERIFY_KEY": str(scored.verify_key)}
    url = f"http://127.0.0.1:{port}"
    service = Service("marketing", ["churn_marketing"], environment, f"{url}/readyz", state / "app.log")
    service.start()
    try:
        service.wait_ready()
        yield App(service, url, state)
    finally:
        end(service)
