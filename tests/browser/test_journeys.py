"""How a campaign goes from a budget to its results, by the keyboard alone, and all of it without scripts."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy
import pandas
from playwright.sync_api import Browser, Page

from churn_marketing.planning.call_list import PAPER_ROWS
from tests.browser.conftest import PHONE, Reader, before_a_page
from tests.browser.looking import amount, follow, picture, require_fair, tab_to, type_into
from tests.marketing.running_app import App

TOMORROW = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


def test_somebody_plans_within_a_budget_and_exports_by_the_keyboard(browser: Browser, shown: App) -> None:
    with before_a_page(browser, shown) as reader:
        page, keys = reader.page, reader.page.keyboard
        tab_to(page, page.get_by_role("link", name="Plans", exact=True))
        keys.press("Enter")
        tab_to(page, page.get_by_role("button", name="Begin a new plan"))
        keys.press("Enter")
        type_into(page, page.locator("#f-name"), "Spring, by keyboard")
        type_into(page, page.locator("#f-budget"), "1500")
        type_into(page, page.locator("#f-holdout"), "20")
        keys.press("Enter")  # as the button of the form does
        page.get_by_role("heading", name="Spring, by keyboard").wait_for()
        tab_to(page, page.locator("#slider"))
        before = page.locator("#at-budget").inner_text()
        keys.press("ArrowLeft")
        keys.press("ArrowLeft")
        page.wait_for_function("before => document.querySelector('#at-budget').innerText !== before", arg=before)
        budget = float(page.locator("#slider").input_value())
        assert budget < 1500
        tab_to(page, page.get_by_role("button", name="Take this budget"))
        keys.press("Enter")
        page.wait_for_function("taken => document.querySelector('#f-budget').value === taken", arg=f"{budget:g}")
        page.locator("#slider").wait_for()
        picture(page, "plan-desk")
        require_fair(page, "a draft")
        tab_to(page, page.get_by_role("button", name="Freeze this plan"))
        keys.press("Enter")
        tab_to(page, page.get_by_role("button", name="CSV"))
        assert "Frozen on " in page.locator("main").inner_text()
        assert 0 < amount(page, "Cost") <= budget
        contacted = amount(page, "Customers contacted")
        plan = page.url.removeprefix(reader.url)
        listed = _download(page, lambda: keys.press("Enter"))
        treated = listed[~listed["arm"].isin(["control", "none"])]
        assert len(treated) == contacted
        assert treated.index.max() == len(treated) - 1, "whom to call comes first"
        reader.go(plan)  # where what was exported may be undone for a reason alone
        require_fair(page, "a frozen plan")
        type_into(page, page.get_by_label("Why is the freeze undone?"), "It was a trial of the keyboard")
        keys.press("Enter")
        page.get_by_text("The freeze is undone").wait_for()
        page.get_by_role("button", name="Discard this draft").click()
        page.get_by_text("The draft is gone").wait_for()


def test_a_campaign_goes_to_its_results_without_scripts(browser: Browser, shown: App, tmp_path: Path) -> None:
    with before_a_page(browser, shown, scripts=False) as reader:
        page = reader.page
        reader.go("/plans/")
        follow(page, page.get_by_role("button", name="Begin a new plan"))
        for field, text in (("name", "Autumn"), ("budget", "20000"), ("holdout", "20"), ("window_days", "1")):
            page.fill(f"#f-{field}", text)
        follow(page, page.get_by_role("button", name="Save and work out"))
        _look_until(page, "Freeze it")
        follow(page, page.get_by_role("button", name="Freeze this plan"))
        _look_until(page, "Take the list away")
        plan = page.url.removeprefix(reader.url)
        listed = _download(page, lambda: page.get_by_role("button", name="CSV").click())
        reader.go(plan)
        follow(page, page.get_by_role("link", name="See its results"))
        assert "Nobody has looked yet" in page.locator("main").inner_text()
        _load(page, tmp_path, "customerID,gone\n1,2\n")
        assert "Nothing was counted: correct the file and load it again." in page.get_by_role("alert").inner_text()
        told = pandas.DataFrame({"customerID": listed["id"], "Churn": "No", "outcome_on": TOMORROW})
        _load(page, tmp_path, told.to_csv(index=False))
        assert "Not enough data yet: nobody left" in page.get_by_role("status").inner_text()
        stay = numpy.where(listed["action"] == "none", 1.0, 0.5)  # half of those who are called stay after all
        left = numpy.random.default_rng(5).random(len(listed)) < listed["churn_probability"] * stay
        told.loc[left, "Churn"] = "Yes"
        _load(page, tmp_path, told.to_csv(index=False))
        assert page.get_by_role("heading", name=re.compile("It worked")).count() == 1
        results = page.url.removeprefix(reader.url)
    with before_a_page(browser, shown) as reader:
        _require_fair_campaign(reader, plan, results, "desk")
        reader.go(plan)
        _require_printed(reader.page)
        _require_call_list(reader.page, listed)
    with before_a_page(browser, shown, PHONE, "dark") as reader:
        _require_fair_campaign(reader, plan, results, "phone")
        reader.go(f"{plan}/calls")
        picture(reader.page, "call-list-phone")
        require_fair(reader.page, "a call list, phone")
        reader.go(results)
        reader.page.get_by_role("button", name="Plan the next campaign").click()
        reader.page.locator("#slider").wait_for()
        picture(reader.page, "plan-phone")
        require_fair(reader.page, "a draft, phone")
        reader.go(plan)
        reader.page.get_by_role("button", name=re.compile("Close the campaign")).click()
        reader.page.get_by_text("The campaign is closed").wait_for()


def _require_fair_campaign(reader: Reader, plan: str, results: str, kind: str) -> None:
    places = {"plan-frozen": plan, "result": results, "results-shown": "/results/", "plans-shown": "/plans/"}
    for name, place in places.items():
        reader.go(place)
        picture(reader.page, f"{name}-{kind}")
        require_fair(reader.page, f"{name}, {kind}")


def _require_call_list(page: Page, listed: pandas.DataFrame) -> None:
    """From a plan's page: whom to call, as the list has them, on the screen and on paper."""
    page.emulate_media(media="screen", color_scheme="light")
    page.get_by_role("button", name="Call list to print").click()
    page.get_by_role("heading", name="Whom to call: Autumn").wait_for()
    called = listed[~listed["arm"].isin(["control", "none"])]["id"]
    assert page.locator("tbody th").all_inner_texts() == called[:PAPER_ROWS].tolist()
    picture(page, "call-list-desk")
    require_fair(page, "a call list")
    _require_printed(page)
    picture(page, "call-list-paper")


