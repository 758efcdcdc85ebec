"""Lets the few tests of a stage that failed beside other work run once more, and keeps their names.

Stages share a machine's processors, so a test can fail because its turn came late, and be right. Who fails twice is
wrong; who fails once is shown with the output of both tries, counted in the summary, and leaves no stamp.

It must not know what a stage tests, only that pytest remembers what failed (``--last-failed``).
"""

import json
import shlex
from pathlib import Path

MOST = 3  # of more, it is no accident


def options(cache: Path, *, again: bool) -> str:
    """What pytest is to read in ``PYTEST_ADDOPTS``: a memory of the stage's own, and whether to run what is in it."""
    words = ["-o", f"cache_dir={cache}", *(["--last-failed"] if again else [])]
    return shlex.join(words)


def failed(cache: Path) -> tuple[str, ...]:
    """Names of the tests that failed; none where no test did, so that something else ended the stage."""
    try:
        found = json.loads((cache / "v" / "cache" / "lastfailed").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(sorted(found))
