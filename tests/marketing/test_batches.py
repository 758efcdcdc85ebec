"""What is not whole is not shown and named; what comes new is shown without a restart."""

import dataclasses
import html
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pandas
import pytest

from churn_model.usecase_file import find_usecase
from tests.marketing.conftest import RunApp, wait_shown
from tests.marketing.running_app import App, Scored, settle

ROWS = 40


@pytest.fixture
def own(scored: Scored, tmp_path: Path) -> Scored:
    """A home without batches, for a test to fill."""
    made = dataclasses.replace(scored, home=tmp_path / "home")
    made.batches.mkdir(parents=True)
    made.customers.mkdir()
    return made


@pytest.fixture
def answers(scored: Scored) -> pandas.DataFrame:
    return pandas.read_parquet(scored.batches / "2026-11.parquet").head(ROWS)


def put(own: Scored, name: str, content: pandas.DataFrame | bytes) -> Path:
    """A batch that has lain there for a while."""
    file = own.batches / name
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif file.suffix == ".parquet":
        content.to_parquet(file)
    else:
        content.to_csv(file, index=False)
    settle(file, 3600)
    return file


def until(client: httpx.Client, app: App, condition: Callable[[str], bool], place: str = "/") -> str:
    """The page, once it says so."""
    deadline = time.monotonic() + 60  # only what hangs gets there
    while not condition(page := html.unescape(client.get(place).text)):
        assert time.monotonic() < deadline, page + app.log
        time.sleep(0.1)
    return page


def run_as_told(page: str, file: Path, model: Path) -> None:
    """The command of a page without scores, as somebody with that file and a champion types it in any folder."""
    told = re.search(r"<code>(mkdir -p [^<]+)</code>", page)
    assert told, page
    environment = {**os.environ, "CHURN_HOME": str(model.parents[2]), "PATH": os.defpath}
    environment.pop("CHURN_VERIFY_KEY", None)
    command = html.unescape(told[1]).replace("CUSTOMERS.csv", str(file))
    subprocess.run(["sh", "-c", command], check=True, capture_output=True, env=environment, cwd="/")


def test_without_scores_pages_tell_the_one_command_that_makes_some(
    own: Scored, run_app: RunApp, scored: Scored, answers: pandas.DataFrame, tmp_path: Path
) -> None:
    usecase = shutil.copy(find_usecase("telecom"), tmp_path / "our customers.yaml")
    own = dataclasses.replace(own, usecase=str(usecase))
    some = tmp_path / "some.csv"
    some.write_text("".join((scored.customers / "2026-11.csv").read_text().splitlines(keepends=True)[: ROWS + 1]))
    with run_app(own) as app, app.client() as client:
        for place in ("/", "/customers", "/segments"):
            empty = client.get(place)
            assert empty.status_code == 200
            told = f"churn score CUSTOMERS.csv {own.batches}/first.parquet --usecase '{own.usecase}'"
            assert told in html.unescape(empty.text)
        assert "What customers will be scored by" in client.get("/models").text
        assert client.get("/customers/0123456789abcdef").status_code == 503
        run_as_told(client.get("/").text, some, scored.model)
        settle(own.batches / "first.parquet", 7200)
        page = until(client, app, lambda page: "<strong>first</strong>" in page)
        assert f">{ROWS}</a>" in page
        assert "What scored these customers" in client.get("/models").text
        assert "the file that was scored is not there" not in page
        put(own, "second.csv", answers.head(30))
        page = until(client, app, lambda page: "<strong>second</strong>" in page)
        assert ">30</a>" in page
        assert "the file that was scored is not there" in page
        assert "not known" in client.get("/customers").text
        assert "first" in page, "both are compared"