def _require_printed(page: Page) -> None:
    """On paper are the figures and the tables, black on white, and nothing to press."""
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("button:visible, nav:visible, form:visible").count() == 0
    assert page.get_by_role("table").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def _look_until(page: Page, heading: str) -> None:
    """Follow the link that looks again, as somebody does whose browser runs no scripts."""
    for _ in range(1000):  # as often as a busy machine makes it
        if page.get_by_role("heading", name=heading).count():
            return
        follow(page, page.get_by_role("link", name="Look again").first)
        page.wait_for_timeout(200)
    raise AssertionError(page.locator("main").inner_text())


def _load(page: Page, folder: Path, table: str) -> None:
    """Load outcomes, and look until they were read."""
    file = folder / "outcomes.csv"
    file.write_text(table, encoding="utf-8")
    page.get_by_label("File of outcomes").set_input_files(file)
    follow(page, page.get_by_role("button", name="Take a look"))
    while page.get_by_text("The outcomes are being read").count():
        follow(page, page.get_by_role("link", name="Look again"))
        page.wait_for_timeout(200)


def _download(page: Page, press: Callable[[], None]) -> pandas.DataFrame:
    """The list that comes when that is pressed."""
    with page.expect_download() as coming:
        press()
    return pandas.read_csv(io.BytesIO(Path(coming.value.path()).read_bytes()), keep_default_na=False)
