"""Entry of the local start, with Ctrl-C answered from the first import on.

It imports nothing before, so that nobody who changes their mind early gets a traceback.
"""

import sys

INTERRUPTED = 130


def main() -> int:
    """Run with the process's own arguments and return its exit code."""
    try:
        from churn_serving.local.start import main as start

        return start()
    except KeyboardInterrupt:
        sys.stderr.write("churn up: stopped\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
