"""Every page by axe's rules (WCAG 2.2 AA and good practice), at a desk and on a phone, light and dark; and how somebody
finds and understands customers, by mouse, by keyboard and without scripts.

With CHURN_PICTURES set to a folder, what each page looks like is left there.
"""

import re

import pytest
from playwright.sync_api import Browser

from patience import until
from tests.browser.conftest import DESK, PHONE, before_a_page
from tests.browser.looking import follow, picture, require_fair
from tests.marketing.running_app import App

PLACES = {
    "overview": "/",
    "customers": "/customers",
    "segments": "/segments",
    "plans": "/plans/",
    "do-not-contact": "/do-not-contact/",
    "results": "/results/",
    "models": "/models",
}


@pytest.mark.parametrize(("size", "scheme", "kind"), [(DESK, "light", "desk"), (PHONE, "dark", "phone")])
def test_every_page_is_for_everybody(
    browser: Browser, shown: App, size: tuple[int, int], scheme: str, kind: str
) -> None:
    with before_a_page(browser, shown, size, scheme) as reader:
        for name, place in PLACES.items():
            reader.go(place)
            assert reader.page.locator("h1").count() == 1
            picture(reader.page, f"{name}-{kind}")
            require_fair(reader.page, f"{name}, {kind}")
        reader.go("/customers")
        follow(reader.page, reader.page.locator("tbody th a").first)
        picture(reader.page, f"customer-{kind}")
        require_fair(reader.page, f"customer, {kind}")
        reader.go("/models")
        contest = reader.page.get_by_role("region", name="Models that competed").get_by_role("table")
        assert contest.get_by_role("rowheader").filter(has_text="(chosen)").count() == 1
        assert contest.get_by_role("columnheader", name="95 % interval").count() == 2
        follow(reader.page, reader.page.get_by_role("link", name="Read its model card"))
        require_fair(reader.page, f"model card, {kind}")
        follow(reader.page, reader.page.get_by_role("button", name="Sign out"))
        picture(reader.page, f"sign-in-{kind}")
        require_fair(reader.page, f"sign-in, {kind}")


def test_somebody_finds_the_riskiest_valuable_customers(browser: Browser, shown: App) -> None:
    with before_a_page(browser, shown) as reader:
        page = reader.page
        follow(page, page.get_by_role("link", name=re.compile("High .* customers")))
        page.get_by_label("Sort by").select_option(label="Value at risk")
        page.wait_for_url(re.compile("sort=at_risk"))

        def at_risk() -> list[float]:
            texts = page.locator("tbody td:nth-child(5)").all_inner_texts()
            return [float(text.strip("$").replace(",", "")) for text in texts]

        until(lambda: (shown := at_risk()) == sorted(shown, reverse=True), lambda: str(at_risk()))
        assert page.locator("tbody tr").count() == 50
        assert set(page.locator("tbody .risk").all_inner_texts()) == {"High"}


def test_somebody_understands_one_customer(browser: Browser, shown: App) -> None:
    with before_a_page(browser, shown) as reader:
        page = reader.page
        reader.go("/customers?risk=high")
        follow(page, page.locator("tbody th a").first)
        assert page.get_by_role("heading", name="Why they may leave").count() == 1

        def is_answered() -> bool:
            """By the gateway, which a busy machine may make too late for reasons; who looks again gets them."""
            if page.locator("ol li").count():
                return True
            page.reload()
            return False

        until(is_answered, page.locator("main").inner_text)
        assert page.get_by_role("img", name=re.compile("What the customer brings")).count() == 1
        page.get_by_label("Contract").select_option("Two year")
        page.get_by_label("Tenure in months").fill("70")
        place = page.url
        answer = page.get_by_role("heading", name=re.compile("Then .* instead of"))

        def has_answered() -> bool:
            page.get_by_role("button", name="Ask the model").click()
            page.wait_for_timeout(1000)
            return answer.count() == 1

        until(has_answered, page.locator("#what-if").inner_text)
        assert page.url == place, "the answer comes into the page"
        require_fair(page, "what if")


def test_pages_do_without_scripts(browser: Browser, shown: App) -> None:
    with before_a_page(browser, shown, scripts=False) as reader:
        page = reader.page
        reader.go("/customers")
        page.get_by_label("Risk").select_option("low")
        follow(page, page.get_by_role("button", name="Apply"))
        assert set(page.locator("tbody .risk").all_inner_texts()) == {"Low"}
        follow(page, page.get_by_role("link", name=re.compile("Next")))
        follow(page, page.locator("tbody th a").first)

        def has_answered() -> bool:
            page.get_by_label("Tenure in months").fill("1")
            follow(page, page.get_by_role("button", name="Ask the model"))
            return page.get_by_role("heading", name=re.compile("Then .* instead of")).count() == 1

        until(has_answered, page.locator("main").inner_text)


def test_nothing_moves_for_those_who_do_not_want_it(browser: Browser, shown: App) -> None:
    with before_a_page(browser, shown) as reader:
        page = reader.page
        reader.go("/customers")
        page.evaluate("document.querySelector('#list').classList.add('htmx-request')")  # as while htmx waits
        moves = """[...document.querySelectorAll("*")].map(each => getComputedStyle(each))
            .filter(each => parseFloat(each.transitionDuration) > 0 || each.animationName !== "none").length"""
        page.emulate_media(reduced_motion="no-preference")
        assert page.evaluate(moves) == 1
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate(moves) == 0


def test_a_keyboard_is_enough(browser: Browser, shown: App) -> None:
    with before_a_page(browser, shown) as reader:
        page = reader.page
        reader.go("/customers")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "search"
        page.keyboard.type("0002")
        page.keyboard.press("Enter")
        page.get_by_role("status").filter(has_text="whose id begins with “0002”").wait_for()
