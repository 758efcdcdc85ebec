"""`churn log`: where things are is said, bad input is one line, and nothing is shown of a customer."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from churn_model.prediction_log.pseudonyms import read_pseudonym_keys
from tests.prediction_log.shipped import answer, tables, write_segment


def churn(home: Path, *words: str, command: str = "log") -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CHURN_")}
    return subprocess.run(
        [sys.executable, "-m", "churn_cli", command, *words],
        env={**inherited, "CHURN_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def result(home: Path, *words: str) -> dict[str, Any]:
    done = churn(home, *words, "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document


def test_the_life_of_a_log_on_one_machine(tmp_path: Path) -> None:
    assert result(tmp_path, "new-key", "--id", "first")["key"] == "first"
    (key,) = read_pseudonym_keys(tmp_path / "keys" / "prediction-log.json")
    segments, store = tmp_path / "predictions" / "segments", tmp_path / "predictions" / "log"
    write_segment(segments, answer("7590-VHVEG", "5575-GNVDE", key=key), answer("c1", time=5.0, key=key))
    before = result(tmp_path, "status")
    assert (before["segments"]["waiting"], before["store"]["tables"], before["keys"]) == (1, 0, ["first"])
    assert result(tmp_path, "ship", "--once")["rows"] == 3
    assert result(tmp_path, "new-key", "--id", "second")["key"] == "second"
    kept = churn(tmp_path, "find", "--customer", "7590-VHVEG", "--json")
    (found,) = json.loads(kept.stdout)["answers"]
    assert (found["use_case"], found["key"], set(found["features"])) == ("sample", "first", {"tenure", "Contract"})
    assert f"request {found['request_id']}" in kept.stderr
    assert "VHVEG" not in kept.stdout + kept.stderr
    gone = churn(tmp_path, "erase", "--customer", "7590-VHVEG", "--json")
    assert json.loads(gone.stdout) == {"rows": 1, "tables": 1, "keys": ["first", "second"]}
    assert "VHVEG" not in gone.stderr
    assert result(tmp_path, "retain", "--days", "36500")["tables"] == 0
    assert result(tmp_path, "retain", "--days", "20000")["tables"] == 1
    after = result(tmp_path, "status")
    assert (after["segments"]["waiting"], after["store"]["tables"]) == (0, 1)
    assert sum(table.num_rows for table in tables(store).values()) == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["retain", "--days", "0"], '"0" is not a number of days'),
        (["erase", "--customer", "a"], "prediction-log.json: No such file"),
        (["new-key", "--id", "a b"], "the new key 'a b'"),
        (["ship", "--once", "--metrics-port", "70000"], '"70000" is not a port'),
        (["status", "--stor", "x"], "there is no option --stor; did you mean --store?"),
    ],
    ids=["no days", "no keys", "bad id", "no port", "misspelt"],
)
def test_bad_input_is_one_line(tmp_path: Path, words: list[str], problem: str) -> None:
    done = churn(tmp_path, *words)
    assert done.returncode == 2
    assert problem in done.stderr.splitlines()[-1]
