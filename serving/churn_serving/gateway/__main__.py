"""``python -m churn_serving.gateway``: the gateway, with Ctrl-C answered from the first import on.

It imports next to nothing before, so that nobody who changes their mind early gets a traceback.
"""

import sys

from churn_serving.runtime.entry import entered


def main() -> int:
    """Run with the process's own arguments and return its exit code: 130 after Ctrl-C, 0 after SIGTERM."""

    def run() -> int:
        from churn_serving.gateway.command import main as serve

        return serve()

    return entered("gateway", run)


if __name__ == "__main__":
    sys.exit(main())
