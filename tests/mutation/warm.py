"""Runs the tests of one mutant after the other, each in a fork of a process that has loaded all libraries already.

Loading them takes longer than most mutants take to die. What belongs to the project is never loaded here, only in the
forks, so that each meets its own mutant; the tests that took least of the unchanged code's time come first in each.

`warm.py serve SOCKET CPU_SECONDS ORDER -- ARGUMENT …` answers every connection with the exit code of pytest with these
arguments, until it is terminated; `warm.py try SOCKET` asks once and ends with that code. `warm.py learn ORDER --
ARGUMENT …` runs the unchanged code's tests and writes to ORDER what they load and how long each takes.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# pytest rewrites assertions of its own plugins, and must be the one that loads them.
_PLUGINS = ("pytest_", "_pytest", "_hypothesis_pytestplugin", "anyio.pytest_plugin")
_CRASHED = 70
# Nothing that is tested sleeps for long; a machine that has no time for a process may.
_ASLEEP_SECONDS = 60.0
_LOOK_SECONDS = 0.05


class Learning:
    """Writes down what a run of the tests loads, and each test's seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """One phase of one test."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration


class CheapFirst:
    """Orders tests by what they took; unknown ones come first."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """In place, as pytest wants it."""
        items.sort(key=lambda item: self._seconds.get(item.nodeid, 0.0))


def main() -> int:
    """One of the three."""
    words = sys.argv[1:]
    if words[0] == "try":
        return ask(words[1])
    sys.path[0] = str(Path.cwd())  # as `python -m pytest` has it
    own, arguments = words[: words.index("--")], words[words.index("--") + 1 :]
    if words[0] == "learn":
        return learn(Path(own[1]), arguments)
    return serve(own[1], int(own[2]), json.loads(Path(own[3]).read_text()), arguments)


def ask(address: str) -> int:
    """What the server says of the code as it stands now."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        answer = connection.recv(1)
    return answer[0] if answer else _CRASHED


def learn(order: Path, arguments: Sequence[str]) -> int:
    """Run the tests of the unchanged code."""
    import pytest

    learning = Learning()
    code = int(pytest.main([*arguments], plugins=[learning]))
    here = str(Path.cwd())
    foreign = [name for name, module in list(sys.modules.items()) if is_foreign(name, module, here)]
    order.write_text(json.dumps({"modules": foreign, "seconds": learning.seconds}))
    return code


def is_foreign(name: str, module: Any, tree: str) -> bool:
    """Whether a module is a library's, so that no mutant is in it."""
    path = getattr(module, "__file__", None)
    return isinstance(path, str) and not path.startswith(tree) and name != "__main__" and not name.startswith(_PLUGINS)


def serve(address: str, cpu_seconds: int, order: dict[str, Any], arguments: Sequence[str]) -> int:
    """Load, then fork for whoever asks, one at a time."""
    for name in order["modules"]:
        with contextlib.suppress(Exception):  # a library's own trouble shows in the fork, if it matters
            importlib.import_module(name)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(BrokenPipeError):
                connection.sendall(bytes([in_fork(cpu_seconds, order["seconds"], arguments)]))


def ending(child: int) -> int:
    """The status of a fork, which is ended when it has slept for long: tests of a mutant that wait for ever may do so
    in their own cleaning up, where no limit of theirs ends them. Looks are counted, no clock is read: time in which
    all of this was stopped, so that something else could be measured, is nobody's sleep."""
    used, idle_looks = "", 0
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(_LOOK_SECONDS)
        now_used = " ".join(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:13])
        idle_looks = idle_looks + 1 if now_used == used else 0
        used = now_used
        if idle_looks * _LOOK_SECONDS > _ASLEEP_SECONDS:
            os.kill(child, signal.SIGKILL)


def in_fork(cpu_seconds: int, seconds: dict[str, float], arguments: Sequence[str]) -> int:
    """The exit code of the tests; another than 0 also for a fork that took too long or crashed."""
    child = os.fork()
    if child == 0:
        code = _CRASHED
        try:
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nothing, stream)
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
            import pytest

            code = int(pytest.main([*arguments], plugins=[CheapFirst(seconds)]))
        finally:
            os._exit(code)
    status = ending(child)
    with contextlib.suppress(ProcessLookupError):  # servers that a killed test has left behind
        os.killpg(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(status)
    return code if 0 <= code < 256 else _CRASHED


if __name__ == "__main__":
    raise SystemExit(main())
