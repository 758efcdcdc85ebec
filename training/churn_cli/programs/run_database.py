"""``python -m churn_cli.programs.run_database``: an init container of MLflow in the chart, before its server."""

import sys
from collections.abc import Sequence

from churn_cli.guard import guarded
from churn_cli.programs.pods import pod_parser
from churn_cli.terminal import say
from churn_training.cluster.run_database import VARIABLE, upgrade

VARIABLES = {VARIABLE: "address of MLflow's database, always needed"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once in a pod; returns the exit code: 0, or 2 for a database that cannot be used."""
    description = "Bring the schema of MLflow's database to that of the MLflow that is installed."
    pod_parser("run_database", description, VARIABLES).parse_args(arguments)
    return guarded(lambda: upgrade(say))


if __name__ == "__main__":
    sys.exit(main())
