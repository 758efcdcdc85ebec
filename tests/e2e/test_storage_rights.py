"""Least rights in object storage: each consumer does what it needs and nothing else, tried with its own Secret."""

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.release import Release
from tests.e2e.storage import MLFLOW, SERVING, TRAINING, refusal, storage_of

pytestmark = pytest.mark.timeout(600)
DENIED = "AccessDenied"
ALLOWED = ""

# Read models, write models, read data, write data.
RIGHTS = {
    SERVING: (ALLOWED, DENIED, DENIED, DENIED),
    MLFLOW: (ALLOWED, DENIED, DENIED, DENIED),
    TRAINING: (ALLOWED, ALLOWED, ALLOWED, DENIED),
}


@pytest.mark.parametrize("secret", RIGHTS)
def test_rights(release: Release, cluster: Cluster, secret: str) -> None:
    del release
    with storage_of(cluster, secret) as client:
        tried = (
            refusal(client.list_objects_v2, Bucket="churn-models"),
            refusal(client.put_object, Bucket="churn-models", Key="e2e/probe", Body=b"x"),
            refusal(client.list_objects_v2, Bucket="churn-data"),
            refusal(client.put_object, Bucket="churn-data", Key="e2e/probe", Body=b"x"),
        )
        assert tried == RIGHTS[secret]
        assert refusal(client.delete_bucket, Bucket="churn-data") == DENIED
        assert refusal(client.create_bucket, Bucket="churn-e2e") == DENIED


def test_serving_reads_the_starter(release: Release, cluster: Cluster) -> None:
    del release
    with storage_of(cluster, SERVING) as client:
        found = client.list_objects_v2(Bucket="churn-models", Prefix="starter/")["Contents"]
        manifest = next(entry["Key"] for entry in found if entry["Key"].endswith("manifest.json"))
        assert client.get_object(Bucket="churn-models", Key=manifest)["Body"].read().startswith(b"{")
