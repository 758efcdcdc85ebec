"""What pages say of a batch, held against the batch's own file; with no gateway anywhere near."""

import re
from pathlib import Path

import httpx
import pandas
import pytest

from tests.marketing.running_app import App, Scored, post

_ROW = re.compile(r'<th scope="row"><a href="/customers/([0-9a-f]{16})">([^<]+)</a></th>')


@pytest.fixture(scope="module")
def answers(scored: Scored) -> pandas.DataFrame:
    return pandas.read_parquet(scored.batches / "2026-11.parquet")


def _listed(page: str) -> list[tuple[str, str]]:
    return _ROW.findall(page)


def _next(page: str) -> str | None:
    found = re.search(r'href="([^"]+)" rel="next"', page)
    return found[1].replace("&amp;", "&") if found else None


def test_the_overview_adds_up_what_the_batch_says(app: App, answers: pandas.DataFrame) -> None:
    with app.client() as client:
        page = client.get("/").text
    assert f'<a class="amount" href="/customers">{len(answers):,}</a>' in page
    assert f'<span class="amount">{answers["churn_probability"].sum():,.0f}</span>' in page
    assert f">${answers['expected_value'].sum():,.0f}</a>" in page
    for risk in ("high", "medium", "low"):
        assert f"{(answers['risk'] == risk).sum():,} customers" in page
    assert "2026-10" in page, "batches before this one are compared"
    assert re.search(r"<dt>Made</dt><dd>\d+ \w+ \d{4}, \d\d:\d\d UTC, [^<]+ ago</dd>", page), "the model and its age"
    assert "Simulated" not in page


def test_pages_of_the_list_hold_everybody_once_in_order(app: App, answers: pandas.DataFrame) -> None:
    wanted = answers[answers["risk"] == "high"]
    listed: list[str] = []
    with app.client() as client:
        place: str | None = "/customers?risk=high&sort=probability"
        while place:
            page = client.get(place).text
            listed += [customer for _, customer in _listed(page)]
            place = _next(page)
        back = re.search(r'href="([^"]+)" rel="prev"', page)
        assert back
        before = client.get(back[1].replace("&amp;", "&")).text
    assert sorted(listed) == sorted(wanted["id"])
    probability = wanted.set_index("id")["churn_probability"]
    found = [float(probability[customer]) for customer in listed]
    assert found == sorted(found, reverse=True)
    last = len(_listed(page))
    assert [customer for _, customer in _listed(before)] == listed[-last - 50 : -last]


@pytest.mark.parametrize("sort", ["at_risk", "value", "expected_value", "id"])
def test_every_order_goes_on_where_a_page_ended(app: App, sort: str) -> None:
    with app.client() as client:
        first = client.get(f"/customers?sort={sort}").text
        place = _next(first)
        assert place
        second = client.get(place).text
    together = [key for key, _ in _listed(first) + _listed(second)]
    assert len(set(together)) == 100


def test_what_is_searched_for_stands_in_no_address_and_no_log(app: App, answers: pandas.DataFrame) -> None:
    wanted = answers["id"].iloc[5]
    with app.client() as client:
        answer = post(client, "/customers/search", {"search": wanted[:7].lower()}, "/customers")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/customers"
        page = client.get("/customers").text
        assert wanted in [customer for _, customer in _listed(page)]
        assert f"whose id begins with “{wanted[:7].lower()}”" in page
        key = next(key for key, customer in _listed(page) if customer == wanted)
        assert client.get(f"/customers/{key}").status_code == 200
    trail = (app.state / "audit.jsonl").read_text(encoding="utf-8")
    assert f'"customer": "{key}"' in trail
    assert wanted[:7] not in app.log + trail


@pytest.mark.parametrize("within", ["", "yes"])
def test_what_no_id_begins_with_is_looked_for_within_them(app: App, answers: pandas.DataFrame, within: str) -> None:
    wanted = answers["id"].iloc[5]
    sought = wanted[0 if within else 1 : 9]
    containing = answers["id"].str.contains(sought, regex=False)
    with app.client() as client:
        post(client, "/customers/search", {"search": sought, "within": within}, "/customers")
        page = client.get("/customers").text
        assert {customer for _, customer in _listed(page)} == set(answers["id"][containing])
        assert f"with “{sought}” in their id" in page


