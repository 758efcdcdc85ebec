"""How a page is looked at: by axe's rules in both colour schemes, by its width and its weight, and by the keyboard."""

import os
import re
from pathlib import Path
from typing import Literal
from weakref import WeakKeyDictionary

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page

from tests.marketing.links import Links

Scheme = Literal["light", "dark"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HEAVIEST = 150_000
"""Bytes of a page with its stylesheet, script and icon, before anything compresses them."""
_WEIGHT = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, each) => sum + each.decodedBodySize, 0)"""
_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_HIDDEN_FOCUS = """() => {
    const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at)
    if (at === document.body) return ""
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    return ring && box.bottom > 0 && box.top < innerHeight ? "" : at.outerHTML.slice(0, 300)
}"""
_LOOKS = 80
_STOPS = 120
_FOLLOWED: WeakKeyDictionary[BrowserContext, Links] = WeakKeyDictionary()


def follow(page: Page, target: Locator) -> None:
    """Click what leads to another page, and wait until all of that is there: a busy machine shows it bit by bit."""
    with page.expect_navigation():
        target.click()


def require_fair(page: Page, name: str) -> None:
    """The page is for everybody: no rule is broken in either scheme, nothing has to be moved sideways, it is light."""
    page.wait_for_load_state()
    _require_rules(page, name, {"type": "tag", "values": RULES})
    own: Scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
    other: Scheme = "light" if own == "dark" else "dark"
    page.emulate_media(color_scheme=other)
    _require_rules(page, f"{name}, {other}", {"type": "rule", "values": ["color-contrast"]})
    page.emulate_media(color_scheme=own)
    assert page.evaluate(_WIDER) <= 0, f"{name} has to be moved sideways"
    _require_links(page)
    weight = page.evaluate(_WEIGHT)
    assert 1_000 < weight <= HEAVIEST, f"{name} has {weight} bytes"


def _require_rules(page: Page, name: str, rules: dict[str, object]) -> None:
    found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def _require_links(page: Page) -> None:
    """Whatever leads somewhere leads to something; of one person before a browser each address is asked once."""
    if page.context not in _FOLLOWED:
        request = page.context.request

        def get(address: str) -> tuple[int, str]:
            answer = request.get(address)
            return answer.status, answer.text()

        _FOLLOWED[page.context] = Links(get)
    _FOLLOWED[page.context].require(page.content(), page.url)


def picture(page: Page, name: str) -> None:
    """Leave what the page looks like in the folder of CHURN_PICTURES, if there is one."""
    folder = os.environ.get("CHURN_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def tab_to(page: Page, target: Locator) -> None:
    """Go there by the tabulator key; wherever it stops on the way, people see where they are."""
    target.wait_for()
    page.wait_for_load_state()  # the stylesheet draws the ring
    for _ in range(_STOPS):
        page.keyboard.press("Tab")
        for _ in range(_LOOKS):
            hidden = page.evaluate(_HIDDEN_FOCUS)
            if not hidden:
                break
            page.wait_for_timeout(250)  # a busy machine scrolls some frames later
        assert not hidden, f"the keyboard stops where nobody sees it: {hidden}"
        if target.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"no way to {target} by the keyboard")


def type_into(page: Page, target: Locator, text: str) -> None:
    """Go to a field by the keyboard and have this in it instead."""
    tab_to(page, target)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def amount(page: Page, label: str) -> float:
    """The figure of a card."""
    card = page.locator(".figure").filter(has=page.locator("dt", has_text=re.compile(f"^{label}$")))
    return float(card.locator(".amount").first.inner_text().strip("$").replace(",", ""))
