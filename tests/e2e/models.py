"""Models on the cluster: the one that training made there from the real customers, and how to serve it."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.cluster import Cluster
from tests.e2e.commands import churn
from tests.e2e.storage import download, storage_of

DATA_URI = "s3://churn-data/telco.csv"


@dataclass(frozen=True)
class Model:
    """A model package in object storage and a copy of it here."""

    uri: str
    digest: str
    folder: Path
    verify_key: Path

    @property
    def settings(self) -> tuple[str, str]:
        """Chart values that make it the primary's."""
        return f"primary.model.uri={self.uri}", f"primary.model.digest={self.digest}"


def upload_customers(cluster: Cluster, path: Path) -> None:
    """Put the customers where training Jobs read them."""
    with storage_of(cluster) as client:
        client.upload_file(str(path), "churn-data", "telco.csv")


def train_on_cluster(namespace: str, home: Path, *arguments: str) -> tuple[dict[str, Any], float, str]:
    """`churn train --on-cluster`: its JSON result, how many seconds it took, and the log it followed."""
    started = time.monotonic()
    ended = churn("train", "--on-cluster", "--namespace", namespace, "--json", *arguments, home=home, seconds=600)
    assert ended.returncode == 0, f"{ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    result: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return result, round(time.monotonic() - started, 1), ended.stderr


def fetch(cluster: Cluster, result: dict[str, Any], folder: Path) -> Model:
    """A copy of a trained package, and the public keys that the cluster trusts."""
    with storage_of(cluster) as client:
        download(client, result["uri"], folder / "package")
    keys = cluster.core.read_namespaced_config_map("churn-verify-key", cluster.namespace).data
    verify_key = folder / "verify.pem"
    verify_key.write_text(keys["verify.pem"])
    return Model(result["uri"].rstrip("/") + "/", result["digest"], folder / "package", verify_key)
