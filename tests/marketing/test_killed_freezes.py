"""The whole app is killed while it freezes a plan: the freeze is whole or absent, whoever looks is told which, and it
can be done again."""

import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import httpx
import psutil
import pytest

from churn_marketing.planning.frozen_files import members_of
from churn_marketing.planning.places import Places
from churn_marketing.planning.under_way import EXPLAINING, STEPS, TAKING, WAITING
from tests.marketing.conftest import RunApp, wait_shown
from tests.marketing.running_app import App, post
from tests.marketing.test_plan_pages import PATIENCE, begin, freeze, hidden, page_of


@pytest.fixture(scope="module")
def own_app(run_app: RunApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app that nobody else minds being killed."""
    with run_app(state=tmp_path_factory.mktemp("killed")) as started:
        wait_shown(started, "2026-11")
        yield started


@contextmanager
def database_of(app: App) -> Iterator[sqlite3.Connection]:
    path = Places(app.state / "planning").database
    # Whoever closes the last connection of the app has the file alone until the disk has everything.
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=PATIENCE)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def worker_of(app: App) -> psutil.Process:
    """The process that works plans out and freezes them."""
    assert app.service.process is not None
    children = psutil.Process(app.service.process.pid).children()
    (found,) = [child for child in children if any("spawn_main" in word for word in child.cmdline())]
    return found


def kill_and_start_again(app: App) -> None:
    app.service.signal(signal.SIGKILL)
    app.service.start()
    app.service.wait_ready()
    wait_shown(app, "2026-11")


def begin_freeze(client: httpx.Client, plan: str) -> None:
    page = page_of(client, plan)
    answer = post(client, f"{plan}/freeze", hidden(page, f"{plan}/freeze"), page=plan)
    assert answer.status_code == 303


def members(app: App) -> dict[str, set[str]]:
    """By plan, whom the database gives it."""
    found: dict[str, set[str]] = {}
    with database_of(app) as connection:
        for customer, plan in connection.execute("SELECT customer, plan FROM members"):
            found.setdefault(plan, set()).add(customer)
    return found


def require_whole_or_absent(app: App, plan: str) -> str:
    """The plan's state, if customers, files and page agree on it."""
    name = plan.rpartition("/")[2]
    with app.client() as petra, app.client("victor") as victor:
        pages = [page_of(petra, plan), page_of(victor, plan)]
    with database_of(app) as connection:
        row = connection.execute("SELECT state, folder FROM plans WHERE id = ?", (name,)).fetchone()
        assert connection.execute("SELECT count(*) FROM freezes").fetchone()[0] == 0
    if row["state"] == "frozen":
        assert members(app) == {name: set(members_of(Places(app.state / "planning").of_plan(row["folder"])))}
        assert all("Frozen on " in page for page in pages)
    else:
        assert not members(app)
        assert all("Not frozen: while petra froze it" in page for page in pages)
    return str(row["state"])


def test_a_freeze_whose_app_is_killed_before_it_did_anything_is_told_to_everybody_and_can_be_done_again(
    own_app: App,
) -> None:
    with own_app.client() as petra:
        plan = begin(petra, name="Killed at once")
        page_of(petra, plan)
        worker_of(own_app).suspend()
        begin_freeze(petra, plan)
        assert f"It is being frozen: {STEPS[WAITING]} (step 0 of 4), begun by petra" in petra.get(plan).text
        kill_and_start_again(own_app)
        assert require_whole_or_absent(own_app, plan) == "draft"
        assert STEPS[WAITING] in page_of(petra, plan)
        trail = (own_app.state / "audit.jsonl").read_text()
        assert '"freeze-interrupted"' in trail
        assert "Frozen on " in freeze(petra, plan)
        post(petra, f"{plan}/undo", {}, page=plan)
        assert "Not frozen: while" not in page_of(petra, plan)


@pytest.mark.parametrize("step", [EXPLAINING, TAKING], ids=["while it reads", "while it takes customers"])
def test_a_freeze_is_whole_or_absent_wherever_its_app_is_killed(own_app: App, step: int) -> None:
    with own_app.client() as petra:
        plan = begin(petra, name="Killed in the midst", budget="100000")
        page_of(petra, plan)
        with ThreadPoolExecutor(1) as beside:
            watching = beside.submit(_wait_for_step, own_app, plan, step)
            begin_freeze(petra, plan)
            watching.result()
        kill_and_start_again(own_app)
        if require_whole_or_absent(own_app, plan) == "draft":
            assert "Frozen on " in freeze(petra, plan)
        assert require_whole_or_absent(own_app, plan) == "frozen"
        post(petra, f"{plan}/undo", {}, page=plan)
        assert not members(own_app)


def test_a_worker_that_is_killed_alone_is_told_too(own_app: App) -> None:
    with own_app.client() as petra, own_app.client("victor") as victor:
        plan = begin(petra, name="Without a worker")
        page_of(petra, plan)
        worker = worker_of(own_app)
        worker.suspend()
        begin_freeze(petra, plan)
        worker.kill()
        worker.wait(PATIENCE)
        assert "Not frozen: while petra froze it" in page_of(victor, plan)
        assert "Frozen on " in freeze(petra, plan)
        post(petra, f"{plan}/undo", {}, page=plan)


def _step(app: App, plan: str) -> int:
    """How far a freeze is; beyond all steps when it is done."""
    name = plan.rpartition("/")[2]
    with database_of(app) as connection:
        row = connection.execute("SELECT step FROM freezes WHERE plan = ?", (name,)).fetchone()
        (state,) = connection.execute("SELECT state FROM plans WHERE id = ?", (name,)).fetchone()
    return len(STEPS) if state == "frozen" else -1 if row is None else int(row["step"])


def _wait_for_step(app: App, plan: str, step: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while _step(app, plan) < step:
        assert time.monotonic() < deadline, app.log
        time.sleep(0.002)
