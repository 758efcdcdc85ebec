"""The way of one campaign through the app, over however many customers: seconds for what is done in the background,
milliseconds and bytes for each page on the way, those that are asked for while a freeze is under way among them.
"""

import io
import re
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pandas

FORM = {"name": "Bench", "budget": "20000", "holdout": "10", "looks": "3", "window_days": "30"}
_PAUSE = 0.1
_LONGEST = 900.0
_BUSY = ("being worked out", "being frozen", "outcomes are being read")


@dataclass
class Walk:
    """One planner's way; ``files``: bytes that each page brings with it."""

    client: httpx.Client
    files: int
    times: int
    seen: dict[str, list[float]] = field(default_factory=dict)

    def get(self, name: str, path: str) -> str:
        """Ask for a page and keep how long it took."""
        begun = time.perf_counter()
        answer = self.client.get(path)
        self.seen.setdefault(name, []).append((time.perf_counter() - begun) * 1000)
        answer.raise_for_status()
        return answer.text

    def page(self, name: str, path: str) -> str:
        """Ask for a page again and again and say what it costs."""
        for _ in range(self.times):
            text = self.get(name, path)
        self.say(name, len(text.encode()) + self.files)
        return text

    def say(self, name: str, size: int | None = None) -> None:
        """A line about a page; nothing of one that was never asked for."""
        taken = self.seen.get(name)
        if taken:
            kept = "" if size is None else f"; {size / 1000:4.0f} kB with files"
            _tell(f"{name:37} {statistics.median(taken):5.0f} ms, at most {max(taken):5.0f} ms of {len(taken)}{kept}")

    def post(self, name: str, page: str, path: str, form: dict[str, str]) -> str:
        """Send a form as its page does, and say how long the answer took; returns where it leads to."""
        found = re.search(r'csrf_token" value="([^"]+)"', page)
        assert found, "a page without a form"
        begun = time.perf_counter()
        answer = self.client.post(path, data={"csrf_token": found[1], **form})
        self.seen.setdefault(name, []).append((time.perf_counter() - begun) * 1000)
        self.say(name)
        assert answer.status_code == httpx.codes.SEE_OTHER, (name, answer.status_code)
        return answer.headers["location"]

    def until(self, name: str, path: str, is_done: Callable[[str], bool]) -> str:
        """Look again until something is done; how long that took, and the pages meanwhile."""
        begun = time.perf_counter()
        while not is_done(page := self.get(f"page while {name}", path)):
            assert time.perf_counter() - begun < _LONGEST, name
            time.sleep(_PAUSE)
        _tell(f"{name:37} {time.perf_counter() - begun:5.1f} s")
        self.say(f"page while {name}")
        return page


def walk(client: httpx.Client, files: int, times: int) -> None:
    """Plan, look, move the slider, freeze, export, read results; all of it said as it happens."""
    one = Walk(client, files, times)
    plans = one.page("plans", "/plans/")
    plan = one.post("begin a draft", plans, "/plans/", FORM)
    one.until("working out the first draft", plan, _is_settled)
    one.until("drawing the curve", plan, lambda page: "Profit and budget" in page)
    draft = one.page("draft", plan)
    for budget in range(one.times):
        one.get("budget slider", f"{plan}/budget?slider={budget * 10_000}")
    one.say("budget slider")
    one.post("save another budget", draft, plan, FORM | {"budget": "40000", "version": "1"})
    draft = one.until("working out another budget", plan, _is_settled)
    shown = re.search(r'name="version" value="(\d+)"><input type="hidden" name="shown" value="([^"]*)"', draft)
    assert shown, "the draft cannot be frozen"
    one.post("freeze", draft, f"{plan}/freeze", {"version": shown[1], "shown": shown[2]})
    one.until("freezing", plan, _is_settled)
    frozen = one.page("frozen plan", plan)
    assert "Frozen on " in frozen
    listed = _export(one, frozen, plan)
    _read(one, listed, plan.replace("plans", "results"))
    one.page("plans, with a frozen one", "/plans/")
    one.post("undo or close", frozen, f"{plan}/close", {})


def _is_settled(page: str) -> bool:
    return not any(word in page for word in _BUSY)


def _export(one: Walk, page: str, plan: str) -> pandas.DataFrame:
    place = one.post("export", page, f"{plan}/list/csv", {})
    begun = time.perf_counter()
    while True:
        asked = time.perf_counter()
        with one.client.stream("GET", place) as answer:
            first = (time.perf_counter() - asked) * 1000
            content = answer.read()
        if answer.status_code == httpx.codes.OK:
            break
        one.seen.setdefault("page while writing the list", []).append((time.perf_counter() - asked) * 1000)
        assert time.perf_counter() - begun < _LONGEST
        time.sleep(_PAUSE)
    _tell(f"{'writing the list':37} {time.perf_counter() - begun:5.1f} s, {len(content) / 1e6:.0f} MB")
    one.say("page while writing the list")
    _tell(f"{'list, first byte':37} {first:5.0f} ms; whole {(time.perf_counter() - asked) * 1000:.0f} ms")
    return pandas.read_csv(io.BytesIO(content), keep_default_na=False, usecols=["id", "planned_action"], dtype=str)


def _read(one: Walk, listed: pandas.DataFrame, place: str) -> None:
    """Outcomes of everybody in the plan: one of four has left."""
    one.page("results", "/results/")
    page = one.page("one result, nothing read", place)
    planned = listed[listed["planned_action"] != "none"]
    told = pandas.DataFrame({"customerID": planned["id"], "Churn": "No", "outcome_on": pandas.Timestamp.now().date()})
    told.loc[told.index % 4 == 0, "Churn"] = "Yes"
    found = re.search(r'csrf_token" value="([^"]+)"', page)
    assert found
    files = {"outcomes": ("outcomes.csv", told.to_csv(index=False).encode(), "text/csv")}
    begun = time.perf_counter()
    answer = one.client.post(place, data={"csrf_token": found[1]}, files=files)
    _tell(f"{'upload of outcomes':37} {(time.perf_counter() - begun) * 1000:5.0f} ms, {len(told)} customers")
    assert answer.status_code == httpx.codes.SEE_OTHER
    one.until("reading outcomes", place, _is_settled)
    one.page("one result", place)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
