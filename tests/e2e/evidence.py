"""What a failing test leaves behind: events, pods and logs of the moment, for people who were not there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException

from tests.e2e.cluster import KSERVE, Cluster


def collect(cluster: Cluster, folder: Path) -> None:
    """Write everything about the namespace into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    plain: Callable[[Any], Any] = ApiClient().sanitize_for_serialization
    core, namespace = cluster.core, cluster.namespace
    pods = core.list_namespaced_pod(namespace).items
    objects = {
        "events": core.list_namespaced_event(namespace).items,
        "pods": pods,
        "deployments": cluster.apps.list_namespaced_deployment(namespace).items,
        "jobs": cluster.batch.list_namespaced_job(namespace).items,
        "autoscalers": cluster.scaling.list_namespaced_horizontal_pod_autoscaler(namespace).items,
        "nodes": core.list_node().items,
    }
    for name, found in objects.items():
        (folder / f"{name}.json").write_text(json.dumps(plain(found), indent=1))
    (folder / "events.txt").write_text("\n".join(_event_line(event) for event in _by_time(objects["events"])) + "\n")
    _inference_services(cluster, folder)
    for pod in pods:
        for container in [*(pod.spec.init_containers or []), *pod.spec.containers]:
            for previous in (False, True):
                text = cluster.log(pod.metadata.name, container.name, previous=previous)
                name = f"{pod.metadata.name}.{container.name}{'.previous' if previous else ''}.log"
                if not (previous and text.startswith("(400")):
                    (folder / name).write_text(text)


def _inference_services(cluster: Cluster, folder: Path) -> None:
    group, version, plural = KSERVE
    try:
        found = cluster.custom.list_namespaced_custom_object(group, version, cluster.namespace, plural)
    except ApiException as error:
        found = {"error": f"{error.status} {error.reason}"}
    (folder / "inferenceservices.json").write_text(json.dumps(found, indent=1))


def _by_time(events: list[Any]) -> list[Any]:
    return sorted(events, key=lambda event: str(_moment(event)))


def _moment(event: Any) -> Any:
    return getattr(event, "last_timestamp", None) or getattr(event, "event_time", None)


def _event_line(event: Any) -> str:
    involved = event.involved_object
    reason, message = event.reason, event.message
    return f"{_moment(event)} {involved.kind}/{involved.name} {reason}: {message}"
