"""Prepares object storage for a release, in a pod, again at every change of the release."""

import sys
from collections.abc import Sequence

from churn_cli.guard import guarded
from churn_cli.programs.pods import pod_parser
from churn_cli.terminal import say
from churn_training.cluster.storage_setup import StorageSettings, set_up

VARIABLES = {
    "CHURN_STORAGE_MODELS_BUCKET": "bucket of models (churn-models)",
    "CHURN_STORAGE_DATA_BUCKET": "bucket of data (churn-data)",
    "CHURN_STORAGE_ADMINISTER": "true: make buckets and rights, false: leave them alone (true)",
    "CHURN_STORAGE_SERVING_USER": "who serves, needed where rights are made",
    "CHURN_STORAGE_TRAINING_USER": "who trains, as above",
    "CHURN_STORAGE_MLFLOW_USER": "MLflow's, as above",
    "CHURN_STORAGE_PREDICTION_LOG_USER": "who takes the prediction log there (nobody)",
    "CHURN_STORAGE_MONITORING_USER": "who looks back at it (nobody)",
    "CHURN_STORAGE_MARKETING_USER": "who fetches scores for the app for people (nobody)",
    "CHURN_STORAGE_MARKETING_CUSTOMERS": "s3:// place of the customers that it reads beside them (none)",
    "CHURN_STORAGE_STARTER": "folder of the starter model (/starter/package)",
    "CHURN_STORAGE_STARTER_URI": "s3:// place that it is uploaded to (nowhere)",
    "CHURN_STORAGE_WAIT_SECONDS": "how long to wait for the storage (120)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, 2 for what trying again cannot mend, 1 for anything else."""
    description = "Make the buckets of a release with least rights, and upload its starter model."
    pod_parser("storage_setup", description, VARIABLES).parse_args(arguments)
    return guarded(lambda: set_up(StorageSettings.from_environment(), say))


if __name__ == "__main__":
    sys.exit(main())
