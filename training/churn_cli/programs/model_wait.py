"""``python -m churn_cli.programs.model_wait``: an init container of the chart that waits for the starter model."""

import sys
from collections.abc import Sequence

from churn_cli.guard import guarded
from churn_cli.programs.pods import pod_parser
from churn_cli.terminal import say
from churn_training.cluster.model_wait import ModelWaitSettings, wait

VARIABLES = {
    "CHURN_MODEL_WAIT_URI": "s3:// folder of the model, always needed",
    "CHURN_MODEL_WAIT_SECONDS": "how long to wait for it (240)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once in a pod; returns the exit code: 0, or 2 for settings that are none."""
    description = "Wait until a model lies whole in object storage; whatever is seen, end well."
    pod_parser("model_wait", description, VARIABLES).parse_args(arguments)
    return guarded(lambda: wait(ModelWaitSettings.from_environment(), say))


if __name__ == "__main__":
    sys.exit(main())
