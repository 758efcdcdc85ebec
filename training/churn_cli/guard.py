"""The outermost layer of a process: what goes wrong becomes one last line and an exit code.

It must not know what the process does.
"""

import errno
import os
import sys
import traceback
from collections.abc import Callable

from churn_cli.stopping import Terminated, terminable
from churn_cli.terminal import say
from churn_cli.termination import leave
from churn_data.errors import Failure
from churn_model.errors import ChurnModelError, RegistryError

UNEXPECTED = 1
BAD_INPUT = 2
INTERRUPTED = 130
TERMINATED = 143

# What MLflow answers when the fault is its own; everything else it refuses is the caller's.
_MLFLOW_FAULTS = frozenset({"INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "IO_ERROR"})


def guarded(run: Callable[[], None]) -> int:
    """Run something to its end; what goes wrong becomes one last line on stderr, the same one in the termination
    message of a pod, and the exit code that is returned."""
    try:
        with terminable():
            run()
    except ChurnModelError as error:
        return _failed(f"churn: {_one_line(error)}", _exit_code(error))
    except KeyboardInterrupt:
        return _failed("churn: stopped", INTERRUPTED)
    except Terminated:
        return _failed("churn: stopped by SIGTERM", TERMINATED)
    except BrokenPipeError:
        # The reader went away (`churn ... | head`); Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNEXPECTED
    except Exception as error:  # noqa: BLE001 - the last resort of a process: it says what it was and ends
        return _unexpected(error)
    return 0


def _unexpected(error: Exception) -> int:
    # Whatever asks first whether a path is there hears of its length, on every command.
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return _failed("churn: a path or a part of it is longer than any file's", BAD_INPUT)
    traceback.print_exc()
    return _failed(f"churn: unexpected {type(error).__name__}: {_one_line(error)}", UNEXPECTED)


def _failed(line: str, exit_code: int) -> int:
    say(line)
    leave(line)
    return exit_code


def _exit_code(error: ChurnModelError) -> int:
    if isinstance(error, Failure):
        return error.exit_code
    # MLflow is not imported for this: the adapter chains the vendor's error, which carries its code.
    fault = getattr(error.__cause__, "error_code", None) in _MLFLOW_FAULTS
    return UNEXPECTED if fault and isinstance(error, RegistryError) else BAD_INPUT


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or "no more is known"
