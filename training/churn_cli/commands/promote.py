"""`churn promote`."""

import argparse
from typing import Any

from churn_cli.promotion import change_champion


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Make a version champion, in the registry and for the servers of this machine."""
    return change_champion(
        options,
        lambda registry, name: registry.promote(name, options.version),
        "version {version} is champion",
    )