def test_those_whose_ids_begin_alike_are_all_found_and_counted(app: App, answers: pandas.DataFrame) -> None:
    begun = answers["id"].str.startswith("7")
    with app.client() as client:
        post(client, "/customers/search", {"search": "7"}, "/customers")
        page = client.get("/customers?sort=id").text
    assert f"{begun.sum()} customers whose id begins with “7”" in page
    assert [customer for _, customer in _listed(page)] == sorted(answers["id"][begun])[:50]


def test_nobody_matches_is_said_with_a_way_back(app: App) -> None:
    with app.client() as client:
        post(client, "/customers/search", {"search": "no such customer"}, "/customers")
        page = client.get("/customers?risk=low").text
        assert "Nobody matches" in page
        post(client, "/customers/search", {}, "/customers")
        assert len(_listed(client.get("/customers").text)) == 50


@pytest.mark.parametrize(
    "query", ["segment=99", "segment=-1", "risk=none", "action=x", "sort=id;--", "after=zz", f"after={0:016}"]
)
def test_addresses_that_nobody_was_given_do_no_harm(app: App, query: str) -> None:
    with app.client() as client:
        assert client.get(f"/customers?{query}").status_code == 200


@pytest.mark.parametrize("key", ["0000000000000000", "x", "7590-VHVEG"])
def test_a_customer_that_is_not_there_is_not_found(app: App, key: str) -> None:
    with app.client() as client:
        assert client.get(f"/customers/{key}").status_code == 404


def test_a_customers_page_shows_the_batch_while_the_gateway_is_away(
    app: App, answers: pandas.DataFrame, scored: Scored
) -> None:
    with app.client() as client:
        key, customer = _listed(client.get("/customers?risk=high").text)[0]
        page = client.get(f"/customers/{key}").text
        row = answers.set_index("id").loc[customer]
        assert f'<span class="amount">{row["churn_probability"] * 100:.0f}\u00a0%</span>' in page
        assert str(row["action_name"]) in page
        assert f"expected to bring ${row['expected_value']:.2f}" in page
        assert "The figures on this page are those of the batch" in page
        offered = page.partition('aria-label="Actions for this customer"')[2].partition("</table>")[0]
        told = re.findall(r'<span class="tag (assumed|measured)">', offered)
        assert len(told) == offered.count('<th scope="row">') > 1, "of each action whether its effect was measured"
        own = pandas.read_csv(scored.customers / "2026-11.csv", dtype=str).set_index("customerID").loc[customer]
        assert f'name="f4" value="{own["tenure"]}"' in page
        tried = post(client, f"/customers/{key}/what-if", {"f4": "60"}, f"/customers/{key}")
        assert "The gateway does not answer. Your values are still there" in tried.text
        assert 'name="f4" value="60"' in tried.text


def test_fields_that_are_no_numbers_are_named(app: App) -> None:
    with app.client() as client:
        key, _ = _listed(client.get("/customers").text)[0]
        page = post(client, f"/customers/{key}/what-if", {"f4": "<many>"}, f"/customers/{key}").text
        assert "Tenure in months: expected a number such as 12.5" in page
        assert 'value="&lt;many&gt;"' in page


def test_viewers_may_look(app: App) -> None:
    with app.client("victor") as client:
        for place in ("/", "/customers"):
            assert client.get(place).status_code == 200


def test_pages_are_small(app: App) -> None:
    with app.client() as client:
        files = sum(len(client.get(f"/static/{name}").content) for name in ("style.css", "htmx.min.js", "icon.svg"))
        key, _ = _listed(client.get("/customers").text)[0]
        for place in ("/", "/customers", f"/customers/{key}", "/sign-in"):
            assert len(client.get(place).content) + files <= 150_000, place


def test_the_app_keeps_nothing_that_others_may_read(app: App) -> None:
    secret = [path for path in Path(app.state).iterdir() if path.name in ("audit.jsonl", "customer-keys", "form-key")]
    assert len(secret) == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in secret)


def test_nobody_is_asked_twice_for_what_is_away(app: App) -> None:
    with app.client() as client:
        key, _ = _listed(client.get("/customers").text)[0]
        answers = [client.get(f"/customers/{key}") for _ in range(3)]
        assert all(answer.status_code == httpx.codes.OK for answer in answers)
        assert "did not answer a moment ago" in answers[-1].text
