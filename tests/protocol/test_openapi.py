"""The gateway keeps what its OpenAPI document promises, asked in a thousand ways by schemathesis with all its checks.

``ci/fuzz`` asks in more than ten thousand.
"""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from churn_serving.gateway.key_file import add_key, entry_for, new_key
from real_processes import System, without_fallback

KEY = new_key()
OPERATIONS = 15
EXAMPLES = os.environ.get("CHURN_FUZZ_EXAMPLES", "8")
SEED = int(os.environ.get("CHURN_FUZZ_SEED", "1"))
LEAST = int(os.environ.get("CHURN_FUZZ_LEAST", "500"))


@pytest.fixture
def guarded(package_folder: Path, keys: Any, tmp_path: Path) -> Iterator[System]:
    """A gateway that asks for keys, so that those who show none, or another, are tried too."""
    add_key(tmp_path / "keys.json", entry_for(KEY, "schemathesis"))
    asking = {"CHURN_GATEWAY_API_KEYS": str(tmp_path / "keys.json")}
    with without_fallback(package_folder, keys.verify_path, tmp_path, **asking) as started:
        yield started


@pytest.mark.timeout(7200)
def test_what_the_document_promises_comes_true(guarded: System, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(httpx.get(f"{guarded.gateway_url}/openapi.json", headers={"x-api-key": KEY}).content)
    generated = 0
    for seed in itertools.count(SEED):
        generated += cases_of(asked(guarded, document, seed))
        sys.stdout.write(f"seed {seed}: {generated} cases in all, no failure\n")
        sys.stdout.flush()
        if generated >= LEAST:
            return


def asked(system: System, document: Path, seed: int) -> dict[str, Any]:
    """The report of schemathesis on all operations; none of its checks failed."""
    report = document.with_name("report.json")
    config = Path(__file__).parent / "openapi" / "schemathesis.toml"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", str(document)]
    command += ["--url", system.gateway_url, "--checks", "all", "--continue-on-failure", "--no-color"]
    command += ["--max-examples", EXAMPLES, "--seed", str(seed), "--report", "json", "--report-json-path", str(report)]
    command += ["--request-timeout", "60"]
    environment = {**os.environ, "CHURN_API_KEY": KEY, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, cwd=document.parent, capture_output=True, text=True, check=False)
    told = "\n".join(line[:400] for line in done.stdout.splitlines())[-20_000:]
    assert done.returncode == 0, told + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def cases_of(found: dict[str, Any]) -> int:
    """How many requests a report is of, which has to be whole."""
    assert (found["complete"], found["errors"], found["failures"]) == (True, [], [])
    assert found["operations"]["tested"] == found["operations"]["total"] == OPERATIONS
    generated: int = found["test_cases"]["generated"]
    return generated
