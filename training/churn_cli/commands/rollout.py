"""`churn rollout`."""

import argparse
from typing import Any

from churn_cli.rollout_actions import start_rollout, status_rollout, step_rollout, stop_rollout


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the action that was asked for."""
    actions = {"start": start_rollout, "step": step_rollout, "status": status_rollout, "stop": stop_rollout}
    return actions[options.action](options)
