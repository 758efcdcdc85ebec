"""`churn registry`."""

import argparse
from typing import Any

from churn_cli.registry_actions import rebuild


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Restore a lost registry."""
    return rebuild(options)
