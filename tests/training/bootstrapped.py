"""A release whose first secrets are made beside a small API server, and what lies there."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from churn_cli.terminal import say
from churn_training.cluster.bootstrap import BootstrapSettings, bootstrap
from churn_training.cluster.kubernetes_api import KubernetesApi
from small_api_server import ApiServer, running

SECRETS = "/api/v1/namespaces/shop/secrets"
VERIFY_KEY = "/api/v1/namespaces/shop/configmaps/churn-verify-key"
MADE = {
    f"{SECRETS}/churn-signing-key",
    VERIFY_KEY,
    f"{SECRETS}/churn-api-key-initial",
    f"{SECRETS}/churn-api-keys",
    f"{SECRETS}/churn-object-storage-root",
    f"{SECRETS}/churn-object-storage-users",
    f"{SECRETS}/churn-s3-serving",
    f"{SECRETS}/churn-s3-training",
    f"{SECRETS}/churn-s3-mlflow",
    f"{SECRETS}/churn-s3-prediction-log",
    f"{SECRETS}/churn-s3-monitoring",
    f"{SECRETS}/churn-s3-marketing",
    f"{SECRETS}/churn-prediction-log-keys",
}
USERS = f"{SECRETS}/churn-object-storage-users"
WITHOUT_LOG = "signing,verify,api-keys,object-storage"


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with running() as started:
        yield started


@pytest.fixture
def api(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KubernetesApi:
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path)))
    return KubernetesApi.from_kubeconfig("shop")


def make(api: KubernetesApi, settings: BootstrapSettings) -> None:
    """As in a pod, what it says on stderr."""
    bootstrap(api, settings, say)


def settings(**changes: str) -> BootstrapSettings:
    return BootstrapSettings.from_environment(
        {"CHURN_BOOTSTRAP_NAMESPACE": "shop"} | {f"CHURN_BOOTSTRAP_{name}": value for name, value in changes.items()}
    )


def secret(server: ApiServer, name: str) -> dict[str, str]:
    data = server.objects[f"{SECRETS}/{name}"]["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}
