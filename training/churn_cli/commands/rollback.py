"""`churn rollback`."""

import argparse
from typing import Any

from churn_cli.promotion import change_champion


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Make the former champion champion again, in the registry and for the servers of this machine."""
    return change_champion(options, lambda _, registry, name: registry.rollback(name), "back to version {version}")
