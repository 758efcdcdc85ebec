"""Programs that are no command of `churn`, each `python -m churn_cli.programs.NAME`: jobs of the chart, and studies.

Python imports this before any of them, so here Ctrl-C is answered from the first import on, until a program answers it
itself.
"""

import sys
from types import TracebackType

INTERRUPTED = 130


def _end_in_a_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    sys.stderr.write("churn: stopped\n")
    raise SystemExit(INTERRUPTED)


if sys.argv[:1] == ["-m"]:  # as long as Python looks for the program that was named behind it
    sys.excepthook = _end_in_a_line
