"""When a commit counts as slower: its median beyond the bound and no round that says otherwise; never unmeasured."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.jenkins.pipeline_runs import ROOT

RATE, TAIL = "requests a second", "p99 at 500 req/s"


def check(tmp_path: Path, **document: Any) -> subprocess.CompletedProcess[str]:
    results = tmp_path / "results.json"
    results.write_text(json.dumps(document))
    command = [sys.executable, str(ROOT / "tests/load/check.py"), str(results)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def compared(rate: list[float], tail: list[float]) -> list[dict[str, Any]]:
    return [{"contender": "churn", "figure": name, "ratios": ratios} for name, ratios in ((RATE, rate), (TAIL, tail))]


@pytest.mark.parametrize(
    ("rate", "tail", "told"),
    [
        ([0.85, 0.88, 0.93], [1.0, 1.1, 0.9], f"{RATE} are 0.88"),
        ([1.0, 1.1, 0.9], [1.3, 1.2, 1.6], f"{TAIL} are 1.30"),
    ],
)
def test_slower_is_refused_with_the_figure(tmp_path: Path, rate: list[float], tail: list[float], told: str) -> None:
    run = check(tmp_path, comparison=compared(rate, tail))
    assert run.returncode == 1
    assert told in run.stderr


@pytest.mark.parametrize(
    ("rate", "tail"),
    [
        ([0.91, 0.92, 0.93], [1.2, 1.2, 1.24]),
        ([0.5, 0.6, 1.01], [3.0, 2.0, 0.99]),
        ([1.5, 1.4, 1.3], [0.5, 0.5, 0.5]),
    ],
    ids=["within the bounds", "a round says otherwise", "faster"],
)
def test_noise_and_progress_pass(tmp_path: Path, rate: list[float], tail: list[float]) -> None:
    assert check(tmp_path, comparison=compared(rate, tail)).returncode == 0


@pytest.mark.parametrize(
    "document",
    [
        {"comparison": []},
        {"comparison": compared([0.99, 1.0], [1.0, 1.0])},
        {"comparison": compared([1.0] * 3, [1.0] * 3)[:1]},
        {"comparison": compared([1.0] * 3, [1.0] * 3), "failures": {"churn": "did not start"}},
    ],
    ids=["nothing", "too few rounds", "one figure alone", "a contender failed"],
)
def test_what_was_not_measured_is_not_passed(tmp_path: Path, document: dict[str, Any]) -> None:
    assert check(tmp_path, **document).returncode == 1
