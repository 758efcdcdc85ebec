"""Whether everything on a page that leads somewhere leads to something, and every number in a card says where it is
from."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx

Get = Callable[[str], tuple[int, str]]
"""Status and text of a page of an address."""
_REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "list")
_EMPTY = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_CUSTOMER = re.compile(r"/customers/[0-9a-f]{16}$")


class Page(HTMLParser):
    """What a page is made of, as far as it leads anywhere. ``silent`` are cards with a number and without a link."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.references: set[str] = set()
        self.silent: list[str] = []
        self.nested = False
        self._open: list[tuple[str, str]] = []
        self._links_in_card, self._amount = 0, ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        classes = found.get("class", "").split()
        if "id" in found:
            assert found["id"] not in self.ids, f"two are called {found['id']}"
            self.ids.add(found["id"])
        if tag == "a" and "href" in found:
            self.nested |= any(name == "a" for name, _ in self._open)
            self.links.append(found["href"])
            self._links_in_card += 1
        for name in _REFERENCES:
            self.references |= set(found.get(name, "").split())
        self.references |= {each[1:] for each in (found.get("hx-target", ""),) if each.startswith("#")}
        kind = "card" if "card" in classes and tag == "div" else "amount" if "amount" in classes else ""
        if kind == "card":
            self._links_in_card, self._amount = 0, ""
        if tag not in _EMPTY:
            self._open.append((tag, kind))

    def handle_data(self, data: str) -> None:
        if any(kind == "amount" for _, kind in self._open):
            self._amount += data

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, kind = self._open.pop()
            if kind == "card" and self._amount.strip() and not self._links_in_card:
                self.silent.append(self._amount)
            if name == tag:
                break


class Links:
    """Follows the links of one person's pages, each address once."""

    def __init__(self, get: Get) -> None:
        self._get = get
        self._known: dict[str, Page] = {}

    def require(self, text: str, address: str) -> list[str]:
        """Return the addresses that a page (``text``, at ``address``) leads to, if there is something at each."""
        page = Page(text)
        assert not page.nested, f"{address}: a link in a link"
        assert page.references <= page.ids, f"{address}: {page.references - page.ids} is nowhere"
        assert not page.silent, f"{address}: {page.silent} does not say where it comes from"
        here, found, customers = urldefrag(address)[0], [], 0
        for link in dict.fromkeys(page.links):
            target, fragment = urldefrag(urljoin(address, link))
            assert urlsplit(target).netloc == urlsplit(address).netloc, f"{address}: {link} leads elsewhere"
            customers += bool(_CUSTOMER.search(target))
            if target != here and customers > 1 and _CUSTOMER.search(target):
                continue  # one of a list's customers is as good as all of them
            if target != here or link == "":
                found.append(target)
            there = page if target == here else self._at(target, link)
            assert not fragment or fragment in there.ids, f"{address}: {link} leads to nothing"
        return found

    def _at(self, address: str, link: str) -> Page:
        if address not in self._known:
            status, text = self._get(address)
            assert status in (200, 202), f"{link}: {status}"
            self._known[address] = Page(text if "<html" in text[:200] else "")
        return self._known[address]


def walk(client: httpx.Client, *places: str) -> dict[str, str]:
    """All pages that somebody reaches from some, each with its text."""
    pages: dict[str, str] = {}

    def get(address: str) -> tuple[int, str]:
        answer = client.get(address, follow_redirects=True)
        pages[address] = answer.text
        return answer.status_code, answer.text

    links = Links(get)
    waiting = [str(client.base_url.join(place)) for place in places]
    for address in waiting:
        text = pages.get(address) or get(address)[1]
        waiting += [
            each
            for each in links.require(text, address)
            if each not in waiting and "?" not in each and not each.endswith("/ledger")
        ]
    return pages
