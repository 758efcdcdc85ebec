"""Who gets in, what that takes, and how it ends: through the front door of a running app.

People come by a password, or vouched for by an OpenID Connect issuer over HTTP: code flow with PKCE, state, nonce and a
proven token.
"""

import json
import re
import sqlite3
from collections.abc import Iterator

import httpx
import pytest

from churn_marketing.security.users import put_user
from ports import free_port
from tests.marketing.conftest import RunApp
from tests.marketing.issuer import CLIENT, SECRET, Issuer
from tests.marketing.running_app import PASSWORDS, App, post, sign_in


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    started = Issuer()
    yield started
    started.close()


@pytest.fixture(scope="module")
def app(run_app: RunApp, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app that has users of its own and lets in those whom an issuer vouches for."""
    secret = tmp_path_factory.mktemp("secret") / "secret"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    port = free_port()
    known = {"oidc_issuer": issuer.url, "oidc_client_id": CLIENT, "oidc_client_secret_file": secret}
    with run_app(http_port=port, public_url=f"http://127.0.0.1:{port}", **known) as started:
        yield started


@pytest.mark.parametrize("path", ["/", "/no-such-page"])
def test_nobody_sees_a_page_without_signing_in(app: App, path: str) -> None:
    with app.client(None) as client:
        answer = client.get(path)
        if path == "/":
            assert answer.status_code == 303
            assert answer.headers["location"] == "/sign-in"
        else:
            assert answer.status_code == 404


def test_a_person_signs_in_and_out(app: App) -> None:
    with app.client("petra") as client:
        assert "petra" in client.get("/").text
        cookie = dict(client.cookies)
        assert post(client, "/sign-out", {}).status_code == 303
        assert client.get("/").status_code == 303
    with httpx.Client(base_url=app.url, cookies=cookie) as thief:
        assert thief.get("/").status_code == 303, "a session that was ended is of no use to anybody"


def test_signing_in_takes_another_session_than_the_one_before(app: App) -> None:
    with app.client(None) as client:
        client.get("/sign-in")
        before = dict(client.cookies)
        assert sign_in(client, "petra", PASSWORDS["petra"]).status_code == 303
        assert before
        assert dict(client.cookies) != before


@pytest.mark.parametrize(("name", "password"), [("petra", "wrong"), ("nobody", "planning-is-half"), ("", "")])
def test_who_is_refused_is_not_told_why(app: App, name: str, password: str) -> None:
    with app.client(None) as client:
        answer = sign_in(client, name, password)
        assert answer.status_code == 401
        assert "do not go together" in answer.text
        assert client.get("/").status_code == 303


@pytest.mark.parametrize("place", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere_after_signing_in(app: App, place: str) -> None:
    with app.client(None) as client:
        answer = sign_in(client, "petra", PASSWORDS["petra"], place)
        assert answer.headers["location"] == "/"


def test_a_form_without_the_pages_token_does_nothing(app: App) -> None:
    with app.client("petra") as client:
        answer = client.post("/sign-out", data={})
        assert answer.status_code == 400
        assert "Nothing was done" in answer.text
        assert client.get("/").status_code == 200


def test_answers_let_a_browser_do_nothing_but_show_them(app: App) -> None:
    with app.client("petra") as client:
        page = client.get("/")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page.text)
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"
        cookie = client.get("/sign-in").request.headers["cookie"]
        assert cookie.startswith("churn_session=")
    with app.client(None) as client:
        given = client.get("/sign-in").headers["set-cookie"]
        assert "HttpOnly" in given
        assert "SameSite=Lax" in given


def test_another_name_of_the_machine_is_refused(app: App) -> None:
    with app.client(None) as client:
        assert client.get("/sign-in", headers={"Host": "evil.example"}).status_code == 400


def test_the_trail_tells_who_signed_in_and_no_password(app: App) -> None:
    with app.client("victor"):
        pass
    text = (app.state / "audit.jsonl").read_text(encoding="utf-8")
    last = json.loads(text.splitlines()[-1])
    assert (last["person"], last["action"], last["role"]) == ("victor", "signed-in", "viewer")
    for password in PASSWORDS.values():
        assert password not in text + app.log


def test_sessions_end_when_nothing_happens_and_say_so(app: App) -> None:
    with app.client("petra") as client:
        _age(app, "seen", 31 * 60)
        answer = client.get("/")
        assert answer.headers["location"] == "/sign-in?ended=1"
        assert "nothing happened for a while" in client.get("/sign-in?ended=1").text


def test_sessions_end_after_a_working_day_whatever_happens(app: App) -> None:
    with app.client("petra") as client:
        _age(app, "begun", 13 * 3600)
        assert client.get("/").status_code == 303


def _age(app: App, column: str, seconds: float) -> None:
    with sqlite3.connect(app.state / "sessions.sqlite3") as connection:
        connection.execute(f"UPDATE sessions SET {column} = {column} - ?", (seconds,))
    connection.close()


def test_who_is_taken_out_of_the_file_is_out_at_once(app: App) -> None:
    put_user(app.state / "users.json", "gone", "viewer", "soon-to-be-gone")
    with app.client(None) as client:
        assert sign_in(client, "gone", "soon-to-be-gone").status_code == 303
        assert client.get("/").status_code == 200
        users = json.loads((app.state / "users.json").read_text(encoding="utf-8"))
        users["users"] = [each for each in users["users"] if each["name"] != "gone"]
        (app.state / "users.json").write_text(json.dumps(users), encoding="utf-8")
        assert client.get("/").status_code == 303


def test_a_new_password_ends_what_was_begun_with_the_old_one(app: App) -> None:
    put_user(app.state / "users.json", "robbed", "planner", "the-thief-knows-it")
    with app.client(None) as thief:
        assert sign_in(thief, "robbed", "the-thief-knows-it").status_code == 303
        assert thief.get("/").status_code == 200
        put_user(app.state / "users.json", "robbed", "planner", "nobody-else-knows-it")
        assert thief.get("/").status_code == 303


def test_guessing_is_held_up(run_app: RunApp) -> None:
    with run_app() as app, app.client(None) as client:
        codes = [sign_in(client, "petra", f"guess number {number}").status_code for number in range(11)]
        assert codes == [401] * 10 + [429]
        held_up = sign_in(client, "petra", PASSWORDS["petra"])
        assert held_up.status_code == 429
        assert int(held_up.headers["retry-after"]) > 0
        assert sign_in(client, "victor", PASSWORDS["victor"]).status_code == 303, "others are not locked out"


def test_too_many_requests_are_told_to_wait(run_app: RunApp) -> None:
    with run_app(requests_per_minute=10) as app, app.client(None) as client:
        answers = [client.get("/sign-in") for _ in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
        assert client.get("/readyz").status_code == 200


def _arrive(app: App) -> tuple[httpx.Response, httpx.Response]:
    """What somebody sees after having been to the issuer, and the first page then."""
    with httpx.Client(base_url=app.url, timeout=60, follow_redirects=True) as client:
        assert "Sign in with your company account" in client.get("/").text
        return client.get("/sign-in/elsewhere?next=/models"), client.get("/")


@pytest.mark.parametrize(("groups", "role"), [(["staff", "churn-planners"], "planner"), ("churn-viewers", "viewer")])
def test_the_issuers_groups_say_what_somebody_may_do(app: App, issuer: Issuer, groups: object, role: str) -> None:
    issuer.claims = {"sub": "7", "preferred_username": "ines", "groups": groups}
    seen, _ = _arrive(app)
    assert (seen.status_code, seen.url.path) == (200, "/models")
    assert re.search(rf'class="who">ines<span class="role">{role}<', seen.text)
    last = json.loads((app.state / "audit.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (last["person"], last["action"], last["role"], last["source"]) == ("ines", "signed-in", role, "issuer")


@pytest.mark.parametrize(("called", "shown"), [("petra", "petra (company account)"), ("in\nes\u202e", "ines")])
def test_nobody_comes_in_by_anothers_name(app: App, issuer: Issuer, called: str, shown: str) -> None:
    issuer.claims = {"sub": "7", "preferred_username": called, "groups": "churn-planners"}
    seen, _ = _arrive(app)
    assert f'class="who">{shown}<' in seen.text
    last = json.loads((app.state / "audit.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (last["person"], last["subject"]) == (shown, "7")


def test_who_has_no_role_here_stays_outside(app: App, issuer: Issuer) -> None:
    issuer.claims = {"sub": "7", "preferred_username": "ines", "groups": ["staff"]}
    seen, first = _arrive(app)
    assert seen.status_code == 403
    assert "You have no access to this app" in seen.text
    assert "<h1>Sign in</h1>" in first.text


@pytest.mark.parametrize("claims", [{"nonce": "another"}, {"aud": "another"}, {"exp": 1}, {"iss": "https://x.example"}])
def test_a_token_that_is_for_somebody_else_is_nobodys(app: App, issuer: Issuer, claims: dict[str, object]) -> None:
    issuer.claims = {"sub": "7", "groups": ["churn-planners"], **claims}
    _require_refused(*_arrive(app))


@pytest.mark.parametrize("fault", ["forged", "away"])
def test_nobody_comes_in_by_a_forged_token_or_while_the_issuer_is_away(app: App, issuer: Issuer, fault: str) -> None:
    issuer.claims = {"sub": "7", "groups": ["churn-planners"]}
    setattr(issuer, fault, True)
    try:
        _require_refused(*_arrive(app))
    finally:
        setattr(issuer, fault, False)


def test_an_answer_that_this_browser_has_not_asked_for_is_nobodys(app: App) -> None:
    with httpx.Client(base_url=app.url, timeout=60) as client:
        seen = client.get("/sign-in/back?code=code-1&state=of-somebody-else")
        _require_refused(seen, client.get("/", follow_redirects=True))


def _require_refused(seen: httpx.Response, first: httpx.Response) -> None:
    assert seen.status_code == 403
    assert "The sign-in service did not confirm who you are. Try again." in seen.text
    assert "<h1>Sign in</h1>" in first.text
