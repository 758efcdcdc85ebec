"""``python -m churn_marketing``: the app, with Ctrl-C answered from the first import on.

It imports nothing before, so that nobody who changes their mind early gets a traceback.
"""

import gc
import sys

INTERRUPTED = 130


def main() -> int:
    """Run with the process's own arguments and end the process with its exit code, or return that: 130 after Ctrl-C, 0
    after SIGTERM."""
    gc.disable()  # what is loaded stays, and is not walked through again
    try:
        from churn_marketing.command import main as run
        from churn_model.ending import leave
        from churn_model.loading import keep_what_is_loaded

        keep_what_is_loaded()
        return leave(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.stderr.write("marketing: stopped\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
