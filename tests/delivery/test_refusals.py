"""Whatever is not as it should be is refused in one line that says what to do, and nothing changes here or there."""

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from git_server import PASSWORD, git
from tests.delivery.commands import churn, refused
from tests.delivery.company import Company

ENVS = "manifests/envs"
PROMOTE = ("promote", "1", "--environment", "staging")
pytestmark = pytest.mark.usefixtures("shelf")


def changed(company: Company) -> None:
    company.write(f"{ENVS}/dev/env.yaml", "# another word\n")


def staged(company: Company) -> None:
    company.write(f"{ENVS}/dev/env.yaml", "# another word\n")
    git("add", ".", folder=company.checkout)


def ahead(company: Company) -> None:
    company.commit("here.txt", "here\n")


def behind(company: Company) -> None:
    other = company.clone("other")
    company.commit("there.txt", "there\n", other)
    company.push(other)


def diverged(company: Company) -> None:
    ahead(company)
    behind(company)


def detached(company: Company) -> None:
    git("switch", "--quiet", "--detach", folder=company.checkout)


def merging(company: Company) -> None:
    git("switch", "--quiet", "--create", "side", folder=company.checkout)
    company.commit("side.txt", "side\n")
    git("switch", "--quiet", "main", folder=company.checkout)
    git("merge", "--quiet", "--no-ff", "--no-commit", "side", folder=company.checkout)


def alone(company: Company) -> None:
    git("remote", "remove", "origin", folder=company.checkout)


