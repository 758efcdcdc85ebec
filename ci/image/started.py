"""Starts images: as their own user, on a read-only root, with nothing but a fresh /tmp.

It knows how a container begins, answers and ends, and must not know what is asked of any image.
"""

import contextlib
import os
import socket
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ci.image.engine import Engine

_READY_SECONDS = 60.0
_TRAIN_SECONDS = 300.0


class CheckFailed(Exception):
    """An image does not do what it is for; the message says what and shows the end of its log."""


class Image:
    """One image to start containers of."""

    def __init__(self, engine: Engine, tag: str) -> None:
        self._engine = engine
        self._tag = tag

    def succeed(self, *command: str, mounts: Mapping[Path, str] | None = None) -> str:
        """Run a command to its end and return what it wrote."""
        with tempfile.NamedTemporaryFile("w+") as log:
            with self._engine.start(self._tag, command, {}, mounts or {}, log) as process:
                status = process.wait(_TRAIN_SECONDS)
            if status:
                raise CheckFailed(f"{self._tag}: {' '.join(command)[:60]} ended with {status}:\n{_tail(log.name)}")
            return Path(log.name).read_text(errors="replace")

    @contextlib.contextmanager
    def serving(
        self, ready: str, environment: Mapping[str, str], mounts: Mapping[Path, str], command: Sequence[str] = ()
    ) -> Iterator[float]:
        """A server; yields the seconds from its start until it was ready."""
        with tempfile.NamedTemporaryFile("w+") as log:
            begin = time.monotonic()
            with self._engine.start(self._tag, command, environment, mounts, log) as process:
                while not _answers(ready):
                    if process.poll() is not None or time.monotonic() - begin > _READY_SECONDS:
                        raise CheckFailed(f"{self._tag}: not ready:\n{_tail(log.name)}")
                    time.sleep(0.02)
                yield time.monotonic() - begin


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - this machine
            return int(answer.status) == 200  # noqa: PLR2004 - HTTP
    except (urllib.error.URLError, OSError):
        return False


def _tail(log: str | os.PathLike[str]) -> str:
    return Path(log).read_text(errors="replace")[-2000:]


def free_port() -> int:
    """One that nobody on this machine listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
