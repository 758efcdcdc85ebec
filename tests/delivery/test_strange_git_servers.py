"""Whatever answers instead of a git server (a page to sign in at, a proxy, half an answer), and what is no address: one
line says so, and nothing changes here or there."""

import gc
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from churn_delivery.errors import CredentialsRefused, DeliveryError, GitServerAway, TreeNotReady
from churn_delivery.git_server import GitServer
from churn_delivery.repository import Checkout
from churn_delivery.settings import Credentials, credentials_from
from git_server import git
from tests.delivery.company import Company
from tests.delivery.stand_in import answering

PKT: Mapping[str, str] = {"content-type": "application/x-git-upload-pack-advertisement"}
ADVERTISED = b"001e# service=git-upload-pack\n0000"
ADDRESS = "must be http(s), ssh or the path of a repository (git remote set-url)"


def line(words: bytes) -> bytes:
    return b"%04x%s" % (len(words) + 4, words)


def look(company: Company) -> None:
    """What every command does first."""
    with Checkout(company.checkout) as checkout:
        GitServer(checkout, credentials_from()).require_same()


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"content-type": "text/html"}, b"<html>sign in</html>"),
        (200, {}, ADVERTISED),
        (200, PKT, ADVERTISED),
        (200, PKT, ADVERTISED + line(b"zzzzz") + b"0000"),
        (200, PKT, ADVERTISED + line(b"zz refs/heads/main\0 caps\n") + b"0000"),
        (200, {**PKT, "content-encoding": "gzip"}, b"not packed"),
        (200, {"content-type": "text/plain"}, b"0" * 40 + b"\trefs/heads/main\n"),
        (200, {"content-type": "text/plain"}, b"1" * 40 + b"\trefs/heads/main\n"),
    ],
    ids=["a page", "no type", "half of it", "no reference", "no commit", "not packed", "nothing", "a stranger"],
)
def test_what_is_no_git_server(status: int, headers: Mapping[str, str], body: bytes, company: Company) -> None:
    before = company.state()
    with answering(status, headers, body) as server:
        url = f"{server}/platform.git"
        git("remote", "set-url", "origin", url, folder=company.checkout)
        with pytest.raises(GitServerAway) as away:
            look(company)
        assert str(away.value).startswith(f"{url}: does not answer (")
        assert str(away.value).endswith("; nothing was changed here or there; run the command again")
        assert "\n" not in str(away.value)
    assert company.state() == before


def test_a_proxy_that_asks_who_we_are(company: Company) -> None:
    with answering(407, {"proxy-authenticate": "Basic"}, b"") as proxy:
        git("remote", "set-url", "origin", f"{proxy}/platform.git", folder=company.checkout)
        with pytest.raises(CredentialsRefused, match="a proxy on the way to it asks who we are"):
            look(company)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library drops what it has begun
def test_commits_that_arrive_broken(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    other = company.clone("other")
    company.commit("there.txt", "there\n", other)
    company.push(other)
    before, whole, random = company.state(), company.host._git, Random(13)

    def broken(environ: dict[str, Any], user: str, body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
        status, headers, answer = whole(environ, user, body)
        if environ["REQUEST_METHOD"] == "POST":
            place = random.randrange(20, len(answer) - 4)  # behind the first acknowledgement, before the last end
            answer = answer[:place] + bytes([answer[place] ^ random.randrange(1, 256)]) + answer[place + 1 :]
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        return status, headers, answer

    monkeypatch.setattr(company.host, "_git", broken)
    for _ in range(40):
        with pytest.raises((GitServerAway, TreeNotReady)):
            look(company)
        assert company.state()[:-1] == before[:-1]
    gc.collect()
    monkeypatch.setattr(company.host, "_git", whole)
    with Checkout(company.checkout) as checkout, pytest.raises(TreeNotReady, match="git pull first"):
        GitServer(checkout, Credentials("deployer", "a-token")).require_same()


@pytest.mark.parametrize(
    "url",
    ["", " ", "ftp://x/y", "http://", "http://[::1", "https://deployer:secret@127.0.0.1:99999/x", "http://a b/c"],
)
def test_an_address_with_a_typo(url: str, company: Company) -> None:
    git("config", "remote.origin.url", url, folder=company.checkout)
    before = company.state()
    with pytest.raises(TreeNotReady) as refused:
        look(company)
    assert str(refused.value).endswith(ADDRESS)
    assert "secret" not in str(refused.value)
    assert company.state() == before


@pytest.mark.parametrize("url", [".", "../other"])
def test_a_branch_that_somebody_works_on_is_not_moved_beneath_them(url: str, company: Company) -> None:
    company.clone("other")
    git("remote", "set-url", "origin", url, folder=company.checkout)
    before = company.state()
    with pytest.raises(DeliveryError, match="has branch main checked out; a push would move it beneath whoever works"):
        look(company)
    assert company.state() == before


def test_a_folder_is_found_from_the_checkout(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    git("remote", "set-url", "origin", "../host/platform.git", folder=company.checkout)
    monkeypatch.chdir(company.server)
    look(company)
