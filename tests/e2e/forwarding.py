"""A local port that leads to a pod's port, for as long as somebody wants it.

When one connection through it breaks, as that of a caller does who has waited too long for a busy pod, kubectl gives up
all of them and ends: then it is started again at the same port. It must not know what is asked for there.
"""

import re
import subprocess
import threading
from typing import Self

from tests.e2e.commands import tool

AGAIN_SECONDS = 1


class NoWay(AssertionError):
    """Nothing leads to a pod's port: the pod has gone, or does not run yet."""


class Forwarding:
    """A context manager; `local` is the port on 127.0.0.1 within it, one that is free where none is named.

    Raises:
        NoWay: when it is entered; later it is tried again.
    """

    def __init__(self, namespace: str, pod: str, port: int, local: int | str = "") -> None:
        self._place = ("--namespace", namespace, f"pod/{pod}")
        self._port = port
        self.local = local
        self._over, self._lock = threading.Event(), threading.Lock()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        self._process = self._started()
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._over.set()
            self._process.terminate()
        self._keeper.join()

    def _keep(self) -> None:
        """Start it again whenever it ends."""
        is_there = True
        while is_there:
            with self._process as process:
                for _ in process.stdout or ():  # it would wait for a reader
                    pass
            is_there = self._start_again()

    def _start_again(self) -> bool:
        while not self._over.wait(AGAIN_SECONDS):
            with self._lock:
                if self._over.is_set():
                    break
                try:
                    self._process = self._started()
                except NoWay:
                    continue
                return True
        return False

    def _started(self) -> "subprocess.Popen[str]":
        command = [tool("kubectl"), "port-forward", *self._place, f"{self.local}:{self._port}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r"127\.0\.0\.1:(\d+) ->", line)
        if found is None:
            with process:
                process.terminate()
            raise NoWay(f"no way to {self._place[-1]}:{self._port}: {line}")
        self.local = int(found[1])
        return process
