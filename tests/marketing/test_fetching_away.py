"""While object storage is away planners see the last scores, how old they are, and since when none could be fetched."""

import html
import re
import shutil
from pathlib import Path

import pytest

from churn_data.errors import Unavailable
from churn_marketing.fetching.process import FetchSettings, Look
from tests.marketing.conftest import RunApp, wait_shown
from tests.marketing.running_app import Scored, settle

PLACES = {"customers": "s3://data/in/", "answers": "s3://data/out/", "model": "s3://models/starter/1/"}
AWAY = r"No new scores since \d+ \w+ \d{4}, \d\d:\d\d UTC: object storage, where they come from, does not answer."


def test_pages_say_since_when_object_storage_is_away(
    run_app: RunApp, scored: Scored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, ending in (("batches", "parquet"), ("customers", "csv")):
        (tmp_path / kind).mkdir()
        shutil.copyfile(scored.home / kind / f"2026-10.{ending}", tmp_path / kind / f"2026-10.{ending}")
    settle(tmp_path / "batches" / "2026-10.parquet")
    places = {**PLACES, "folder": tmp_path, "CHURN_VERIFY_KEY": scored.verify_key}
    look = Look(FetchSettings.model_validate(places))
    is_away = True

    def asked(*_: object) -> None:
        if is_away:
            raise Unavailable("s3://data/in/: no answer from http://storage:9000")

    monkeypatch.setattr("churn_marketing.fetching.mirror.Mirror.take_model", asked)
    monkeypatch.setattr("churn_marketing.fetching.mirror.Mirror.take_run", asked)
    settings = {"batches": tmp_path / "batches", "customers": tmp_path / "customers"}
    with run_app(**settings) as app, app.client("victor") as client:
        wait_shown(app, "2026-10")
        assert not re.search(AWAY, client.get("/").text)
        assert not look()
        first = re.search(AWAY, html.unescape(client.get("/").text))
        assert first
        assert not look()
        page = html.unescape(client.get("/plans/").text)
        assert first[0] in page, "since it began"
        assert re.search(r"batch <strong>2026-10</strong>, written .* ago", page), "with their age"
        assert "storage:9000" not in page, "which is for whoever runs it"
        is_away = False
        assert look()
        assert not re.search(AWAY, client.get("/").text)
