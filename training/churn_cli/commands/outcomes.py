"""`churn outcomes load` and `report`."""

import argparse
from typing import Any

from churn_cli.outcome_actions import load, make_report


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the action that was asked for."""
    return load(options) if options.action == "load" else make_report(options)
