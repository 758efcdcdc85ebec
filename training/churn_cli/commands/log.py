"""`churn log`: what its actions need is imported when SIGTERM is heard already: a shipper that is told to end while
it starts hands over all the same."""

import argparse
import signal
import threading
from typing import Any


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the action that was asked for."""
    told_to_end = threading.Event()
    if options.action == "ship" and not options.once:
        signal.signal(signal.SIGTERM, lambda _number, _frame: told_to_end.set())
    from churn_cli.log_actions import act

    return act(options, told_to_end)
