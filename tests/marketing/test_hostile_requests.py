"""Requests that no page of the app makes: broken addresses and texts, sessions that were ended, counts by address."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from churn_marketing.security.attempts import Attempts, network_of
from churn_marketing.security.sessions import SessionStore
from tests.marketing.conftest import RunApp, wait_shown
from tests.marketing.running_app import PASSWORDS, App, post, sign_in, token_of


@pytest.fixture(scope="module")
def app(run_app: RunApp) -> Iterator[App]:
    """An app behind a proxy."""
    with run_app(trusted_proxy="127.0.0.1") as started:
        yield started


@pytest.mark.parametrize("place", ["//[", "http://[", "//[::1", "/\\[", "\x00", "/a\nSet-Cookie: b=c", "/" + "x" * 501])
def test_a_place_to_go_on_to_that_is_none_is_the_first_page(app: App, place: str) -> None:
    with app.client(None) as client:
        assert client.get("/sign-in", params={"next": place}).status_code == 200
        answer = sign_in(client, "petra", PASSWORDS["petra"], place)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("person", ["petra", None])
def test_a_form_from_an_address_that_is_none_does_nothing(app: App, person: str | None) -> None:
    with app.client(person) as client:
        answer = client.post("/plans/", data={"name": "x"}, headers={"Referer": "http://["})
        assert answer.status_code == 400
        assert "Nothing was done" in answer.text


def test_every_page_by_every_method_wants_somebody(app: App) -> None:
    places = ["/", "/customers", "/customers/0123456789abcdef", "/segments", "/plans/", "/plans/x", "/plans/x/ledger",
              "/plans/x/list/csv", "/plans/x/calls", "/plans/x/budget", "/results/", "/results/x",
              "/models", "/models/card", "/do-not-contact/"]  # fmt: skip
    with app.client(None) as client:
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE", "FOO"):
            for place in places:
                answer = client.request(method, place, headers={"X-HTTP-Method-Override": "GET"})
                assert answer.status_code in (303, 405), (method, place)
                assert answer.headers.get("location", "/sign-in").startswith("/sign-in"), (method, place)
                assert "default-src 'none'" in answer.headers["content-security-policy"], (method, place)


def test_what_is_not_there_is_not_kept_by_browsers(app: App) -> None:
    with app.client(None) as client:
        assert "max-age" in client.get("/static/style.css").headers["cache-control"]
        for path in ("/static/later.css", "/static/..%2fsettings.py", "/static/%00"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_an_upload_after_the_session_has_ended_leads_to_signing_in(app: App) -> None:
    upload = {"outcomes": ("outcomes.csv", b"a" * 200_000, "text/csv")}
    with app.client(None) as client:
        answer = client.post("/results/x", files=upload, headers={"Referer": f"{app.url}/results/x"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/results/x")
        answer = client.post("/do-not-contact/", data={"customers": "a\n" * 100_000})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_a_session_that_was_ended_is_not_brought_back_by_what_was_under_way(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "sessions.sqlite3", 60, 3600, time.time)
    begun = store.load("")
    begun["person"] = "petra"
    store.save(begun)
    slow, quick = store.load(begun.token), store.load(begun.token)
    quick.end()
    store.save(quick)
    slow["told"] = "how something has ended"
    store.save(slow)
    assert not store.load(begun.token)


def test_people_issuers_vouched_for_stay_outside_when_no_issuer_is_asked(app: App) -> None:
    store = SessionStore(app.state / "sessions.sqlite3", 3600, 7200, time.time)
    begun = store.load("")
    begun.update(person="ines", role="planner", source="issuer")
    store.save(begun)
    with httpx.Client(base_url=app.url, cookies={"churn_session": begun.token}) as client:
        assert client.get("/").status_code == 303


def test_a_name_that_is_an_address_does_not_count_for_it() -> None:
    attempts = Attempts(10)
    assert [attempts.request("192.0.2.1", "198.51.100.7") for _ in range(10)] == [0] * 10
    assert attempts.request("192.0.2.1", "198.51.100.7") > 0
    assert attempts.request("", "192.0.2.1") == 0


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"), ("unix:", "unix:"),
    ],
)  # fmt: skip
def test_who_has_a_whole_network_counts_once(address: str, counted: str) -> None:
    assert network_of(address) == counted


def test_nobody_chooses_the_address_that_they_count_by(app: App) -> None:
    form = {"name": "nobody", "password": "a guess"}
    with app.client(None) as client:
        client.headers["X-Forwarded-For"] = "198.51.100.1, 192.0.2.1"
        assert post(client, "/sign-in", form, page="/sign-in").status_code == 401
    assert _last(app)["address"] == "192.0.2.1", "the proxy's own word is the last one"


def test_a_role_that_is_too_small_is_in_the_trail(app: App) -> None:
    with app.client("victor") as client:
        assert post(client, "/plans/", {}).status_code == 403
    assert (_last(app)["person"], _last(app)["action"]) == ("victor", "refused")


def _last(app: App) -> dict[str, str]:
    found: dict[str, str] = json.loads((app.state / "audit.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    return found


def test_a_form_that_is_too_large_says_how_much_there_may_be(app: App) -> None:
    with app.client() as client:
        answer = post(client, "/plans/", {"name": "x" * 70_000}, page="/plans/")
        assert answer.status_code == 413
        assert "which is 64 kB. Nothing was done" in answer.text


def test_as_many_wishes_as_are_promised_go_in_at_once_and_unknown_ones_are_counted(app: App) -> None:
    wait_shown(app, "2026-11")
    with app.client() as client:
        several = "\n".join(f"nobody-of-that-name-{number}" for number in range(50_000))
        answer = post(client, "/do-not-contact/", {"customers": f"7590-vhveg\n3186-AJIEK\n{several}"})
        assert answer.status_code == 303
        page = client.get(answer.headers["location"]).text
        assert "50,002 of 50,002 customers added. 50,001 of them are in no row of the batch that is shown" in page
        long = post(client, "/do-not-contact/", {"customers": "3186-AJIEK\n" + "x" * 201})
        assert long.status_code == 409
        assert "Line 2 is longer than a customer&#39;s id" in long.text
        assert "3186-AJIEK\nxxx" in long.text, "what was typed is still there"


def test_nothing_is_kept_of_outcomes_that_no_plan_has(app: App) -> None:
    with app.client() as client:
        draft = post(client, "/plans/", {}, page="/plans/").headers["location"].rpartition("/")[2]
        token = token_of(client.get("/plans/").text)
        for plan, status in (("no-such-plan", 404), (draft, 409)):
            files = {"outcomes": ("outcomes.csv", b"customerID,Churn\n3186-AJIEK,No\n", "text/csv")}
            answer = client.post(
                f"/results/{plan}", data={"csrf_token": token}, files=files, headers={"Referer": app.url}
            )
            assert answer.status_code == status
    assert not list((app.state / "planning").glob("uploads/*"))


def test_what_is_typed_into_a_plan_that_is_no_draft_any_more_becomes_a_draft_of_its_own(app: App) -> None:
    with app.client() as client:
        gone = post(client, "/plans/", {}, page="/plans/").headers["location"]
        post(client, f"{gone}/discard", {"version": "1"}, page="/plans/")
        form = {"name": "Typed for an hour", "budget": "987", "version": "1"}
        answer = post(client, gone, form, page="/plans/")
        assert answer.status_code == 303
        page = client.get(answer.headers["location"]).text
        assert "What you typed is kept in this draft of its own." in page
        assert 'value="Typed for an hour"' in page


def test_what_is_searched_for_is_composed_as_ids_in_files_are(app: App) -> None:
    wait_shown(app, "2026-11")
    with app.client() as client:
        post(client, "/customers/search", {"search": "Zoe\N{COMBINING DIAERESIS}"}, page="/customers")
        assert 'value="Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}"' in client.get("/customers").text


FORMS = [
    "/plans/", "/plans/x", "/plans/x/freeze", "/plans/x/discard", "/plans/x/again", "/plans/x/budget", "/plans/x/undo",
    "/plans/x/close", "/plans/x/next", "/plans/x/list/csv", "/plans/x/calls", "/results/x", "/do-not-contact/",
]  # fmt: skip


def test_every_form_of_planners_wants_a_planner_and_the_token_of_their_own_session(app: App) -> None:
    with app.client() as petra, app.client("victor") as victor:
        others = token_of(victor.get("/plans/").text)
        for form in [*FORMS, "/customers/search", "/customers/0123456789abcdef/what-if", "/sign-out"]:
            assert petra.post(form, data={"csrf_token": others}).status_code == 400, form
            assert petra.post(form, json={"csrf_token": others}).status_code == 400, form
        for form in FORMS:
            assert post(victor, form, {"version": "1", "customers": "a"}, page="/plans/").status_code == 403, form
        for place in ("/plans/x/list/csv", "/plans/x/calls", "/plans/x/ledger"):  # what holds customers by their ids
            assert victor.get(place).status_code == 403, place


ODD = ["nan", "-inf", "1e999", "9" * 400, "\x00", "../../etc/passwd", "<script>alert(1)</script>", "x" * 3000,
       "\N{ARABIC-INDIC DIGIT ONE}", "\N{SUPERSCRIPT TWO}"]  # fmt: skip
ADDRESSES = [
    "/customers?after={}", "/customers?before={}", "/customers?risk={}", "/customers?segment={}",
    "/customers?action={}", "/customers?sort={}", "/customers/{}", "/plans/{}", "/plans/{}/budget?slider=1",
    "{}/budget?slider={}",
    "/plans/x/list/{}", "{}/list/{}", "{}/calls?page={}", "{}/ledger?of={}", "/results/{}", "/static/{}",
]  # fmt: skip
FIELDS = ["version", "shown", "slider", "budget", "holdout", "looks", "window_days", "minimum_value", "segment", "risk",
          "spared", "capacity-call", "name", "reason", "customers", "what", "search", "within"]  # fmt: skip


def test_whatever_stands_in_an_address_or_a_form_breaks_no_page(app: App) -> None:
    wait_shown(app, "2026-11")
    with app.client() as client:
        draft = post(client, "/plans/", {}, page="/plans/").headers["location"]
        token = token_of(client.get("/plans/").text)
        for odd in ODD:
            typed = quote(odd, safe="")
            for place in ADDRESSES:
                answer = client.get(place.format(*[draft, typed] if place[0] == "{" else [typed]))
                assert answer.status_code < 500, (place, odd)
                assert "<script>alert" not in answer.text, place
            form = {"csrf_token": token, **dict.fromkeys(FIELDS, odd)}
            for place in [*(each.replace("/x", f"/{typed}") for each in FORMS), *WORKED]:
                answer = client.post(place.format(draft), data=form, headers={"Referer": app.url})
                assert answer.status_code < 500, (place, odd)
        assert "<script>alert" not in client.get("/plans/").text
    assert "a page failed" not in app.log


WORKED = ["{}", "{}/budget", "{}/again", "{}/freeze", "{}/undo", "{}/close", "{}/list/csv", "{}/calls"]
"""Forms of a draft that there is; what they are sent is no version of it."""
