"""Many planners at once: whether anybody meets an error, and whether every freeze that was confirmed lasts.

`DATA=telco.csv ci/bench-planners` trains a model at its defaults, scores the real customers, starts the app and lets
planners, each with a session of their own, begin drafts, freeze what they are shown, undo or discard it and begin
again. Afterwards the database is held against what each of them was told. All drafts are worked out by one process, so
what it measures is that nothing goes wrong and that pages come quickly meanwhile, not how fast a draft is for one.

It ends by itself: two minutes after the planners' time at the latest nobody waits any more. The last line is JSON;
the exit code is 1 where there was an error or anything was lost.
"""

import argparse
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pandas

from churn_marketing.planning.database import PlanDatabase
from churn_marketing.planning.faults import NoSuchPlan
from churn_marketing.planning.frozen_files import members_of
from churn_marketing.planning.places import Places
from churn_marketing.planning.plans import Plans
from churn_marketing.planning.records import Plan
from churn_marketing.security.users import put_user
from planning_browser import PASSWORD, PEOPLE, Browser, Heard, free_port

_BATCH = "2026-11"
_GRACE = 120.0
"""Seconds after the planners' time in which what was begun may come to its end."""
_EITHER = "frozen or draft"
_BUSY = ("being worked out", "being frozen")


def main() -> int:
    """Make what is missing, let planners plan, and say what came of it; 1 where something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="IBM's telecom customers, CSV")
    parser.add_argument("--folder", type=Path, default=Path(".bench/planners"), help="for what is made (%(default)s)")
    parser.add_argument("--planners", type=int, default=100, help="at once (%(default)s)")
    parser.add_argument("--minutes", type=float, default=10.0, help="(%(default)s)")
    options = parser.parse_args()
    home = Path(options.folder).absolute()
    _prepare(home, options.data)
    state = home / f"state-{time.time():.0f}"
    heard = Heard()
    process, url = _start(home, state)
    try:
        until = time.monotonic() + options.minutes * 60
        with ThreadPoolExecutor(options.planners) as pool:
            list(pool.map(lambda number: _plan_until(until, number, url, heard), range(options.planners)))
    finally:
        _end(process)
    wrong = _held_against(state, heard)
    report = {
        "planners": options.planners,
        "minutes": options.minutes,
        **dict(sorted(heard.counts.items())),
        "errors": len(heard.errors),
        "lost": len(wrong),
        "milliseconds": heard.latencies(),
    }
    met = [f"{count} × {text}" for text, count in Counter(heard.errors).most_common(20)]
    sys.stdout.write("".join(f"{line}\n" for line in [*met, *wrong[:20], json.dumps(report)]))
    return 1 if heard.errors or wrong else 0


def _prepare(home: Path, data: Path) -> None:
    environment = {**os.environ, "CHURN_HOME": str(home)}

    def churn(*words: str) -> None:
        subprocess.run([sys.executable, "-m", "churn_cli", *words], check=True, env=environment)

    home.mkdir(parents=True, exist_ok=True)
    if not (home / "packages").exists():
        churn("train", "--usecase", "telecom", "--data", str(data), "--budget", "0", "--force-promote")
    customers, scores = home / "customers" / f"{_BATCH}.csv", home / "batches" / f"{_BATCH}.parquet"
    if not scores.exists():
        customers.parent.mkdir(exist_ok=True)
        scores.parent.mkdir(exist_ok=True)
        pandas.read_csv(data, dtype=str).drop(columns="Churn").to_csv(customers, index=False)
        churn("score", str(customers), str(scores))


def _start(home: Path, state: Path) -> "tuple[subprocess.Popen[bytes], str]":
    state.mkdir()
    for number in range(PEOPLE):
        put_user(state / "users.json", f"planner{number}", "planner", PASSWORD)
    port = free_port()
    settings = {"HTTP_PORT": str(port), "REQUESTS_PER_MINUTE": "100000", "STATE": str(state)}
    environment = {f"CHURN_MARKETING_{name}": value for name, value in settings.items()} | {"CHURN_HOME": str(home)}
    with (state / "app.log").open("wb") as log:
        command = [sys.executable, "-m", "churn_marketing"]
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
    deadline, url = time.monotonic() + 300, f"http://127.0.0.1:{port}"
    while not _shows_batch(url):
        assert process.poll() is None, (state / "app.log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return process, url


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _shows_batch(url: str) -> bool:
    try:
        with Browser(0, url, Heard()) as browser:
            return f"<strong>{_BATCH}</strong>" in browser.get("/")
    except (httpx.HTTPError, RuntimeError):
        return False


def _plan_until(until: float, number: int, url: str, heard: Heard) -> None:
    dealt = random.Random(number)
    while time.monotonic() < until:
        try:
            with Browser(number, url, heard) as browser:
                while time.monotonic() < until:
                    _one_plan(browser, dealt, heard, until + _GRACE)
        except (RuntimeError, httpx.HTTPError) as error:
            with heard.lock:
                heard.errors.append(f"{type(error).__name__}: {error}")
            time.sleep(1.0)


def _one_plan(browser: Browser, dealt: random.Random, heard: Heard, deadline: float) -> None:
    form = {"name": "A campaign", "budget": str(dealt.randint(20, 400)), "segment": str(dealt.randint(1, 4))}
    plan = browser.post("/plans/", form | {"holdout": "10", "looks": "3", "window_days": "30"})
    name = plan.rpartition("/")[2]
    heard.told(name, "draft")
    page = _settled(browser, plan, deadline)
    if not page:
        heard.count("not worked out in time")
        return
    hidden = re.search(r'name="version" value="(\d+)"><input type="hidden" name="shown" value="([^"]*)"', page)
    if hidden is None or "disabled>Freeze this plan" in page:
        heard.count("nobody left to plan for")
    else:
        browser.post(f"{plan}/freeze", {"version": hidden[1], "shown": hidden[2]})
        page = _settled(browser, plan, deadline)
        if not page:
            heard.told(name, _EITHER)
            return
        if "Frozen on " not in page:
            heard.count("taken by others")
        else:
            heard.told(name, "frozen")
            time.sleep(dealt.random())
            if dealt.random() < 0.1:  # a tenth of the campaigns goes on
                return
            browser.post(f"{plan}/undo", {"reason": ""})
            heard.told(name, "draft")
    browser.post(f"{plan}/discard", {})
    heard.told(name, "discarded")


def _settled(browser: Browser, plan: str, deadline: float) -> str:
    """A plan's page when nothing of it is under way; empty if that is so for longer than anybody waits."""
    while any(word in (page := browser.get(plan)) for word in _BUSY):
        if time.monotonic() > deadline:
            return ""
        time.sleep(2.0)
    return page


