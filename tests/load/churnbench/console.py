"""Progress on stderr, results on stdout: nothing else in the benchmark writes to either."""

from __future__ import annotations

import sys
import time

_STARTED = time.monotonic()


def progress(line: str) -> None:
    """One line about what happens now, with minutes and seconds since the start."""
    minutes, seconds = divmod(int(time.monotonic() - _STARTED), 60)
    sys.stderr.write(f"[{minutes:02d}:{seconds:02d}] {line}\n")
    sys.stderr.flush()


def result(text: str) -> None:
    """Text for whoever asked."""
    sys.stdout.write(f"{text}\n")
