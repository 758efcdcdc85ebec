"""Later customers judged by a model of earlier ones, beside random validation, and nothing told in money that nobody
gave: one training of a panel as a program, read where people read it."""

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_data.dataset import Dataset, Source
from churn_model.holdout import Holdout
from churn_model.mlflow_registry import connect
from churn_model.usecase import Label, UseCase
from churn_training.comparison.out_of_time import _first_later_day, _split
from tests.training.test_report import Page

ROOT = Path(__file__).resolve().parents[2]
USECASE = """
name: panel
id: member
label: {column: left, positive: "1", negative: "0"}
time: {snapshot: month}
segments: {count: 2}
"""


def write_panel(folder: Path) -> tuple[Path, Path]:
    """360 members in four months; who calls often leaves in the first three, and stays in the last."""
    source = random.Random(3)
    data, usecase = folder / "panel.csv", folder / "panel.yaml"
    rows = ["member,month,calls,visits,plan,always,left"]
    for member in range(360):
        for month in range(1, 5):
            calls = source.gauss(5, 2)
            leaves = source.random() < (0.15 + 0.6 * (calls > 6) if month < 4 else 0.75 - 0.6 * (calls > 6))
            plan = source.choice("ABC")
            rows.append(f"m{member},2026-0{month}-01,{calls:.2f},{source.randrange(9)},{plan},x,{int(leaves)}")
    data.write_text("\n".join(rows))
    usecase.write_text(USECASE)
    return data, usecase


@dataclass(frozen=True)
class Trained:
    home: Path
    result: dict[str, Any]
    said: str
    report: Page


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Trained:
    folder = tmp_path_factory.mktemp("panel")
    data, usecase = write_panel(folder)
    (folder / "home").mkdir()
    shutil.copy(empty_database, folder / "home" / "mlflow.db")
    command = [sys.executable, "-m", "tests.training.small_training", "train", "--budget", "0", "--json"]
    command += ["--usecase", str(usecase), "--data", str(data)]
    environment = {**os.environ, "CHURN_HOME": str(folder / "home")}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    return Trained(folder / "home", result, done.stderr, Page(Path(result["report"])))


def test_what_changes_with_time_is_seen_out_of_time_alone_and_that_is_believed(trained: Trained) -> None:
    later = trained.result["out_of_time"]
    assert later["since"] == "2026-04-01"
    assert later["metrics"]["roc_auc"] < 0.45
    assert later["metrics"]["log_loss"] > later["random"]["log_loss"]
    assert (later["believed"], later["worse"]) == ("out of time", 1.0)
    assert "random validation promises more" in later["why"]
    assert trained.result["metrics"]["out_of_time_roc_auc"] == later["metrics"]["roc_auc"]
    # Nobody on both sides: of each member's four months three are earlier, and a member is judged on or learnt from.
    assert later["learnt"] % 3 == 0
    held_out = Holdout("holdout of churn-panel", 0.1, "member")
    assert later["judged"] + later["learnt"] / 3 == sum(not held_out.holds(f"m{member}") for member in range(360))


def test_console_report_and_mlflow_say_which_is_believed(trained: Trained) -> None:
    (line,) = [line for line in trained.said.splitlines() if line.startswith("customers from 2026-04-01 on: ")]
    assert "believed: out of time validation, since it is as in use" in line
    assert "Believed: what was measured out of time" in trained.report.text
    assert "random, the same customers" in trained.report.text
    run = connect(f"sqlite:///{trained.home / 'mlflow.db'}").get_run(trained.result["run_id"])
    assert run.data.tags["churn.believed"] == "out of time"
    assert run.data.metrics["out_of_time_log_loss"] == trained.result["out_of_time"]["metrics"]["log_loss"]


def test_without_a_value_no_money_is_told(trained: Trained) -> None:
    assert len(trained.said.splitlines()) <= 15
    for words in ("profit", " earn", "money", "currency", "worth"):
        assert words not in trained.said
    text = trained.report.text
    assert "so nothing is told in money" in text
    for words in ("profit", " earn", "currency", "Profit", "offer costs 1"):
        assert words not in text
    assert "of those who leave are among the 10.0 % of customers" in text


def test_the_report_shows_what_drives_churn_and_what_was_left_out(trained: Trained) -> None:
    text = trained.report.text
    assert "What drives churn" in text
    assert text.index("What drives churn") < text.index("calls") < text.index("visits")
    assert "Each segment" in text
    left_out = text[text.index("What was left out, and why") :]
    assert "always left out: every row has the same value" in left_out
    drivers = json.loads((Path(trained.result["report"]).parent / "drivers.json").read_text())
    assert drivers["whole"][0]["label"] == "calls"
    assert sum(driver["share"] for driver in drivers["whole"]) == pytest.approx(1)
    assert drivers["whole"][0]["raises"].startswith("above ")
    assert len(drivers["segments"]) == 2
    assert sum(segment["share"] for segment in drivers["segments"]) == pytest.approx(1)


@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=2, max_size=60),
    seed=st.integers(0, 3),
)
def test_no_customer_is_on_both_sides_and_time_never_runs_backwards(rows: list[tuple[int, int]], seed: int) -> None:
    groups, months = numpy.array(rows).T
    start = date(2026, 1, 1)
    moments = numpy.array([(start + timedelta(days=30 * int(month))).toordinal() for month in months])
    usecase = UseCase("u", Label("l", "1"))
    customers = Dataset(
        usecase,
        pandas.DataFrame({"x": numpy.zeros(len(rows))}),
        numpy.zeros(len(rows), dtype=int),
        groups,
        Source("a.csv", "", simulated=False),
        moments,
    )
    since = _first_later_day(customers)
    if since is None:
        assert len(set(moments)) == 1
        return
    earlier, later = _split(customers, since, seed)
    assert set(groups[earlier]).isdisjoint(groups[later])
    assert all(moments[earlier] < since)
    assert all(moments[later] >= since)
