"""What pages say when something is not as it should be: nothing that somebody typed is lost, what to do next is said,
and each of these states is as much for everybody as the usual ones.
"""

import dataclasses
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PHONE, Reader, before_a_page
from tests.browser.looking import follow, picture, require_fair, type_into
from tests.marketing.conftest import RunApp, wait_shown
from tests.marketing.running_app import App, Scored, settle

FORTY_DAYS = 40 * 86_400


@pytest.fixture(scope="module")
def bare(scored: Scored, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    """A home without batches."""
    made = dataclasses.replace(scored, home=tmp_path_factory.mktemp("bare"))
    made.batches.mkdir()
    made.customers.mkdir()
    return made


@pytest.fixture(scope="module")
def alone(run_app: RunApp, bare: Scored) -> Iterator[App]:
    """An app that no gateway answers."""
    with run_app(bare) as app:
        yield app


def test_without_scores_pages_say_how_to_make_some(browser: Browser, alone: App) -> None:
    with before_a_page(browser, alone, PHONE) as reader:
        for place in ("/", "/customers", "/segments"):
            reader.go(place)
            assert "churn score" in reader.page.locator(".empty").inner_text()
            require_fair(reader.page, f"{place} without scores")
        reader.go("/plans/")
        follow(reader.page, reader.page.get_by_role("button", name="Begin a new plan"))
        assert "no scores yet" in reader.page.locator("main .warning").inner_text()
        require_fair(reader.page, "a draft without scores")


def test_old_and_half_written_scores_are_called_so_while_the_gateway_is_away(
    browser: Browser, alone: App, bare: Scored, scored: Scored
) -> None:
    for name in ("batches/2026-10.parquet", "customers/2026-10.csv"):
        shutil.copyfile(scored.home / name, bare.home / name)
    half = bare.batches / "2026-12.parquet"
    half.write_bytes((scored.batches / "2026-11.parquet").read_bytes()[:-100])
    settle(half)
    settle(bare.batches / "2026-10.parquet", FORTY_DAYS)
    wait_shown(alone, "2026-10")
    with before_a_page(browser, alone) as reader:
        page = reader.page
        notices = page.locator("main .notice")
        notices.filter(has_text="The batch 2026-12 is not shown: the file is half-written").wait_for()
        assert notices.filter(has_text=re.compile("These scores are .* old. Score the customers again")).count() == 1
        picture(page, "overview-troubled-desk")
        require_fair(page, "old and half-written scores")
        reader.go("/customers")
        follow(page, page.locator("tbody th a").first)
        assert page.locator("section .notice.warning").count() == 1
        require_fair(page, "a customer without a gateway")
        reader.go("/models")
        page.get_by_text("What it serves is not known at the moment.").wait_for()
        require_fair(page, "models without a gateway")


def test_a_filter_that_matches_nobody_says_so(browser: Browser, shown: App) -> None:
    with before_a_page(browser, shown, PHONE, "dark") as reader:
        reader.go("/customers")
        reader.page.get_by_label("Search by customer id").fill("nobody is called so")
        reader.page.keyboard.press("Enter")
        reader.page.get_by_role("heading", name="Nobody matches").wait_for()
        require_fair(reader.page, "nobody matches")
        reader.page.get_by_role("button", name="Show all customers").click()
        reader.page.get_by_role("status").filter(has_text=re.compile("^7,003 customers")).wait_for()


def test_terms_that_cannot_be_used_stay_in_their_fields(browser: Browser, shown: App) -> None:
    with before_a_page(browser, shown) as reader:
        page = _a_draft(reader)
        _want(page, budget="0", holdout="ninety")
        page.get_by_role("link", name=re.compile("A budget of 0 pays for nobody")).click()
        assert page.locator("#f-budget").evaluate("each => each.matches(':target')")
        assert page.locator("#f-holdout").input_value() == "ninety"
        assert page.get_by_role("button", name="Freeze this plan").count() == 0
        require_fair(page, "terms that cannot be used")
        _want(page, budget="1000000000000", holdout="10")
        page.get_by_text("more money brings nothing").wait_for()
        _want(page, minimum_value="1000000")
        page.get_by_role("heading", name="Nobody matches").wait_for()
        require_fair(page, "a plan for nobody")


def test_a_session_that_ends_in_the_middle_of_a_plan_loses_nothing(browser: Browser, shown: App) -> None:
    with before_a_page(browser, shown, PHONE, "dark") as reader:
        page = _a_draft(reader)
        type_into(page, page.locator("#f-name"), "Typed for an hour")
        type_into(page, page.locator("#f-budget"), "987")
        with closing(sqlite3.connect(shown.state / "sessions.sqlite3", isolation_level=None)) as sessions:
            sessions.execute("UPDATE sessions SET seen = seen - 7200")
        page.keyboard.press("Enter")
        page.get_by_text("You were signed out because nothing happened for a while").wait_for()
        require_fair(page, "a session that has ended")
        reader.enter()
        page.get_by_text("Check it and send it again").wait_for()
        assert page.locator("#f-name").input_value() == "Typed for an hour"
        assert page.locator("#f-budget").input_value() == "987"
        require_fair(page, "what was typed before")
        page.get_by_role("button", name="Save and work out").click()
        page.get_by_role("heading", name="Typed for an hour").wait_for()


def test_of_two_planners_one_gets_the_customers_and_neither_loses_a_word(browser: Browser, shown: App) -> None:
    with (
        before_a_page(browser, shown, expected=("409",)) as petra,
        before_a_page(browser, shown, person="paul") as paul,
    ):
        hers, his = _a_draft(petra), _a_draft(paul)
        _want(hers, name="Of Petra", budget="3000")
        _want(his, name="Of Paul", budget="3000")
        freezing = [each.get_by_role("button", name="Freeze this plan") for each in (his, hers)]
        for button in freezing:
            button.wait_for()
        freezing[0].click()
        his.get_by_text("Frozen on ").wait_for()
        freezing[1].click()
        hers.get_by_text(re.compile("Not frozen: meanwhile customers of this plan were taken.*by paul")).wait_for()
        hers.get_by_role("rowheader", name="in another plan").wait_for()
        assert hers.locator("#f-name").input_value() == "Of Petra"
        picture(hers, "plan-taken-desk")
        require_fair(hers, "customers who were taken")
        _change_at_once(paul, hers, his)
        require_fair(hers, "a draft that another has changed")
        hers.get_by_role("button", name="Keep mine as a draft of its own").click()
        hers.get_by_role("heading", name="Still of Petra").wait_for()
        hers.get_by_role("button", name="Discard this draft").click()


def _change_at_once(paul: Reader, hers: Page, his: Page) -> None:
    """He undoes his freeze and changes her draft; then she does, from the page that she has."""
    his.get_by_role("button", name="Undo the freeze").click()
    his.get_by_text("The freeze is undone").wait_for()
    his.get_by_role("button", name="Discard this draft").click()
    paul.go(hers.url.removeprefix(paul.url))
    _want(his, name="Now of Paul")
    _want(hers, name="Still of Petra")
    hers.get_by_text("paul has changed this draft meanwhile").wait_for()
    assert hers.locator("#f-name").input_value() == "Still of Petra"


def _a_draft(reader: Reader) -> Page:
    """A new draft before somebody; it takes nobody's customers, so it may stay."""
    reader.go("/plans/")
    follow(reader.page, reader.page.get_by_role("button", name="Begin a new plan"))
    return reader.page


def _want(page: Page, **terms: str) -> None:
    for name, text in terms.items():
        page.fill(f"#f-{name}", text)
    follow(page, page.get_by_role("button", name="Save and work out"))
