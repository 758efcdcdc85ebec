"""The development object storage, reached through a forwarded port with the rights of one of its users."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from tests.e2e.cluster import Cluster
from tests.e2e.inside import forwarded

ADMINISTRATOR = "churn-object-storage-root"
SERVING, TRAINING, MLFLOW = "churn-s3-serving", "churn-s3-training", "churn-s3-mlflow"
PREDICTION_LOG = "churn-s3-prediction-log"
MONITORING = "churn-s3-monitoring"
PORT = 9000


@contextlib.contextmanager
def storage_of(cluster: Cluster, secret: str = ADMINISTRATOR) -> Iterator[Any]:
    """An S3 client with the credentials of a Secret."""
    import boto3
    from botocore.config import Config

    keys = cluster.secret(secret)
    pod = cluster.wait_ready("object-storage", 1)[0].metadata.name
    with forwarded(cluster.namespace, pod, PORT) as port:
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 4}, read_timeout=60),
        )
        try:
            yield client
        finally:
            client.close()


def place_of(uri: str) -> tuple[str, str]:
    """Bucket and prefix of an ``s3://`` address; the prefix ends with a slash."""
    parts = urlsplit(uri)
    return parts.netloc, parts.path.strip("/") + "/"


def objects_at(client: Any, uri: str) -> dict[str, bytes]:
    """Every object below an address, by its name there."""
    bucket, prefix = place_of(uri)
    listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    keys = [entry["Key"] for entry in listed]
    return {key[len(prefix) :]: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def put_objects(client: Any, uri: str, objects: dict[str, bytes]) -> None:
    """Store objects below an address."""
    bucket, prefix = place_of(uri)
    for name, content in objects.items():
        client.put_object(Bucket=bucket, Key=prefix + name, Body=content)


def download(client: Any, uri: str, folder: Path) -> Path:
    """Everything below an address as files of a folder."""
    for name, content in objects_at(client, uri).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def refusal(call: Any, **arguments: Any) -> str:
    """The code with which a call was refused; empty if it was not."""
    try:
        call(**arguments)
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    return ""
