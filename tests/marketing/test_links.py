"""Every link of every page leads to something, every number in a card says where it comes from, and where something is
not known the page says what to do, which then helps."""

import dataclasses
import shutil
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.marketing.conftest import RunApp, wait_shown
from tests.marketing.links import walk
from tests.marketing.running_app import App, Scored

PLACES = ("/", "/customers", "/segments", "/plans/", "/results/", "/models", "/do-not-contact/")
ADVICE = "The file that was scored as 2026-11 is not there. Copy it into "


@pytest.fixture(scope="module")
def bare(scored: Scored, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    """Answers without the customers whom they are about."""
    made = dataclasses.replace(scored, home=tmp_path_factory.mktemp("bare"))
    made.batches.mkdir()
    made.customers.mkdir()
    shutil.copy2(scored.batches / "2026-11.parquet", made.batches)
    return made


@pytest.fixture(scope="module")
def without_customers(run_app: RunApp, bare: Scored) -> Iterator[App]:
    with run_app(bare) as started:
        wait_shown(started, "2026-11")
        yield started


@pytest.mark.parametrize("person", ["petra", "victor"])
def test_every_link_of_every_page_leads_to_something(app: App, person: str) -> None:
    with app.client(person) as client:
        found = walk(client, "/")
        assert len([each for each in found if "?" not in each]) >= len(PLACES)
        assert not [each for each, text in found.items() if "#not-known" in text], "all is known here"


def test_where_something_is_not_known_the_page_says_what_to_do_and_it_helps(
    without_customers: App, bare: Scored, scored: Scored
) -> None:
    with without_customers.client() as client:
        found = walk(client, "/")
        unknown = {httpx.URL(each).path for each, text in found.items() if "#not-known" in text}
        assert {"/", "/customers", "/segments"} < unknown
        assert len(unknown) == 4, "and one customer's"
        for place in unknown:
            text = client.get(place).text
            assert f"{ADVICE}{bare.customers}" in text
            assert text.count('id="not-known"') == 1
        shutil.copy2(scored.customers / "2026-11.csv", bare.customers)
        deadline = time.monotonic() + 120  # only what hangs gets there
        while "#not-known" in client.get("/").text:
            assert time.monotonic() < deadline, without_customers.log
            time.sleep(0.2)
        assert "#not-known" not in client.get("/customers").text
