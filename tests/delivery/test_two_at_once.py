"""Two promotions at the same moment: one wins, the other is told, and neither leaves anything half-written."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from git_server import git
from tests.delivery.company import Company, Shelf


@pytest.mark.parametrize("apart", [True, False], ids=["two checkouts", "one checkout"])
def test_the_push_that_loses_is_told(apart: bool, company: Company, shelf: Shelf) -> None:
    assert shelf.digests
    other = company.clone("other") if apart else company.checkout
    before = company.main()
    # Both have looked at the branch and made their commit before either reaches git.
    both = threading.Barrier(2)
    company.host.receiving = lambda: both.wait(280) >= 0
    people = [(company.checkout, "1"), (other, "2")]
    started = [_started(folder, version) for folder, version in people]
    ended = [(process, *process.communicate(timeout=290)) for process in started]
    assert sorted(process.returncode for process, _, _ in ended) == [0, 1]
    for (folder, _), (process, out, err) in zip(people, ended, strict=True):
        head = git("rev-parse", "HEAD", folder=folder)
        assert git("status", "--porcelain", folder=folder) == ""
        if process.returncode == 0:
            assert json.loads(out.splitlines()[-1])["commit"] == head == company.main()
        else:
            line = err.splitlines()[-1]
            assert line.startswith("churn: http://127.0.0.1:")
            assert line.endswith(
                "somebody else's commit came first on main; nothing was changed, git pull and run the command again"
            )
            assert head == (before if apart else company.main())
    assert len(git("rev-list", f"{before}..main", folder=company.server).splitlines()) == 1
    git("fsck", "--strict", folder=company.server)


def _started(folder: Path, version: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "churn_cli", "promote", version, "--environment", "staging", "--json"]
    return subprocess.Popen(
        command, cwd=folder, env=os.environ.copy(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
