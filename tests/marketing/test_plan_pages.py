"""Planning as planners do it: two people, a real app, real customers; nothing that somebody typed is ever lost."""

import io
import json
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

import httpx
import pandas
import pytest

from churn_marketing.planning.call_list import PAPER_ROWS
from churn_marketing.security.users import put_user
from tests.marketing.running_app import PASSWORDS, App, post, sign_in, token_of

TOMORROW = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
FORM = {
    "name": "Autumn",
    "budget": "2000",
    "holdout": "20",
    "looks": "3",
    "window_days": "30",
    "capacity-personal-call": "500",
}
PATIENCE = 240


def begin(client: httpx.Client, **changed: str | list[str]) -> str:
    """A new draft with these terms; returns its address."""
    answer = post(client, "/plans/", {**FORM, **changed}, page="/plans/")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def page_of(client: httpx.Client, plan: str) -> str:
    """A plan's page, when what it comes to was worked out."""
    deadline = time.monotonic() + PATIENCE
    while True:
        page = client.get(plan).text
        if "being worked out" not in page and "being frozen" not in page:
            return page
        assert time.monotonic() < deadline, page
        time.sleep(0.2)


def freeze(client: httpx.Client, plan: str) -> str:
    """Freeze a draft as its page shows it; returns what the page says then."""
    page = page_of(client, plan)
    answer = post(client, f"{plan}/freeze", hidden(page, f"{plan}/freeze"), page=plan)
    assert answer.status_code == 303, answer.text
    return page_of(client, plan)


def hidden(page: str, action: str) -> Mapping[str, str]:
    """The hidden fields of a form."""
    form = page.split(f'action="{action}"')[1].split("</form>", maxsplit=1)[0]
    return {name: value for name, value in re.findall(r'name="([a-z]+)" value="([^"]*)"', form) if name != "csrf_token"}


def fetch(client: httpx.Client, plan: str, kind: str) -> httpx.Response:
    """The list, when it was written."""
    answer = post(client, f"{plan}/list/{kind}", {}, page=plan)
    assert answer.status_code == 303
    deadline = time.monotonic() + PATIENCE
    while (answer := client.get(answer.headers.get("location", f"{plan}/list/{kind}"))).status_code == 202:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return answer


@pytest.fixture
def paul(app: App) -> Iterator[httpx.Client]:
    """A second planner."""
    put_user(app.state / "users.json", "paul", "planner", "another-planner-here")
    with httpx.Client(base_url=app.url, timeout=60) as client:
        assert sign_in(client, "paul", "another-planner-here").status_code == 303
        yield client


def test_a_plan_from_a_draft_to_its_results(app: App) -> None:
    with app.client() as petra:
        plan = begin(petra, window_days="1", budget="20000", segment=["1"])
        draft = page_of(petra, plan)
        assert "95 % interval" in draft
        assert "budget used up" in draft or "does not pay" in draft
        assert "Frozen on " in freeze(petra, plan)
        answer = fetch(petra, plan, "csv")
        assert answer.headers["content-disposition"].startswith("attachment; filename=plan-")
        assert fetch(petra, plan, "csv").content == answer.content
        listed = pandas.read_csv(io.StringIO(answer.text), keep_default_na=False)
        assert (listed["arm"] == "control").sum() > 10
        calls = petra.get(post(petra, f"{plan}/calls", {}, page=plan).headers["location"]).text
        called = listed[~listed["arm"].isin(("control", "none"))]
        assert re.findall(r'<th scope="row">(.*?)</th>', calls) == called["id"][:PAPER_ROWS].tolist()
        assert called["reasons"].iloc[0].replace(" (raises churn)", "") in unescape(calls)
        assert "raises churn" not in calls
        ledger = petra.get(f"{plan}/ledger")
        assert ledger.headers["content-disposition"].endswith(".csv.ledger.json")
        results = plan.replace("plans", "results")
        assert "Nobody has looked yet" in petra.get(results).text
        assert "column &#34;Churn&#34;" in upload(petra, results, "customerID,gone\n1,2\n")
        told = pandas.DataFrame({"customerID": listed["id"], "Churn": "No", "outcome_on": TOMORROW})
        assert "Not enough data yet: nobody left" in upload(petra, results, told.to_csv(index=False))
        told.loc[(listed["arm"] == "control") & (listed["churn_probability"] > 0.3), "Churn"] = "Yes"
        page = upload(petra, results, told.to_csv(index=False))
        assert "It worked: those who were contacted left less often" in page
        assert "the last that counts was taken" in page
        assert "It worked" in petra.get("/results/").text
        assert "Its results were read, so the freeze stays" in petra.get(plan).text
        answer = post(petra, f"{plan}/close", {}, page=plan)
        assert "Closed; it was frozen on " in petra.get(answer.headers["location"]).text
    for person in pandas.Series(listed["id"]).sample(20, random_state=1):
        assert person not in app.log


def test_two_planners_at_the_same_moment_and_one_gets_the_customers(app: App, paul: httpx.Client) -> None:
    with app.client() as petra:
        both = {petra: begin(petra, name="Of Petra"), paul: begin(paul, name="Of Paul")}
        shown = {client: page_of(client, plan) for client, plan in both.items()}

        def take(client: httpx.Client) -> str:
            plan = both[client]
            answer = post(client, f"{plan}/freeze", hidden(shown[client], f"{plan}/freeze"), page=plan)
            assert answer.status_code == 303
            return page_of(client, plan)

        with ThreadPoolExecutor(2) as pool:
            pages = dict(zip(both, pool.map(take, both), strict=True))
        (loser,) = [client for client, page in pages.items() if "Frozen on " not in page]
        assert (
            "Not frozen: meanwhile customers of this plan were taken" in pages[loser]
        ) or "in another plan" in pages[loser]
        assert f'value="{"Of Petra" if loser is petra else "Of Paul"}"' in pages[loser]
        assert "in another plan" in page_of(loser, both[loser])
        (winner,) = both.keys() - {loser}
        assert post(winner, f"{both[winner]}/undo", {}, page=both[winner]).status_code == 303
        assert "The freeze is undone" in winner.get(both[winner]).text