def _held_against(state: Path, heard: Heard) -> list[str]:
    """What is not in the database as planners were told, and customers that are where they should not be."""
    places = Places(state / "planning")
    database = PlanDatabase(places.database)
    plans, wrong = {plan.id: plan for plan in _all(Plans(database), heard)}, []
    members: dict[str, set[str]] = {}
    with database.reading() as connection:
        for customer, plan in connection.execute("SELECT customer, plan FROM members"):
            members.setdefault(plan, set()).add(customer)
    for plan, told in heard.states.items():
        found = plans.get(plan)
        state_now = "discarded" if found is None else found.state
        if state_now != told and not (told == _EITHER and state_now in _EITHER):
            wrong.append(f"{plan} is {state_now}, {told} was confirmed")
        held = members.pop(plan, set())
        folder = None if found is None else found.folder
        files = frozenset() if folder is None else members_of(places.of_plan(folder))
        if held != files:
            wrong.append(f"{plan} has {len(held)} customers, {len(files)} are in its list")
    return wrong + [f"{plan} has customers and is nobody's" for plan in members]


def _all(plans: Plans, heard: Heard) -> list[Plan]:
    found = []
    for plan in heard.states:
        with contextlib.suppress(NoSuchPlan):
            found.append(plans.get(plan))
    return found


if __name__ == "__main__":
    sys.exit(main())
