"""`churn outcomes`: what its actions need is imported when SIGTERM is heard already."""

import argparse
import signal
import threading
from typing import Any


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the action that was asked for."""
    told_to_end = threading.Event()
    if options.action == "show":
        signal.signal(signal.SIGTERM, lambda _number, _frame: told_to_end.set())
    from churn_cli.outcome_actions import load, make_report, show_last

    if options.action == "show":
        return show_last(options, told_to_end)
    return load(options) if options.action == "load" else make_report(options)
