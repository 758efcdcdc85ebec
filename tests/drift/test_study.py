"""What is promised of a drift watch, in small: `python -m churn_cli.programs.drift_study` shows it at full length."""

import json
from typing import Any

import pytest

from churn_cli.programs.drift_study import main
from churn_monitoring.drift.study import CHANGES, Plan, study
from churn_monitoring.drift.watch import Promise


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return study(Plan(2, 300_000, 1.0, 2, 20_000, 6_000), Promise(), lambda: None)


def test_nobody_cries_wolf(document: dict[str, Any]) -> None:
    assert document["quiet"]["customers"] == 600_000
    assert document["quiet"]["false_alarms"] == 0


@pytest.mark.parametrize("name", CHANGES, ids=lambda name: name)
def test_changes_are_found_in_time(document: dict[str, Any], name: str) -> None:
    found = document["changes"][name]
    assert found["found"] == found["worlds"] == 2
    assert found["most_customers"] <= found["within"]


def test_the_program_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    words = "--quiet-worlds 1 --quiet-customers 2000 --worlds 1 --before 1000 --trained 500 --json"
    assert main(words.split()) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["quiet"]["customers"] == 2000
    assert main(["--quiet-worlds", "-1"]) == 2
    assert "--quiet-worlds: is -1, at least 0 was expected" in capsys.readouterr().err
