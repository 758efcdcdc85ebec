"""What runs is as confined as it claims: by the API server's own admission and by what the pods really are."""

import json
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from tests.e2e.cluster import Cluster
from tests.e2e.inside import execute
from tests.e2e.probes import RESTRICTED, SLEEP, training_image
from tests.e2e.release import Release

pytestmark = pytest.mark.timeout(600)
# The only components that talk to the Kubernetes API: hooks.
WITH_TOKEN = {"bootstrap", "first-answer"}
# What this container is, the cluster's ClusterStorageContainer says and not the chart.
KSERVES_OWN = {"storage-initializer"}
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture(scope="module")
def pods(release: Release, cluster: Cluster) -> list[Any]:
    """Every pod of the release, finished ones too."""
    del release
    found = cluster.core.list_namespaced_pod(cluster.namespace, label_selector="app.kubernetes.io/instance=churn")
    assert len(found.items) >= 8
    return list(found.items)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"privileged": True, "allowPrivilegeEscalation": True}, "privileged"),
        ({"allowPrivilegeEscalation": True}, "allowPrivilegeEscalation"),
        ({"capabilities": {}}, "capabilities.drop"),
        ({"runAsNonRoot": False, "runAsUser": 0}, "runAsNonRoot"),
        ({"seccompProfile": {"type": "Unconfined"}}, "seccompProfile"),
    ],
)
def test_a_pod_that_violates_restricted_is_rejected(
    release: Release, cluster: Cluster, change: dict[str, Any], field: str
) -> None:
    del release
    container = {"name": "bad", "image": training_image(cluster), "command": SLEEP}
    pod = {
        "metadata": {"name": "bad"},
        "spec": {"containers": [{**container, "securityContext": {**RESTRICTED, **change}}]},
    }
    with pytest.raises(ApiException) as refused:
        cluster.core.create_namespaced_pod(cluster.namespace, pod, dry_run="All")
    assert refused.value.status == 403
    message = json.loads(str(refused.value.body))["message"]
    assert 'violates PodSecurity "restricted' in message
    assert field in message


def test_every_container_is_confined(pods: list[Any]) -> None:
    wrong = []
    for pod in pods:
        for container in [*(pod.spec.init_containers or []), *pod.spec.containers]:
            context, shared = container.security_context, pod.spec.security_context
            name = f"{pod.metadata.name}/{container.name}"
            seccomp = context.seccomp_profile or (shared and shared.seccomp_profile)
            confined = {
                "root file system is read-only": context.read_only_root_filesystem is True
                or container.name in KSERVES_OWN,
                "no privilege escalation": context.allow_privilege_escalation is False,
                "no capabilities": context.capabilities.drop == ["ALL"] and not context.capabilities.add,
                "not root": bool(context.run_as_non_root or (shared and shared.run_as_non_root)),
                "seccomp": bool(seccomp) and seccomp.type == "RuntimeDefault",
                "memory limit": bool((container.resources.limits or {}).get("memory")),
                "CPU request": bool((container.resources.requests or {}).get("cpu")),
            }
            wrong += [f"{name}: {what}" for what, holds in confined.items() if not holds]
        if pod.spec.host_network or pod.spec.host_pid or pod.spec.host_ipc:
            wrong.append(f"{pod.metadata.name}: shares a namespace with its node")
    assert not wrong, "\n".join(wrong)


def test_no_token_is_mounted_where_none_is_needed(pods: list[Any]) -> None:
    holders = {
        pod.metadata.labels["app.kubernetes.io/component"]
        for pod in pods
        for container in [*(pod.spec.init_containers or []), *pod.spec.containers]
        for mount in container.volume_mounts or []
        if mount.mount_path == TOKEN
    }
    assert holders <= WITH_TOKEN


@pytest.mark.parametrize("component", ["gateway", "primary", "fallback", "mlflow"])
def test_a_process_inside_is_nobody_and_writes_nowhere(release: Release, cluster: Cluster, component: str) -> None:
    del release
    pod = cluster.wait_ready(component, 1)[0]
    container = pod.spec.containers[0].name
    script = "import os; print(os.getuid(), flush=True); open('/written', 'w')"
    ended = execute(cluster.namespace, pod.metadata.name, container, ["python", "-c", script])
    assert ended.code != 0
    assert "10001" in ended.output
    assert "Read-only file system" in ended.output
