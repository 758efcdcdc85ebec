"""Prepares object storage for a release, in a pod, again at every change of the release."""

import sys

from churn_cli.guard import guarded
from churn_cli.terminal import say
from churn_training.cluster.storage_setup import StorageSettings, set_up


def main() -> int:
    """Returns the exit code: 0, 2 for what trying again cannot mend, 1 for anything else."""
    return guarded(lambda: set_up(StorageSettings.from_environment(), say))


if __name__ == "__main__":
    sys.exit(main())
