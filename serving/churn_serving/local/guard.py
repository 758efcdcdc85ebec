"""A tiny process that outlives the supervisor by a moment and ends what it started.

It reads the ids of process groups from a pipe whose other end only the supervisor has. Whatever way the supervisor
goes, even by SIGKILL, the pipe closes; the guard then ends every group that it was told of. It runs in a session of its
own, ignores the terminal's signals, and must import nothing heavy.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from churn_serving.local.processes import end_groups


class Guard:
    """The supervisor's side: starts the guard process and tells it which groups live."""

    def __init__(self, state_file: Path, marker: str, lock: int) -> None:
        """``lock`` is the descriptor of the local state's lock: the guard holds it until everything has ended."""
        command = [sys.executable, "-m", "churn_serving.local.guard", str(state_file), marker]
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(lock,),
        )
        if self._process.stdin is None:
            raise RuntimeError("the guard was started with a pipe")
        self._pipe = self._process.stdin

    @property
    def pid(self) -> int:
        """Process id of the guard."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the guard still watches."""
        return self._process.poll() is None

    def enlist_self(self) -> None:
        """Put the calling process's own group under guard; for a child between fork and exec, so never unguarded."""
        os.write(self._pipe.fileno(), b"+%d\n" % os.getpid())

    def forget(self, group: int) -> None:
        """Say that a group has ended, before its number can be used again."""
        if self.is_alive:
            os.write(self._pipe.fileno(), b"-%d\n" % group)

    def close(self) -> None:
        """Let the guard go, and wait until it has gone."""
        self._pipe.close()
        self._process.wait()


def living_groups(lines: Iterable[bytes]) -> set[int]:
    """Groups that were enlisted and not forgotten, read until the pipe closes."""
    groups: set[int] = set()
    for line in lines:
        (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
    return groups


def main() -> None:
    """Wait for the supervisor to go, then leave nothing behind."""
    state_file, marker = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_groups(living_groups(sys.stdin.buffer), marker)
    Path(state_file).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
