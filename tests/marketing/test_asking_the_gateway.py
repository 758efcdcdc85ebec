"""One customer's reasons and what-if, answered by a real gateway in front of a real primary."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pandas
import pytest

from real_processes import System, describe_system, end, running
from tests.marketing.conftest import RunApp, wait_shown
from tests.marketing.running_app import App, Scored, post


@pytest.fixture(scope="module")
def gateway(scored: Scored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    home: Path = tmp_path_factory.mktemp("gateway")
    system = describe_system(scored.model, scored.verify_key, home, CHURN_GATEWAY_FALLBACK_URL="")
    with running(system, system.primary, system.gateway):
        yield system


@pytest.fixture(scope="module")
def asking(run_app: RunApp, gateway: System) -> Iterator[App]:
    with run_app(gateway_url=gateway.gateway_url) as app:
        wait_shown(app, "2026-11")
        yield app


@pytest.fixture
def customer(scored: Scored) -> pandas.Series:
    """Somebody with a contract from month to month, at high risk."""
    answers = pandas.read_parquet(scored.batches / "2026-11.parquet").set_index("id")
    own = pandas.read_csv(scored.customers / "2026-11.csv", dtype=str).set_index("customerID")
    both = own.join(answers)
    return both[(both["Contract"] == "Month-to-month") & (both["risk"] == "high")].iloc[0]


def _page_of(client: httpx.Client, customer: pandas.Series) -> str:
    post(client, "/customers/search", {"search": str(customer.name)}, "/customers")
    found = re.search(r'href="(/customers/[0-9a-f]{16})"', client.get("/customers").text)
    assert found
    return found[1]


def test_why_a_customer_may_leave_is_said_in_words(asking: App, customer: pandas.Series) -> None:
    with asking.client() as client:
        page = client.get(_page_of(client, customer)).text
    assert "<strong>Contract</strong>: Month-to-month" in page
    assert "raises churn" not in page
    assert "The model that serves now" not in page, "batch and gateway say the same of the same customer"


def test_what_if_is_answered_by_the_model_and_changes_nothing(asking: App, customer: pandas.Series) -> None:
    fields = {"f4": "70", "f14": "Two year"}
    with asking.client() as client:
        place = _page_of(client, customer)
        tried = post(client, f"{place}/what-if", fields, place).text
        found = re.search(r"Then (\d+(?:\.\d)?)\s% instead of (\d+)\s%", tried)
        assert found, tried
        assert float(found[1]) < float(found[2])
        assert "Contract from Month-to-month to Two year" in tried
        assert "<html" in tried, "without scripts it is a page of its own"
        part = client.post(
            f"{place}/what-if",
            data={"csrf_token": re.findall(r'csrf_token" value="([^"]+)', tried)[0], **fields},
            headers={"HX-Request": "true", "Referer": asking.url},
        )
        assert part.text.lstrip().startswith('<div id="what-if"')
        assert found[0] in part.text
        assert found[0] not in client.get(place).text


def test_what_the_model_refuses_is_named(asking: App, customer: pandas.Series) -> None:
    with asking.client() as client:
        place = _page_of(client, customer)
        page = post(client, f"{place}/what-if", {"f4": "-3"}, place).text
        assert "Tenure in months: expected 0 or more" in page
        long = post(client, f"{place}/what-if", {"f16": "x" * 300}, place)
        assert long.status_code == 200


def test_the_page_of_models_knows_that_both_are_the_same(asking: App) -> None:
    with asking.client() as client:
        page = client.get("/models").text
    assert "It is the very model that scored these customers." in page
    assert "Simulated" not in page, "neither is"


def test_an_ill_gateway_leaves_the_batch(asking: App, gateway: System, customer: pandas.Series) -> None:
    with asking.client() as client:
        place = _page_of(client, customer)
        end(gateway.gateway)
        page = client.get(place)
        assert page.status_code == 200
        assert "The gateway does not answer. The figures on this page are those of the batch" in page.text
        assert client.get("/").status_code == 200
