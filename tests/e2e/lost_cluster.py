"""What a company still has when its cluster is gone: object storage with its models, the repository, and the keys that
it keeps in a safe place; and how its repository describes a cluster that has nothing yet, not even KServe.

Differs from `manifests/argocd` in what no machine without the Internet can have: KServe comes out of the repository
instead of a registry of charts, rendered for this cluster, and brings a certificate instead of asking cert-manager.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from churn_delivery.model_file import ServedModel, model_text
from churn_training.cluster.material import hashed_api_keys, new_api_key
from churn_training.cluster.names import MLFLOW, SERVING, TRAINING
from tests.e2e.commands import ROOT, json_of
from tests.e2e.gitops import APPLICATION, APPLICATIONS_FOLDER, ENVIRONMENT_FOLDER
from tests.storage.machines import Machine, Storage, machine_with_mlflow, object_storage

ADDRESS = "10.244.0.1"
"""Where pods of the throwaway cluster reach this machine."""
HTTP_PORT, GRPC_PORT = 30080, 30081
"""Where the gateway is reached from outside, in place of an ingress."""
PACKAGES = "platform"
SIGNING_KEY, API_KEYS, FIRST_KEY = "company-signing", "company-api-keys", "company-api-key"
_STORAGE_KEYS = {SERVING: "company-s3-serving", TRAINING: "company-s3-training", MLFLOW: "company-s3-mlflow"}


@dataclass(frozen=True)
class Kept:
    """What outlives a cluster. `machine` has the signing key and no registry any more; `served` is a version that was
    registered, `trained` what its training said."""

    storage: Storage
    machine: Machine
    trained: Mapping[str, Any]
    key: Mapping[str, str]

    @property
    def served(self) -> ServedModel:
        name, version, run = (str(self.trained[field]) for field in ("name", "version", "run_id"))
        return ServedModel(f"{self.trained['uri']}/", self.trained["digest"], name, version, run)

    def secrets(self) -> Iterator[dict[str, Any]]:
        """Secrets of the namespace, as a person or their tool for secrets restores them."""
        address = urlsplit(self.storage.url)
        for consumer, name in _STORAGE_KEYS.items():
            annotations = {"s3-endpoint": address.netloc, "s3-usehttps": "0", "s3-region": "us-east-1"}
            yield _secret(
                name,
                self.storage.users[consumer],
                {f"serving.kserve.io/{key}": value for key, value in annotations.items()},
            )
        yield _secret(SIGNING_KEY, {"signing.pem": (self.machine.home / "keys" / "signing.pem").read_text()})
        yield _secret(FIRST_KEY, self.key)
        yield _secret(API_KEYS, hashed_api_keys(self.key, FIRST_KEY))

    def values(self) -> dict[str, Any]:
        """What `env.yaml` says of it."""
        address = urlsplit(self.storage.url)
        existing = {"signingKey": SIGNING_KEY, "apiKeys": API_KEYS, "apiKeyInitial": FIRST_KEY}
        existing |= {f"s3{consumer.title()}": name for consumer, name in _STORAGE_KEYS.items()}
        peers = {"to": [{"ipBlock": {"cidr": f"{ADDRESS}/32"}}], "ports": [address.port]}
        ports = {"type": "NodePort", "httpNodePort": HTTP_PORT, "grpcNodePort": GRPC_PORT}
        return {
            "gateway": {"service": ports},
            "objectStorage": {"enabled": False, "external": {"endpoint": address.netloc, "useHttps": False}},
            "secrets": {"existing": existing},
            "networkPolicy": {"objectStorage": peers},
            "mlflow": {"persistence": {"retain": False}},
            "priorityClasses": {"create": False},
        }


@contextmanager
def kept(folder: Path, starter: Path) -> Iterator[Kept]:
    """A company that has trained a model; its MLflow is gone."""
    (folder / "storage").mkdir()
    (folder / "machine").mkdir()
    with object_storage(folder / "storage", ADDRESS) as storage:
        done = storage.set_up(starter)
        assert done.returncode == 0, done.stderr
        with machine_with_mlflow(storage, folder / "machine") as machine:
            trained = json_of(machine.train("--rows", "2000", "--force-promote", "--json"))
        yield Kept(storage, machine, trained, new_api_key())


def described(checkout: Path, company: Kept) -> None:
    """Have the repository say all of an empty cluster: KServe and the environment, which serves the trained model."""
    for name in ("staging", "prod"):  # there is no room for them
        (checkout / APPLICATIONS_FOLDER / f"{name}.yaml").unlink()
    (checkout / ENVIRONMENT_FOLDER / "env.yaml").write_text(yaml.safe_dump(company.values()))
    (checkout / ENVIRONMENT_FOLDER / "model.yaml").write_bytes(model_text(company.served))
    (checkout / "ci").mkdir()
    shutil.copy(ROOT / "ci" / "restore", checkout / "ci" / "restore")
    folders = {"kserve-definitions": "definitions", "kserve": "kserve"}
    for folder, objects in (("definitions", _rendered("definitions")), ("kserve", without_secrets())):
        (checkout / PACKAGES / folder).mkdir(parents=True)
        (checkout / PACKAGES / folder / "all.yaml").write_text(yaml.safe_dump_all(objects))
    (environment,) = _applications(checkout / APPLICATIONS_FOLDER / "dev.yaml", {APPLICATION})
    address = environment["spec"]["source"]["repoURL"]
    platform = checkout / APPLICATIONS_FOLDER / "platform.yaml"
    (project,) = (one for one in yaml.safe_load_all(platform.read_text()) if one["kind"] == "AppProject")
    project["spec"]["sourceRepos"] = [address]
    applications = _applications(platform, set(folders))
    assert len(applications) == len(folders)
    for one in applications:
        path = f"{PACKAGES}/{folders[one['metadata']['name']]}"
        one["spec"]["source"] = {"repoURL": address, "targetRevision": "main", "path": path}
    platform.write_text(yaml.safe_dump_all([project, *applications]))


def certificate() -> list[dict[str, Any]]:
    """The Secret with the certificate of KServe's webhooks, which elsewhere cert-manager makes."""
    return [one for one in _rendered("kserve") if one["kind"] == "Secret"]


def without_secrets() -> list[dict[str, Any]]:
    return [one for one in _rendered("kserve") if one["kind"] not in ("Secret", "Namespace")]


def _rendered(name: str) -> list[dict[str, Any]]:
    home = Path(os.environ.get("CLUSTER_HOME") or Path.home() / ".cache" / "churn-cluster")
    text = (home / "run" / "kserve" / f"{name}.yaml").read_text()
    return [one for one in yaml.safe_load_all(text) if one]


def _applications(path: Path, names: set[str]) -> list[dict[str, Any]]:
    documents = list(yaml.safe_load_all(path.read_text()))
    return [one for one in documents if one["kind"] == "Application" and one["metadata"]["name"] in names]


def _secret(name: str, content: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
    metadata = {"name": name, "annotations": dict(annotations or {})}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(content)}
