"""The live cluster as the tests see it: what runs, what is ready, and the few things that are done to it.

Objects are those of the Kubernetes client; nothing here knows what a test wants to prove.
"""

import datetime
import time
from typing import Any

import kubernetes.client
import kubernetes.config
from kubernetes.client.exceptions import ApiException

from tests.e2e.waiting import wait_until

KSERVE = ("serving.kserve.io", "v1beta1", "inferenceservices")
WORKLOADS = {
    "gateway": "churn-gateway",
    "primary": "churn-primary-predictor",
    "fallback": "churn-fallback",
    "mlflow": "churn-mlflow",
    "object-storage": "churn-object-storage",
}
SERVING = ("gateway", "primary", "fallback")
NOT_FOUND = 404
PATIENT_SECONDS = 400.0
"""What a pod may take on a machine that does other things, too; no test is about how long that is."""


class Cluster:
    """One namespace of the cluster that ``KUBECONFIG`` names; components are those of one release in it."""

    def __init__(self, namespace: str, release: str = "churn") -> None:
        self.namespace = namespace
        self.release = release
        kubernetes.config.load_kube_config()  # type: ignore[no-untyped-call]
        # To the library's types every field may be None; what a test expects to be there, it shall simply read.
        self.core: Any = kubernetes.client.CoreV1Api()
        self.apps: Any = kubernetes.client.AppsV1Api()
        self.batch: Any = kubernetes.client.BatchV1Api()
        self.scaling: Any = kubernetes.client.AutoscalingV2Api()
        self.custom: Any = kubernetes.client.CustomObjectsApi()

    # What is there

    def pods(self, component: str) -> list[Any]:
        """Pods of a component that are not on their way out."""
        return [pod for pod in self._all_pods(component) if pod.metadata.deletion_timestamp is None]

    def _all_pods(self, component: str) -> list[Any]:
        selector = f"app.kubernetes.io/instance={self.release},app.kubernetes.io/component={component}"
        return list(self.core.list_namespaced_pod(self.namespace, label_selector=selector).items)

    def ready_pods(self, component: str) -> list[Any]:
        """Pods of a component that take traffic and will go on to: one that drains is still ready for a moment."""
        return [pod for pod in self.pods(component) if is_ready(pod) and pod.metadata.deletion_timestamp is None]

    def templates(self, component: str) -> set[tuple[str, int]]:
        """Template and restarts of every pod; an autoscaler adds pods of the same template and takes them away, which
        is no change."""
        return {(pod.metadata.labels["pod-template-hash"], restarts(pod)) for pod in self.pods(component)}

    def deployment(self, component: str) -> Any:
        """The Deployment behind a component."""
        return self.apps.read_namespaced_deployment(WORKLOADS[component], self.namespace)

    def secret(self, name: str) -> dict[str, str]:
        """A Secret's texts."""
        import base64

        data = self.core.read_namespaced_secret(name, self.namespace).data or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def inference_service(self, name: str) -> dict[str, Any]:
        """An InferenceService as it is now."""
        group, version, plural = KSERVE
        found: dict[str, Any] = self.custom.get_namespaced_custom_object(group, version, self.namespace, plural, name)
        return found

    def inference_service_is_ready(self, name: str) -> bool:
        """Whether its condition Ready is true for the specification as it is now."""
        status = self.inference_service(name).get("status", {})
        conditions = {one["type"]: one["status"] for one in status.get("conditions", [])}
        return conditions.get("Ready") == "True"

    # Waiting

    def rolled_out(self, component: str) -> bool:
        """Whether a Deployment is what its specification says: all replicas new, ready, and no old one left."""
        deployment = self.deployment(component)
        status, wanted = deployment.status, deployment.spec.replicas
        done = (status.observed_generation or 0) >= deployment.metadata.generation
        counts = (status.updated_replicas or 0, status.ready_replicas or 0, status.replicas or 0)
        return done and counts == (wanted, wanted, wanted)

    def wait_rolled_out(self, *components: str, seconds: float = PATIENT_SECONDS) -> None:
        """Wait until Deployments are at rest."""
        for component in components:
            wait_until(
                lambda component=component: self.rolled_out(component),  # type: ignore[misc]
                seconds,
                f"complete rollout of {component}",
                so_far=lambda component=component: self.summary(component),  # type: ignore[misc]
            )

    def wait_settled(self, *components: str, seconds: float = PATIENT_SECONDS) -> None:
        """Wait until Deployments are at rest and their former pods have ended, which answer while they drain."""
        self.wait_rolled_out(*components, seconds=seconds)
        for component in components:
            wait_until(
                lambda component=component: len(self._all_pods(component)) == len(self.ready_pods(component)),  # type: ignore[misc]
                seconds,
                f"end of the former pods of {component}",
                so_far=lambda component=component: self.summary(component),  # type: ignore[misc]
            )

    def wait_ready(self, component: str, count: int, seconds: float = PATIENT_SECONDS) -> list[Any]:
        """Wait until so many pods, or more, of a component are ready."""
        return wait_until(
            lambda: found if len(found := self.ready_pods(component)) >= count else [],
            seconds,
            f"{count} ready pods of {component}",
            so_far=lambda: self.summary(component),
        )

    def wait_new(self, component: str, before: set[str], seconds: float = PATIENT_SECONDS) -> list[Any]:
        """Wait until a pod that is not one of `before` is ready."""
        return wait_until(
            lambda: [pod for pod in self.ready_pods(component) if pod.metadata.name not in before],
            seconds,
            f"new ready pod of {component}",
            so_far=lambda: self.summary(component),
        )

    def wait_least(self, *components: str) -> None:
        """Wait until Deployments are at rest with the least that their autoscalers keep: what a load has added goes."""
        for component in components:
            name = f"churn-{component}"
            least = self.scaling.read_namespaced_horizontal_pod_autoscaler(name, self.namespace).spec.min_replicas
            wait_until(
                lambda component=component, least=least: self.deployment(component).spec.replicas == least,  # type: ignore[misc]
                PATIENT_SECONDS,
                f"least replicas of {component}",
                so_far=lambda component=component: self.summary(component),  # type: ignore[misc]
            )
        self.wait_settled(*components)

    def summary(self, component: str) -> list[str]:
        """The state of a component's pods, one line each."""
        return [
            f"{pod.metadata.name} on {pod.spec.node_name}: {pod.status.phase}, ready {is_ready(pod)}, "
            f"{waiting_reasons(pod)}"
            for pod in self.pods(component)
        ]

    # Doing

    def kill(self, pods: list[Any]) -> float:
        """Delete pods by force, without any grace; returns the moment before."""
        moment = time.time()
        for pod in pods:
            try:
                self.core.delete_namespaced_pod(
                    pod.metadata.name, self.namespace, grace_period_seconds=0, propagation_policy="Background"
                )
            except ApiException as error:
                if error.status != NOT_FOUND:  # an autoscaler was first
                    raise
        return moment

    def restart(self, component: str) -> None:
        """Replace all pods of a Deployment of our own, one after another."""
        stamp = {"churn-e2e/restarted-at": datetime.datetime.now(datetime.UTC).isoformat()}
        patch = {"spec": {"template": {"metadata": {"annotations": stamp}}}}
        self.apps.patch_namespaced_deployment(WORKLOADS[component], self.namespace, patch)

    def restart_primary(self) -> None:
        """The same for a Deployment that KServe owns: it would undo a change made behind its back."""
        stamp = {"churn-e2e/restarted-at": datetime.datetime.now(datetime.UTC).isoformat()}
        self.patch_inference_service("churn-primary", {"spec": {"predictor": {"annotations": stamp}}})

    def patch_inference_service(self, name: str, patch: dict[str, Any]) -> None:
        """Merge a patch into an InferenceService."""
        group, version, plural = KSERVE
        self.custom.patch_namespaced_custom_object(group, version, self.namespace, plural, name, patch)

    def scale(self, name: str, replicas: int, namespace: str | None = None) -> None:
        """Set a Deployment's replicas."""
        body = {"spec": {"replicas": replicas}}
        self.apps.patch_namespaced_deployment_scale(name, namespace or self.namespace, body)

    def set_least_replicas(self, name: str, least: int) -> None:
        """Change what an HPA keeps at least."""
        self.scaling.patch_namespaced_horizontal_pod_autoscaler(name, self.namespace, {"spec": {"minReplicas": least}})

    def log(self, pod: str, container: str | None = None, *, previous: bool = False) -> str:
        """What a container has written; empty if it has not started."""
        try:
            text: str = self.core.read_namespaced_pod_log(
                pod, self.namespace, container=container, previous=previous, tail_lines=400
            )
        except ApiException as error:
            return f"({error.status} {error.reason})"
        return text


def is_ready(pod: Any) -> bool:
    """Whether a pod takes traffic."""
    return any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions or [])


def restarts(pod: Any) -> int:
    """How often containers of a pod had to be started again."""
    statuses = [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]
    return sum(status.restart_count for status in statuses)


def waiting_reasons(pod: Any) -> list[str]:
    """Why containers do not run."""
    statuses = [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]
    found = []
    for status in statuses:
        if status.state.waiting is not None:
            found.append(f"{status.name}: {status.state.waiting.reason}")
        ended = status.state.terminated or status.last_state.terminated
        if ended is not None and ended.exit_code:
            found.append(f"{status.name}: exit {ended.exit_code} {(ended.message or '').strip()[-200:]}")
    return found


def seconds_to_ready(pod: Any) -> dict[str, float]:
    """From the start of a pod's own container, and from the pod's creation, to Ready; resolution one second."""
    ready = next(one.last_transition_time for one in pod.status.conditions if one.type == "Ready")
    started = max(one.state.running.started_at for one in pod.status.container_statuses)
    created = pod.metadata.creation_timestamp
    return {
        "container_start_to_ready": (ready - started).total_seconds(),
        "created_to_ready": (ready - created).total_seconds(),
    }
