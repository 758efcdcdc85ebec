"""``python -m churn_serving.gateway``: the gateway, with Ctrl-C answered from the first import on.

It imports nothing before, so that nobody who changes their mind early gets a traceback.
"""

import sys

INTERRUPTED = 130


def main() -> int:
    """Run with the process's own arguments and return its exit code: 130 after Ctrl-C, 0 after SIGTERM."""
    try:
        from churn_serving.gateway.command import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("gateway: stopped\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
