"""The end of a process whose libraries have threads of their own.

While Python takes itself down, a thread of Arrow or DuckDB that wants the interpreter's lock is ended where it stands,
and C++ aborts the whole process then: exit code 134 in place of the command's own (apache/arrow#34314,
duckdb/duckdb#13904). So whoever is done does for Python what it does at its end, and leaves at once. It must not know
what was done.
"""

import atexit
import os
import sys
import threading


def leave(code: int) -> int:
    """End the process with ``code``, as ``multiprocessing`` ends its own: threads of Python are waited for, functions
    that were registered for the end are called, and what was printed is written. Returns only where that cannot be
    written, for Python to say so."""
    threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - executors' threads end in it, nowhere else
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no other name for it
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return code
    os._exit(code)
