"""``python -m churn_cli`` and ``churn``: the command, with Ctrl-C answered from the first import on.

It imports nothing before, so that nobody who changes their mind early gets a traceback.
"""

import sys

INTERRUPTED = 130


def main() -> int:
    """Run `churn` with the process's own arguments and end the process with its exit code, or return that."""
    try:
        from churn_cli.main import main as churn
        from churn_model.ending import leave

        return leave(churn())
    except KeyboardInterrupt:
        sys.stderr.write("churn: stopped\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
