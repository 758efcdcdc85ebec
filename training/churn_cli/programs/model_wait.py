"""``python -m churn_cli.programs.model_wait``: an init container of the chart that waits for the starter model."""

import sys

from churn_cli.guard import guarded
from churn_cli.terminal import say
from churn_training.cluster.model_wait import ModelWaitSettings, wait


def main() -> int:
    """Run once in a pod; returns the exit code: 0, or 2 for settings that are none."""
    return guarded(lambda: wait(ModelWaitSettings.from_environment(), say))


if __name__ == "__main__":
    sys.exit(main())