def test_a_draft_that_another_has_changed_keeps_what_both_typed(app: App, paul: httpx.Client) -> None:
    with app.client() as petra:
        plan = begin(petra)
        assert post(paul, plan, {**FORM, "budget": "3333", "version": "1"}, page=plan).status_code == 303
        late = post(petra, plan, {**FORM, "budget": "4444", "version": "1"}, page=plan)
        assert late.status_code == 409
        assert "paul has changed this draft meanwhile" in late.text
        assert 'value="4444"' in late.text
        assert 'value="3333"' in petra.get(plan).text
        own = post(petra, "/plans/", {**FORM, "budget": "4444"}, page=plan).headers["location"]
        assert 'value="4444"' in petra.get(own).text


def test_a_session_that_ends_in_the_middle_of_a_plan_loses_nothing(app: App) -> None:
    with app.client() as petra:
        plan = begin(petra)
        page = petra.get(plan).text
        with closing(sqlite3.connect(app.state / "sessions.sqlite3", isolation_level=None)) as sessions:
            sessions.execute("UPDATE sessions SET seen = seen - 7200")
        form = {**FORM, "csrf_token": token_of(page), "name": "Typed for an hour", "budget": "987", "version": "1"}
        answer = petra.post(plan, data=form, headers={"Referer": f"{app.url}{plan}"})
        assert answer.status_code == 303
        place = urlsplit(answer.headers["location"])
        assert place.path == "/sign-in"
        again = sign_in(petra, "petra", PASSWORDS["petra"])
        page = petra.get(again.headers["location"]).text
        assert 'value="Typed for an hour"' in page
        assert 'value="987"' in page
        assert "Check it and send it again" in page


def test_terms_that_cannot_be_used_are_said_beside_their_fields(app: App) -> None:
    with app.client() as petra:
        page = petra.get(begin(petra, budget="0", holdout="ninety")).text
        assert "A budget of 0 pays for nobody: the cheapest action, “A message with tips for the current plan”" in page
        assert 'aria-describedby="h-holdout e-holdout" aria-invalid="true"' in page
        assert 'value="ninety"' in page
        assert "Freeze this plan" not in page
        page = page_of(petra, begin(petra, budget="1000000000000"))
        assert "more money brings nothing" in page
        page = page_of(petra, begin(petra, minimum_value="1000000"))
        assert "Nobody matches" in page
        assert "Freeze this plan" not in page
        assert petra.get("/plans/nothing-like-it").status_code == 404
        assert post(petra, f"{begin(petra)}/freeze", {"version": "x", "shown": ""}, page="/plans/").status_code in (
            303,
            409,
        )


def test_who_may_only_look_changes_nothing(app: App) -> None:
    with app.client() as petra, app.client("victor") as victor:
        plan = begin(petra)
        assert "What you want" in page_of(victor, plan)
        before = petra.get(plan).text.count("changed")
        for path in (
            "/plans/",
            plan,
            f"{plan}/freeze",
            f"{plan}/discard",
            f"{plan}/undo",
            f"{plan}/list/csv",
            "/do-not-contact/",
        ):
            assert post(victor, path, {**FORM, "version": "1"}, page="/plans/").status_code == 403, path
        assert victor.get(f"{plan}/list/csv").status_code == 403
        assert petra.get(plan).text.count("changed") == before
        assert victor.post(plan, data=FORM).status_code == 400  # a form from elsewhere


def test_what_planners_do_is_in_the_audit_trail_without_customers(app: App) -> None:
    with app.client() as petra:
        plan = begin(petra)
        assert (
            post(
                petra, "/do-not-contact/", {"customers": "3186-AJIEK\n8361-LTMKD", "what": "add"}, page="/plans/"
            ).status_code
            == 303
        )
        assert "2 customers have asked here" in petra.get("/do-not-contact/").text
        assert "asked not to be contacted" in page_of(petra, begin(petra, name="Without them"))
        post(petra, "/do-not-contact/", {"customers": "3186-AJIEK\n8361-LTMKD", "what": "remove"}, page="/plans/")
        post(petra, f"{plan}/discard", {}, page="/plans/")
    trail = (app.state / "audit.jsonl").read_text()
    done = [json.loads(line) for line in trail.splitlines()]
    assert {"plan-made", "plan-discarded", "do-not-contact-added"} <= {line["action"] for line in done}
    assert "3186-AJIEK" not in trail + app.log


def upload(client: httpx.Client, page: str, table: str) -> str:
    """Load a file of outcomes; returns what the page says when it was read."""
    token = token_of(client.get(page).text)
    files = {"outcomes": ("outcomes.csv", table.encode(), "text/csv")}
    answer = client.post(page, data={"csrf_token": token}, files=files, headers={"Referer": str(client.base_url)})
    assert answer.status_code == 303, answer.text
    deadline = time.monotonic() + PATIENCE
    while "outcomes are being read" in (found := client.get(page).text):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found
