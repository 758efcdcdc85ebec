"""Makes what a fresh release lacks, once, in a pod before the release's own pods."""

import sys

from churn_cli.guard import guarded
from churn_cli.terminal import say
from churn_training.cluster.bootstrap import BootstrapSettings, bootstrap
from churn_training.cluster.kubernetes_api import KubernetesApi


def main() -> int:
    """Returns the exit code: 0, 2 for what trying again cannot mend, 1 for anything else."""
    return guarded(_run)


def _run() -> None:
    settings = BootstrapSettings.from_environment()
    bootstrap(KubernetesApi.in_cluster(settings.namespace), settings, say)


if __name__ == "__main__":
    sys.exit(main())
