"""`churn drift`: what its actions need is imported when SIGTERM is heard already."""

import argparse
import signal
import threading
from typing import Any


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the action that was asked for."""
    told_to_end = threading.Event()
    if options.action == "watch":
        signal.signal(signal.SIGTERM, lambda _number, _frame: told_to_end.set())
    from churn_cli.drift_actions import check, watch

    return watch(options, told_to_end) if options.action == "watch" else check(options)
