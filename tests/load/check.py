"""``make bench-check``'s verdict on a results file: 0 if nothing got slower, 1 if something did or cannot be told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from churnbench.console import progress
from churnbench.errors import BenchError
from churnbench.slowdown import slowdowns


def main() -> int:
    """Judge the file named on the command line."""
    try:
        worse = slowdowns(json.loads(Path(sys.argv[1]).read_text()))
    except BenchError as error:
        progress(f"bench-check: {error}")
        return 1
    for sentence in worse:
        progress(f"bench-check: {sentence}")
    if not worse:
        progress("bench-check: nothing got slower than is allowed")
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())
