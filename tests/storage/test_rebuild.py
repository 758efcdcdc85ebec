"""An MLflow that is lost comes back from object storage alone, and what comes back is promoted by commit as before."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.company import Company
from tests.delivery.conftest import company, host  # noqa: F401 - a checkout and its server
from tests.storage.conftest import machine_with_mlflow
from tests.storage.machines import Machine, Storage


def answer(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, Any]:
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def trained(machine: Machine) -> dict[str, Any]:
    return answer(machine.train("--rows", "600", "--force-promote", "--json"))


def test_a_lost_mlflow_comes_back_from_object_storage(
    ready: Storage,
    machine: Machine,
    trained: dict[str, Any],
    company: Company,  # noqa: F811 - the fixture
    tmp_path: Path,
) -> None:
    git = {"CHURN_GIT_USERNAME": "deployer", "CHURN_GIT_PASSWORD_FILE": str(tmp_path / "token")}
    before = answer(machine.churn("models", "--json"))
    (tmp_path / "new").mkdir()
    shutil.copytree(machine.home / "keys", tmp_path / "new" / "keys")
    with machine_with_mlflow(ready, tmp_path / "new") as fresh:
        done = answer(fresh.churn("registry", "rebuild", "--json"))
        assert (done["artifacts"], done["problems"]) == ("s3://churn-models", [])
        after = answer(fresh.churn("models", "--json"))
        for kept in ("version", "digest", "uri", "run", "made", "figures", "gate"):
            assert [each[kept] for each in after["versions"]] == [each[kept] for each in before["versions"]], kept
        assert after["champion"] == trained["version"]
        assert "no credentials" in fresh.churn("registry", "rebuild", user=None).stderr.splitlines()[-1]
        delivered = answer(fresh.churn("promote", trained["version"], "--environment", "staging", "--json", **git))
        assert (delivered["digest"], delivered["uri"]) == (trained["digest"], f"{trained['uri']}/")
        assert trained["digest"] in company.served("staging")
