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
        # What is behind was perhaps not so a moment before: a pod's next checkout has it.
        line = refused(capsys, *command, code=1 if make is behind else 2)
        assert line.startswith("churn: ")
        assert line.endswith(said)
    assert (company.state() if make is not no_checkout else company.main()) == before


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


def test_a_user_that_the_address_names_needs_the_password_alone(
    company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CHURN_GIT_USERNAME")
    assert churn(capsys, *PROMOTE)["commit"] == company.main()
    git("remote", "set-url", "origin", company.host.address("platform"), folder=company.checkout)
    words = "does not know this user; set CHURN_GIT_USERNAME and CHURN_GIT_PASSWORD_FILE"
    assert refused(capsys, "rollback", "--environment", "staging").endswith(words)


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
