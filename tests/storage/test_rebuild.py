"""An MLflow that is lost comes back from object storage alone, and what comes back is promoted by commit as before."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from patience import post
from real_processes import describe_system, running
from tests.charts.conftest import chart, helm  # noqa: F401 - fixtures
from tests.charts.rendered import Chart, only
from tests.delivery.company import Company
from tests.delivery.conftest import company, host  # noqa: F401 - a checkout and its server
from tests.storage.machines import Machine, Storage, machine_with_mlflow


def answer(done: subprocess.CompletedProcess[str], code: int = 0) -> dict[str, Any]:
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def trained(machine: Machine) -> dict[str, Any]:
    return answer(machine.train("--rows", "600", "--force-promote", "--json"))


def shown_to_gateways(chart: Chart, values: Path) -> str:  # noqa: F811 - not the fixture
    """What the chart's ConfigMap holds for gateways that reach no backend."""
    given = only(chart.render(None, values), "ConfigMap", "churn-last-known-model")
    return str(given["data"]["description.json"])


@contextlib.contextmanager
def gateway_given(description: str, machine: Machine, folder: Path) -> Iterator[str]:
    """A new gateway while everything else is down; yields where it says that it is ready."""
    (folder / "description.json").write_text(description)
    system = describe_system(
        folder,
        machine.home / "keys" / "verify.pem",
        folder,
        CHURN_GATEWAY_LAST_KNOWN_MODEL=str(folder / "description.json"),
    )
    with running(system, system.gateway):
        yield system.gateway.ready_url


def test_a_lost_mlflow_comes_back_from_object_storage(
    ready: Storage,
    machine: Machine,
    trained: dict[str, Any],
    company: Company,  # noqa: F811 - the fixture
    chart: Chart,  # noqa: F811 - the fixture
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
        promote = ("promote", trained["version"], "--environment", "staging", "--with-description", "--json")
        delivered = answer(fresh.churn(*promote, **git))
        assert (delivered["digest"], delivered["uri"]) == (trained["digest"], f"{trained['uri']}/")
        assert trained["digest"] in company.served("staging")
    (tmp_path / "model.yaml").write_text(company.served("staging"))
    shown = shown_to_gateways(chart, tmp_path / "model.yaml")
    features = json.loads(json.loads(shown)["manifest"])["schema"]["features"]
    with gateway_given(shown, machine, tmp_path) as gateway:
        asked = {"customers": [{"customer_id": "1", "features": {each["name"]: None for each in features}}]}
        answered = post(gateway.replace("/readyz", "/v1/predictions"), json=asked)
        assert (answered.status_code, answered.json()["served_by"]) == (200, "degraded")
        assert answered.json()["model"]["digest"] == trained["digest"]
