"""`churn outcomes report --into` and `show`: what a report leaves, and what a scraper gets of the last one."""

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import httpx
import pytest
import yaml

from churn_cli.main import main
from churn_monitoring.outcomes import metrics, shown
from ports import free_port
from tests.outcomes.answered import DOCUMENT, Answer, Home
from tests.prediction_log.keeping import wait_until

PERIOD = "sample/2026-09-01_2026-09-30"


@pytest.fixture
def asked(home: Home, tmp_path: Path) -> list[str]:
    """The words of a report on a month in which a hundred customers were answered."""
    home.answered(*(Answer(f"id-{n}", date(2026, 9, 1 + n % 30), (n % 10) / 10, 1 + n % 2) for n in range(100)))
    home.said(*((f"id-{n}", *(("yes", "2026-09-30") if n % 10 > 5 else ("no", "2026-10-31"))) for n in range(100)))
    (tmp_path / "sample.yaml").write_text(yaml.safe_dump(DOCUMENT))
    reports = ["--into", str(tmp_path / "reports"), "--usecase", str(tmp_path / "sample.yaml")]
    return ["outcomes", "report", "--store", str(home.store.root), "--month", "2026-09", *reports]


def scraped(port: int) -> list[str]:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text.splitlines()
    except httpx.HTTPError:
        return []


def test_the_last_report_is_shown_as_soon_as_there_is_one_and_while_there_is_trouble(
    asked: list[str], tmp_path: Path
) -> None:
    port, folder = free_port(), tmp_path / "reports"
    words = ["outcomes", "show", str(folder), "--every", "1s", "--metrics-port", str(port), *asked[-2:]]
    with subprocess.Popen(
        [sys.executable, "-m", "churn_cli", *words], env=dict(os.environ), stderr=subprocess.PIPE, text=True
    ) as process:
        wait_until(lambda: f"{shown.MISSING} 1.0" in scraped(port) or process.poll() is not None)
        assert main(asked) == 0
        wait_until(lambda: f"{shown.MISSING} 0.0" in scraped(port) or process.poll() is not None)
        kept = (folder / "sample" / "metrics.prom").read_text().splitlines()
        assert {line for line in kept if line.startswith(metrics.AUC)} <= set(scraped(port))
        assert set(kept) <= set(scraped(port))
        (folder / "sample" / "metrics.prom").write_text("auc{ 1\n")
        wait_until(lambda: f"{shown.FAILURES} 0.0" not in scraped(port) or process.poll() is not None)
        assert set(kept) <= set(scraped(port))
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said.splitlines() == [f"{folder}/sample/metrics.prom: is no text of Prometheus; trying again"]


def test_a_period_has_a_page_tables_and_metrics_and_is_replaced_by_itself_alone(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "reports"
    assert main([*asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert json.loads((folder / PERIOD / "report.json").read_text()) == said
    assert (folder / PERIOD / "report.html").read_text().startswith("<!DOCTYPE html>")
    of_september = (folder / PERIOD / "report.prom").read_bytes()
    assert (folder / "sample" / "metrics.prom").read_bytes() == of_september
    place = asked.index("--month")
    half = [*asked[:place], "--from", "2026-09-01", "--until", "2026-09-15", *asked[place + 2 :]]
    assert main(half) == 0
    assert (folder / PERIOD / "report.prom").read_bytes() == of_september
    assert (folder / "sample" / "metrics.prom").read_bytes() != of_september


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["show", "reports"], "required: --metrics-port"),
        (["show", "reports", "--metrics-port", "0"], '"0" is not a port'),
    ],
    ids=["no port", "not a port"],
)
def test_bad_input_is_one_line(words: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["outcomes", *words])
    assert problem in capsys.readouterr().err.splitlines()[-1]
