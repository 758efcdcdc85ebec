"""A server's process from its first line on: Ctrl-C is one line, however early, and loading collects nothing.

It imports nothing that the interpreter has not loaded already, since it comes before everything else; which process it
is, it is told.
"""

import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

INTERRUPTED = 130


def entered(name: str, run: "Callable[[], int]") -> int:
    """Load a command and run it: ``run`` imports what it needs itself. Returns its exit code, or 130 after Ctrl-C."""
    gc.disable()  # what is loaded stays; the collector is asked again when all of it is there
    try:
        return run()
    except KeyboardInterrupt:
        sys.stderr.write(f"{name}: stopped\n")
        return INTERRUPTED
