"""A git server over HTTP with users, a checkout of environments and chart from it, and versions in a real MLflow."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_training.packaging.home import Home
from git_server import PASSWORD, USER, GitHost, git, git_host
from tests.delivery.company import Company, Shelf

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def mlflow_comes_first(mlflow_is_loaded: None) -> None:
    """MLflow's warnings of its own modules are over before a test begins."""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[GitHost]:
    (tmp_path / "host").mkdir()
    with git_host(tmp_path / "host") as found:
        yield found


@pytest.fixture
def company(host: GitHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """A checkout that a person has made, whom the server knows."""
    host.make("platform")
    first = tmp_path / "first"
    shutil.copytree(ROOT / "manifests" / "envs", first / "manifests" / "envs")
    for name in ("values.yaml", "values.schema.json"):
        (first / "charts" / "churn").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "charts" / "churn" / name, first / "charts" / "churn" / name)
    git("init", "--quiet", "--initial-branch", "main", folder=first)
    git("add", ".", folder=first)
    git("commit", "--quiet", "--message", "Describe three environments", folder=first)
    git("push", "--quiet", str(host.folder / "platform.git"), "main", folder=first)
    (tmp_path / "token").write_text(f"{PASSWORD}\n")
    for name, value in {
        "CHURN_GIT_USERNAME": USER,
        "CHURN_GIT_PASSWORD_FILE": str(tmp_path / "token"),
        "GIT_AUTHOR_NAME": "A Deployer",
        "GIT_AUTHOR_EMAIL": "deployer@example.com",
        "GIT_COMMITTER_NAME": "A Deployer",
        "GIT_COMMITTER_EMAIL": "deployer@example.com",
    }.items():
        monkeypatch.setenv(name, value)
    company = Company(host, tmp_path)
    monkeypatch.chdir(company.clone("checkout"))
    return company


@pytest.fixture
def shelf(home: Home) -> Shelf:
    """Versions 1, 2 and 3, of which the gate passed the first two; version 1 is champion."""
    client = connect(home.tracking_uri)
    shelf = Shelf(client)
    for passed in (True, True, False):
        shelf.add(passed=passed)
    MlflowRegistry(client).promote(shelf.name, "1")
    return shelf
