"""`make run` ends with Ctrl-C as a program should: whatever it started is told once, and nothing is called an error."""

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.local.starts import wait_until

ROOT = Path(__file__).parents[2]
SERVER = f"""#!{sys.executable}
import signal, sys, time
from pathlib import Path

heard = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: heard.append(number))
Path("up").touch()
while not heard:
    time.sleep(0.01)
time.sleep(0.3)
Path("heard").write_text(" ".join(map(str, heard)))
sys.exit(int(sys.argv[-1]) or (130 if heard[0] == signal.SIGINT else 0))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The real Makefile and script around a small server that says which signals it heard."""
    for folder in ("ci", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("Makefile", "ci/serve"):
        shutil.copy(ROOT / file, tmp_path / file)
    for file, text in (("ci/setup", "#!/bin/sh\n"), (".venv/bin/churn", SERVER)):
        (tmp_path / file).write_text(text)
        (tmp_path / file).chmod(0o755)
    return tmp_path


# What a make that runs these tests tells the makes below it: they would print more than one that a person starts.
ABOVE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}

# Said by GNU make 4.3 now and then, when its only child is gone before it looks for it; it then ends with its own code.
OF_MAKE_ITSELF = ("make: *** wait: No child processes.", "make: *** Waiting for unfinished jobs")
LOST = 2


def run(checkout: Path, code: int, stop: signal.Signals, *, serves: bool = True) -> tuple[str, int]:
    """What make prints and how it ends when it is stopped: by the key at a terminal, or by a signal to make alone."""
    ours, theirs = pty.openpty()
    alone = {name: value for name, value in os.environ.items() if name not in ABOVE}
    with subprocess.Popen(
        ["make", "run", f"ARGS={code}"],
        cwd=checkout, env=alone, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=_own_terminal,  # noqa: PLW1509 - as a shell does
    ) as made:  # fmt: skip
        os.close(theirs)
        wait_until((checkout / "up").exists)
        if stop is signal.SIGINT:
            os.write(ours, b"\x03")
        else:
            made.send_signal(stop)
        ended = made.wait(60)
        wait_until((checkout / "heard").exists if serves else lambda: True)
    time.sleep(0.05)
    printed = os.read(ours, 10_000).decode()
    os.close(ours)
    return printed, ended


def _own_terminal() -> None:
    os.setsid()
    os.close(os.open(os.ttyname(0), os.O_RDWR))  # a session's first terminal is its own


def test_ctrl_c_is_no_error(checkout: Path) -> None:
    printed, ended = run(checkout, 0, signal.SIGINT)
    assert "rror" not in printed
    assert ended == -signal.SIGINT or (ended == LOST and OF_MAKE_ITSELF[0] in printed)
    assert (checkout / "heard").read_text() == "2"


def test_what_fails_is_an_error_still(checkout: Path) -> None:
    _, ended = run(checkout, 7, signal.SIGTERM)
    assert (checkout / "heard").read_text() == "15"
    assert ended != 0


SLEEPING = "#!/usr/bin/env bash\ntouch up\nsleep 200\n"


@pytest.mark.parametrize("step", ["ci/setup", ".venv/bin/churn"])
def test_ctrl_c_before_anything_listens_says_nothing(checkout: Path, step: str) -> None:
    (checkout / step).write_text(SLEEPING if step == "ci/setup" else "#!/bin/sh\ntouch up\nexec sleep 200\n")
    printed, ended = run(checkout, 0, signal.SIGINT, serves=False)
    said = [line for line in printed.replace("^C", "").splitlines() if not line.startswith(OF_MAKE_ITSELF)]
    assert "".join(said).strip() == ""
    assert ended == -signal.SIGINT or (ended == LOST and OF_MAKE_ITSELF[0] in printed)
    assert not (checkout / "heard").exists()


def test_what_is_told_to_end_before_it_listens_leaves_no_line_of_the_shell(checkout: Path) -> None:
    (checkout / ".venv/bin/churn").write_text("#!/bin/sh\ntouch up\nexec sleep 200\n")
    printed, ended = run(checkout, 0, signal.SIGTERM, serves=False)
    assert "ci/serve" not in printed
    assert ended != 0