def test_what_is_not_whole_is_named_and_not_shown(
    own: Scored, run_app: RunApp, scored: Scored, answers: pandas.DataFrame
) -> None:
    whole = put(own, "good.parquet", answers)
    wrong = answers.assign(churn_probability=answers["churn_probability"].where(answers.index != 7, 1.5))
    put(own, "torn.parquet", whole.read_bytes()[:-100])
    put(own, "torn-text.csv", answers.to_csv(index=False).encode()[:-3])
    put(own, "empty.csv", b"")
    put(own, "headless.csv", answers.head(0))
    put(own, "other.csv", pandas.DataFrame({"name": ["x"], "amount": [1]}))
    put(own, "wrong.csv", wrong)
    put(own, "words.csv", answers.astype({"churn_probability": object}).assign(churn_probability="much"))
    put(own, "shards.csv", answers).rename(own.batches / "part.csv")
    (own.batches / "folder").mkdir()
    (own.batches / "part.csv").rename(own.batches / "folder" / "part.csv")
    shutil.copy(scored.customers / "2026-11.csv", own.customers / "fewer.csv")
    put(own, "fewer.csv", answers)
    said = {
        "torn": "the file is half-written: a Parquet file without its end",
        "torn-text": "the file is half-written: its last line has no end",
        "empty": "the file is empty",
        "headless": "it has a header and no customers",
        "other": "the column id is missing, so it is not what `churn score` writes",
        "wrong": "column churn_probability, row 9: is not between 0 and 1",
        "words": "column churn_probability, row 2: is not a number",
        "folder": "1 of 1 parts are not complete",
        "fewer": f"it holds scores of {ROWS} of the 7,003 customers that were scored; half-written?",
    }
    with run_app(own, stale_hours=0.5) as app:
        wait_shown(app, "good")
        with app.client() as client:
            page = html.unescape(client.get("/").text)
            for name, problem in said.items():
                assert f"The batch {name} is not shown: {problem}" in page, name
            assert re.search(r"These scores are \d+ minutes old", page)
            (own.batches / "folder" / "part.csv.done").write_text(json.dumps({"rows": ROWS}), encoding="utf-8")
            page = until(client, app, lambda page: "The batch folder is not shown" not in page)
        for customer in answers["id"]:
            assert customer not in app.log + page


def test_customers_that_cannot_be_read_cost_their_fields_alone(
    own: Scored, run_app: RunApp, answers: pandas.DataFrame
) -> None:
    put(own, "now.parquet", pandas.concat([answers, answers.head(3)]))
    (own.customers / "now.csv").write_text("customerID,tenure\nx,1\n", encoding="utf-8")
    with run_app(own) as app:
        wait_shown(app, "now")
        with app.client() as client:
            page = html.unescape(client.get("/").text)
    assert "Nothing is known of customers' own fields and value:" in page
    assert "3 rows are of customers who were there before; the first row of each counts." in page
    assert f">{ROWS}</a>" in page


def test_customers_who_have_left_already_are_counted(
    own: Scored, run_app: RunApp, scored: Scored, answers: pandas.DataFrame
) -> None:
    put(own, "all.parquet", answers)
    customers = pandas.read_csv(scored.customers / "2026-11.csv", dtype=str).head(ROWS)
    customers["Churn"] = ["Yes"] * 7 + ["No"] * (ROWS - 7)
    customers.to_csv(own.customers / "all.csv", index=False)
    said = f"7 of {ROWS} customers have left already, as the column Churn of the file that was scored says."
    with run_app(own) as app, app.client("victor") as client:
        wait_shown(app, "all")
        for place in ("/", "/customers", "/plans/"):
            assert said in client.get(place).text, "whoever plans has to know"
        customers.drop(columns="Churn").to_csv(own.customers / "all.csv", index=False)
        until(client, app, lambda page: "have left already" not in page and "<strong>all</strong>" in page)


def test_a_model_that_is_not_there_is_named(own: Scored, run_app: RunApp, answers: pandas.DataFrame) -> None:
    put(own, "now.parquet", answers)
    with run_app(own, model=own.home / "nowhere") as app:
        wait_shown(app, "now")
        with app.client() as client:
            for place in ("/", "/customers", "/segments", "/models"):
                page = client.get(place)
                assert page.status_code == 200
                assert "there is no model at" in page.text