def no_checkout(company: Company) -> None:
    shutil.rmtree(company.checkout / ".git")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (changed, "changes are not committed (manifests/envs/dev/env.yaml); commit or stash them first"),
        (staged, "changes are not committed (manifests/envs/dev/env.yaml); commit or stash them first"),
        (ahead, "branch main has commits that its server has not; git push them or take them back first"),
        (behind, "branch main is behind its server; git pull first"),
        (diverged, "branch main and its server's have diverged; git pull --rebase first"),
        (detached, "no branch is checked out; git switch to the branch that is deployed"),
        (merging, "a merge or rebase is under way (MERGE_HEAD); finish or abort it first"),
        (alone, "branch main comes from no git server (git remote add origin ADDRESS)"),
        (no_checkout, "is not in a git checkout; --repository names one"),
    ],
    ids=["changed", "staged", "ahead", "behind", "diverged", "detached", "merging", "alone", "no checkout"],
)
def test_a_tree_that_is_not_what_its_server_has(
    make: Callable[[Company], None], said: str, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    make(company)
    before = company.state() if make is not no_checkout else company.main()
    for command in (PROMOTE, ("rollback", "--environment", "staging")):
        line = refused(capsys, *command)
        assert line.startswith("churn: ")
        assert line.endswith(said)
    assert (company.state() if make is not no_checkout else company.main()) == before


TYPOS = {
    "unknown key": (
        "capacity.yaml",
        "capacity:\n  targetRequestPerSecond: 5\n",
        "line 2, capacity.targetRequestPerSecond: is not a value of the chart; did you mean targetRequestsPerSecond?",
    ),
    "unknown at the top": (
        "env.yaml",
        "# words\ngatway: {}\n",
        "line 2, gatway: is not a value of the chart; did you ",
    ),
    "another type": (
        "capacity.yaml",
        "capacity:\n  targetRequestsPerSecond: many\n",
        "line 2, capacity.targetRequestsPerSecond: 'many' is not of type",
    ),
    "a key twice": (
        "env.yaml",
        "mlflow:\n  enabled: true\nmlflow:\n  enabled: false\n",
        "line 3, mlflow: stands in line 1 already",
    ),
    "in two files": (
        "env.yaml",
        "training:\n  budget: 5m\n",
        "line 2, training.budget: stands in settings.yaml as well",
    ),
    "in another's file": (
        "env.yaml",
        "primary:\n  model:\n    uri: ''\n",
        "line 3, primary.model.uri: belongs into model.yaml",
    ),
    "in a file of its own": (
        "rollout.yaml",
        "gateway:\n  enabled: true\n",
        "line 2, gateway.enabled: belongs into settings.yaml, env.yaml or capacity.yaml",
    ),
    "no YAML": ("env.yaml", "mlflow: [\n", "line 2: is not YAML ("),
    "no mapping": ("env.yaml", "- mlflow\n", "line 1: must be a mapping of keys"),
    "no text": ("env.yaml", "mlflow:\n  1: 2\n", "line 2: a key must be plain text"),
}


@pytest.mark.parametrize("typo", TYPOS)
def test_an_environment_with_a_typo(typo: str, company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    file, text, said = TYPOS[typo]
    path = f"{ENVS}/staging/{file}"
    company.commit(path, text)
    company.push()
    before = company.state()
    line = refused(capsys, *PROMOTE)
    assert line.startswith(f"churn: {path}, {said}")
    assert company.state() == before
    # Another environment is not held up by it.
    churn(capsys, "promote", "1", "--environment", "dev")


@pytest.mark.parametrize(
    ("path", "text", "environment", "said"),
    [
        ("environments.yaml", None, "nowhere", ": there is no environment 'nowhere' (dev, staging, prod)"),
        (
            "environments.yaml",
            "chart: charts/churn\nenvironments:\n  staging: {befor: dev}\n",
            "staging",
            ", line 3, environments.staging.befor: is not known (after, rollout)",
        ),
        (
            "environments.yaml",
            "chart: charts/churn\nenvironments:\n  prod: {after: stagin}\n  staging:\n",
            "prod",
            ", line 3, environments.prod.after: is not another environment (staging)",
        ),
        (
            "environments.yaml",
            "environments: {dev: }\n",
            "dev",
            ", chart: must be the chart's folder in the repository",
        ),
    ],
    ids=["not there", "misspelt key", "misspelt name", "no chart"],
)
def test_an_order_of_environments_with_a_typo(
    path: str, text: str | None, environment: str, said: str, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        company.commit(f"{ENVS}/{path}", text)
        company.push()
    before = company.state()
    line = refused(capsys, "promote", "1", "--environment", environment)
    assert line == f"churn: {ENVS}/{path}{said}"
    assert company.state() == before


def test_what_is_missing_is_named(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    git("rm", "--quiet", f"{ENVS}/staging/env.yaml", folder=company.checkout)
    git("commit", "--quiet", "--message", "Lose a file", folder=company.checkout)
    company.push()
    line = refused(capsys, *PROMOTE)
    assert (
        line == f"churn: {ENVS}/staging/env.yaml: is not there; an environment without a difference has an empty file"
    )
    other = refused(capsys, *PROMOTE, "--environments", "deploy/envs")
    assert other == (
        "churn: deploy/envs/environments.yaml: is not in the repository; --environments names another folder"
    )


def test_a_git_server_that_is_away(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    before = company.state()
    company.host.broken = True
    line = refused(capsys, *PROMOTE, code=1)
    assert line.startswith(f"churn: {company.host.address('platform')}: does not answer (")
    assert line.endswith("); nothing was changed here or there; run the command again")
    company.host.broken = False
    git("remote", "set-url", "origin", "http://deployer:secret@127.0.0.1:9/platform.git", folder=company.checkout)
    line = refused(capsys, *PROMOTE, code=1)
    assert line.startswith("churn: http://127.0.0.1:9/platform.git: does not answer (")
    assert "secret" not in line
    assert company.state() == before


def test_a_server_that_goes_away_in_the_middle(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    before = company.state()
    company.host.receiving = lambda: False
    line = refused(capsys, *PROMOTE, code=1)
    assert line.endswith("; nothing was changed here or there; run the command again")
    assert company.state() == before

    def gone_for_good() -> bool:
        company.host.broken = True
        return False

    company.host.receiving = gone_for_good
    line = refused(capsys, *PROMOTE, code=1)
    assert "stopped to answer while commit " in line
    assert company.state() == before
    company.host.broken = False
    # The commit had arrived and only the answer was lost: that is a promotion like any other.
    company.host.receiving, company.host.received = (lambda: True), (lambda: False)
    assert churn(capsys, *PROMOTE)["commit"] == company.main() == git("rev-parse", "HEAD", folder=company.checkout)
    assert git("status", "--porcelain", folder=company.checkout) == ""


@pytest.mark.parametrize("command", [PROMOTE, ("rollback", "--environment", "staging")])
def test_users_that_the_server_does_not_know_or_let_write(
    command: tuple[str, ...],
    company: Company,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for version in "12":
        churn(capsys, "promote", version, "--environment", "staging")
    before = company.state()
    token = tmp_path / "token"
    token.write_text("wrong\n")
    place = company.host.address("platform")
    words = f"churn: {place}: does not know this user; set CHURN_GIT_USERNAME and CHURN_GIT_PASSWORD_FILE"
    assert refused(capsys, *command) == words
    token.write_text("\n")
    assert refused(capsys, *command) == f"churn: CHURN_GIT_PASSWORD_FILE: {token} is empty"
    monkeypatch.setenv("CHURN_GIT_PASSWORD_FILE", str(tmp_path / "nowhere"))
    assert "nowhere cannot be read (No such file or directory)" in refused(capsys, *command)
    monkeypatch.setenv("CHURN_GIT_PASSWORD_FILE", str(token))
    token.write_text(PASSWORD)
    company.host.readers["reader"] = PASSWORD
    monkeypatch.setenv("CHURN_GIT_USERNAME", "reader")
    assert refused(capsys, *command) == f"churn: {place}: this user may not write there (CHURN_GIT_USERNAME)"
    git("remote", "set-url", "origin", company.host.address("elsewhere"), folder=company.checkout)
    monkeypatch.setenv("CHURN_GIT_USERNAME", "deployer")
    there = company.host.address("elsewhere")
    assert refused(capsys, *command) == f"churn: {there}: there is no repository, or none that this user may see"
    assert company.state() == before


def test_a_branch_that_the_server_protects(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    hook = company.server / "hooks" / "update"
    hook.write_text('#!/bin/sh\ntest "$1" != refs/heads/main\n')
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    before = company.state()
    line = refused(capsys, *PROMOTE)
    assert line.startswith(f"churn: {company.host.address('platform')}: refuses the commit on main (")
    assert line.endswith("); --branch NAME opens it as a branch")
    assert company.state() == before
    churn(capsys, *PROMOTE, "--branch", "proposal")
    assert company.branches() == ["main", "proposal"]
