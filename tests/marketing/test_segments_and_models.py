"""Segments, who moved between them, and models, held against the files that they are made of."""

import html
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pandas
import pytest

from churn_marketing.text.kinds import KINDS
from churn_model.estimators import ESTIMATOR_FILES
from churn_model.mlflow_registry import connect
from churn_model.package import Package, open_package
from churn_model.signing import TrustedKeys
from churn_training.families.portfolio import default_candidates
from churn_training.runs.model_cards import fetch_card
from tests.marketing.conftest import RunApp
from tests.marketing.running_app import App, Scored

if TYPE_CHECKING:
    from churn_training.packaging.home import Home
    from churn_training.pipeline import TrainingOutcome


@pytest.fixture(scope="module")
def package(scored: Scored) -> Package:
    return open_package(scored.model.resolve(), TrustedKeys.load(scored.verify_key))


def _numbers(page: str) -> list[list[str]]:
    table = page[page.index("Movement between segments") :]
    return [re.findall(r'<td class="number">([^<]+)</td>', row) for row in table.split("<tr>")[2:]]


def test_segments_are_those_of_the_batch(app: App, scored: Scored, package: Package) -> None:
    answers = pandas.read_parquet(scored.batches / "2026-11.parquet")
    with app.client() as client:
        page = html.unescape(client.get("/segments").text)
    for number, profile in package.description.segmenter.profiles.items():
        own = answers[answers["segment"] == number]
        assert profile.name.lower() in page.lower()
        assert f'<a href="/customers?segment={number}">{len(own):,}</a>' in page
        assert f"{own['churn_probability'].sum():,.0f}, " in page
    apart = "".join(table.partition("</table>")[0] for table in page.split('aria-label="What sets ')[1:])
    assert re.search(r"<td>\d,\d{3} on average</td><td class=\"number\">\d,\d{3}</td>", apart)
    assert not re.search(r"\d{4}", apart), "thousands stand apart"


def test_who_moved_is_counted_between_the_two_batches(app: App, scored: Scored) -> None:
    before, after = (
        pandas.read_parquet(scored.batches / f"{name}.parquet").set_index("id")["segment"]
        for name in ("2026-10", "2026-11")
    )
    both = pandas.concat([before, after], axis=1, join="inner", keys=["before", "after"])
    moved = int((both["before"] != both["after"]).sum())
    with app.client() as client:
        page = client.get("/segments").text
    assert f"{moved:,} customers moved into another segment, 60 are new and 40 are not in this batch any more" in page
    crossed = pandas.crosstab(both["before"], both["after"])
    rows = _numbers(page)
    for row, (_, wanted) in zip(rows, crossed.iterrows(), strict=False):
        assert row[:-1] == [f"{count:,}" if count else "–" for count in wanted]


def test_the_page_of_models_says_what_was_measured(app: App, package: Package) -> None:
    metrics = package.manifest.metrics
    with app.client() as client:
        page = client.get("/models").text
    assert package.digest in page
    assert f"{metrics['roc_auc']:.3f}" in page
    assert f"{metrics['roc_auc_low']:.3f} to {metrics['roc_auc_high']:.3f}" in page
    assert f"${metrics['empc']:.2f}" in page
    assert "What it serves is not known at the moment" in page
    assert "No drift watch is connected" in page


def test_who_competed_stands_on_the_page_as_the_training_wrote_it(
    app: App, package: Package, trained: "tuple[Home, TrainingOutcome]"
) -> None:
    home, outcome = trained
    card = fetch_card(connect(home.tracking_uri), outcome.registered.name, package.manifest.version)
    lines = card.partition("\n## Contenders\n")[2].partition("\n## ")[0].splitlines()
    head, _, *wanted = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"]
    with app.client() as client:
        page = client.get("/models").text
        assert "<h1>Model card:" in client.get("/models/card").text
    table = html.unescape(page[page.index('aria-label="Models that competed"') :].partition("</table>")[0])
    named, *rows = [re.findall(r"<(?:td|th)[^>]*>([^<]*)</t[dh]>", row) for row in table.split("<tr>")[1:]]
    assert named == head
    assert rows == wanted
    assert len(rows) > 1
    assert sum("(chosen)" in row[0] for row in rows) == 1
    assert all(re.fullmatch(r"-?[\d.]+ to -?[\d.]+", row[2]) for row in rows), "each with its interval"
    assert table.count('<th scope="row">') == len(rows)
    assert table.count('scope="col"') == len(head) - 1, "over the names stands nothing"
    assert "style=" not in page, "which browsers would leave out"
    assert "There is no model card" not in page
    chosen = next(row[0] for row in rows if "(chosen)" in row[0]).removesuffix(" (chosen)")
    assert f"<dt>Kind</dt><dd>{chosen}; 19 fields</dd>" in html.unescape(page), "one model has one name"


def test_kinds_are_called_as_in_model_cards() -> None:
    assert KINDS.keys() == ESTIMATOR_FILES.keys()
    for each in default_candidates():
        assert each.title.startswith(KINDS[each.kind]) or each.kind == "trees"


def test_a_card_is_shown_as_text_whatever_is_in_it(
    run_app: RunApp, scored: Scored, package: Package, tmp_path: Path
) -> None:
    own = tmp_path / "versions" / "1"
    shutil.copytree(scored.model.resolve(), own)
    card = own.parent / f"{package.manifest.version}-model_card.md"
    said = "# Model card\n\n| a | b |\n|---|---|\n| <script>alert(1)</script> | 2 |\n"
    contest = (
        "\n## Contenders\n\n| | profit |\n|---|--:|\n| Forest (chosen) | 3.21 |\n\n## Calibration\n\nOf the card.\n"
    )
    with run_app(model=own) as app, app.client() as client:
        page = client.get("/models").text
        assert "There is no model card beside this model" in page
        assert f"<dt>Kind</dt><dd>{KINDS[package.manifest.estimator]}; 19 fields</dd>" in page
        assert client.get("/models/card").status_code == 404
        card.write_text(said + contest, encoding="utf-8")
        page = client.get("/models").text
        assert 'href="/models/card"' in page
        assert '<th scope="row">Forest (chosen)</th>' in page
        assert "<dt>Kind</dt><dd>Forest; 19 fields</dd>" in page
        assert "Of the card." not in page
        card.write_text(said, encoding="utf-8")
        assert "written before cards told who competed" in client.get("/models").text
        page = client.get("/models/card").text
        assert '<th scope="row">&lt;script&gt;alert(1)&lt;/script&gt;</th>' in page


def test_what_the_drift_watch_said_is_passed_on(run_app: RunApp, tmp_path: Path) -> None:
    drifted = {"feature": "Contract", "bin": "Month-to-month", "more": True, "since": "2026-11-01"}
    reports: list[tuple[object, str]] = [
        ({"drift": False, "drifted": [], "customers": 1200, "until": None}, "Of 1,200 customers"),
        (
            {"drift": True, "customers": 1200, "drifted": [drifted]},
            "Contract: more of Month-to-month, since",
        ),
        ({"drift": None, "reason": "the package has no profile"}, "the package has no profile"),
        ([], "the last report cannot be read"),
    ]
    file = tmp_path / "report.json"
    with run_app(drift_report=file) as app, app.client() as client:
        for report, said in reports:
            file.write_text(json.dumps(report), encoding="utf-8")
            assert said in client.get("/models").text
