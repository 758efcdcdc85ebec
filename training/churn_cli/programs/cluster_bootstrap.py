"""Makes what a fresh release lacks, once, in a pod before the release's own pods."""

import sys
from collections.abc import Sequence

from churn_cli.guard import guarded
from churn_cli.programs.pods import pod_parser
from churn_cli.terminal import say
from churn_training.cluster.bootstrap import BootstrapSettings, bootstrap
from churn_training.cluster.kubernetes_api import KubernetesApi

VARIABLES = {
    "CHURN_BOOTSTRAP_FULLNAME": "what names of the release begin with (churn)",
    "CHURN_BOOTSTRAP_INSTANCE": "the release, for labels (churn)",
    "CHURN_BOOTSTRAP_NAMESPACE": "where it lies (the pod's)",
    "CHURN_BOOTSTRAP_PARTS": "what is made, of signing, verify, api-keys, object-storage, prediction-log-user, "
    "prediction-log-keys, monitoring-user and marketing-user, with commas (all)",
    "CHURN_BOOTSTRAP_SIGNING_SECRET": "Secret of the signing key (the release's own)",
    "CHURN_BOOTSTRAP_STARTER_KEY": "file of the key that signed the starter model (/starter/verify.pem)",
    "CHURN_BOOTSTRAP_STARTER_IMAGE": "what names the image that holds it; starters of this and of the one before are "
    "trusted (unnamed)",
    "CHURN_BOOTSTRAP_TRUST_STARTER": "whether any starter is trusted (true)",
    "CHURN_BOOTSTRAP_STORAGE_ENDPOINT": "address of object storage (the release's own)",
    "CHURN_BOOTSTRAP_STORAGE_REGION": "its region (us-east-1)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, 2 for what trying again cannot mend, 1 for anything else."""
    description = "Make what a fresh release lacks: keys, the first API key, users of object storage."
    pod_parser("cluster_bootstrap", description, VARIABLES).parse_args(arguments)
    return guarded(_run)


def _run() -> None:
    settings = BootstrapSettings.from_environment()
    bootstrap(KubernetesApi.in_cluster(settings.namespace), settings, say)


if __name__ == "__main__":
    sys.exit(main())
