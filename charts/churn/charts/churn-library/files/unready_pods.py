#!/usr/bin/env python3
"""Which pods of a release are not ready, and why, one line each: what people would look up with `kubectl describe`.

Reads the pods and events of a namespace as JSON: from the API server inside a pod that may list them, or from stdin
(`kubectl get pods,events --output json | python unready_pods.py RELEASE [COMPONENT...]`). It changes
nothing, and uses the standard library alone, as it runs inside the images and beside helm.
"""

import json
import ssl
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SERVER = "https://kubernetes.default.svc"
TIMEOUT_SECONDS = 10.0
INSTANCE, COMPONENT = "app.kubernetes.io/instance", "app.kubernetes.io/component"
UNREMARKABLE = ("PodInitializing", "ContainerCreating")
LONGEST = 400

_NO_IMAGE = (
    "the nodes do not get this image: push it to where image.registry says, or load it into them (make install does)"
)
_NO_ROOM = "ask for less (--values charts/churn/presets/small.yaml) or add nodes"
HINTS = {
    "ErrImagePull": _NO_IMAGE,
    "ImagePullBackOff": _NO_IMAGE,
    "ErrImageNeverPull": _NO_IMAGE,
    "Unschedulable": _NO_ROOM,
}

Object = Mapping[str, Any]


def main() -> int:
    """Print the lines for a release; the exit code is 0 when all are ready."""
    lines = unready(json.load(sys.stdin)["items"], sys.argv[1], sys.argv[2:])
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


def from_api_server() -> list[Any]:
    """Pods and events of the namespace of this pod.

    Raises:
        OSError: the API server refused or does not answer.
    """
    namespace = (ACCOUNT / "namespace").read_text()
    headers = {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}"}
    trust = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    found: list[Any] = []
    for plural, kind in (("pods", "Pod"), ("events", "Event")):
        request = urllib.request.Request(f"{SERVER}/api/v1/namespaces/{namespace}/{plural}", headers=headers)  # noqa: S310 - https above
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=trust) as answer:  # noqa: S310 - https above
            found += [{"kind": kind, **item} for item in json.load(answer)["items"]]
    return found


def unready(items: Iterable[Object], release: str, components: Sequence[str] = ()) -> list[str]:
    """One line for each pod of a release that neither is ready nor has ended well; training is nobody's condition.

    With components only theirs: a release of a part shares its label with the rest of its family.
    """
    found = list(items)
    events = latest_events(one for one in found if one["kind"] == "Event")
    pods = [one for one in found if one["kind"] == "Pod" and belongs(one, release, components)]
    return sorted(f"{name_of(pod)}: {reason(pod, events)}" for pod in newest_tries(pods) if is_waited_for(pod))


def belongs(pod: Object, release: str, components: Sequence[str] = ()) -> bool:
    """Whether a pod is one that an installation consists of."""
    labels = pod["metadata"].get("labels", {})
    component = labels.get(COMPONENT)
    return labels.get(INSTANCE) == release and (component in components if components else component != "training")


def newest_tries(pods: Iterable[Object]) -> list[Object]:
    """Of pods that are tries of one Job the last one alone: an earlier failure that was mended is none."""
    last = {
        job_of(pod) or name_of(pod): pod
        for pod in sorted(pods, key=lambda one: str(one["metadata"]["creationTimestamp"]))
    }
    return list(last.values())


def is_waited_for(pod: Object) -> bool:
    """Whether a pod should become ready, or should have ended well, and has not."""
    status = pod["status"]
    gone = pod["metadata"].get("deletionTimestamp") or (status.get("phase") == "Failed" and not job_of(pod))
    if gone or status.get("phase") == "Succeeded":
        return False
    return not any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", []))


def reason(pod: Object, events: Mapping[str, str]) -> str:
    """Why a pod is not ready, as far as its status or the last event tells."""
    word, message = next(causes(pod["status"]), ("not ready yet", ""))
    return shortened(word, message or events.get(name_of(pod), ""))


def causes(status: Object) -> Iterator[tuple[str, str]]:
    """What holds a pod up, the most telling first: a word, and a message that may be empty."""
    containers = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    for container in containers:
        state = container.get("state", {})
        ended = state.get("terminated") or container.get("lastState", {}).get("terminated") or {}
        if ended.get("exitCode"):
            yield f"{container['name']} ended with {ended['exitCode']}", last_line(ended.get("message"))
    for container in containers:
        waiting = container.get("state", {}).get("waiting", {})
        if waiting.get("reason", UNREMARKABLE[0]) not in UNREMARKABLE:
            yield waiting["reason"], f"{container['image']}: {waiting.get('message', '')}"
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] != "True":
            yield condition.get("reason", "not scheduled"), condition.get("message", "")
    for container in status.get("initContainerStatuses", []):
        # A sidecar runs as long as its pod, and holds nobody up once it has started.
        if "running" in container.get("state", {}) and not container.get("started"):
            yield f"{container['name']} is under way", ""


def last_line(message: str | None) -> str:
    """The end of a termination message, where the reason stands."""
    return (message or "").strip().rpartition("\n")[2]


def latest_events(events: Iterable[Object]) -> dict[str, str]:
    """The last telling warning about each pod; where there is none, the last that happened to it at all."""
    of_pods = [one for one in events if one["involvedObject"].get("kind") == "Pod"]
    in_order = sorted(of_pods, key=lambda one: (one.get("type") == "Warning", not is_echo(one), moment(one)))
    return {one["involvedObject"]["name"]: one.get("message", "") for one in in_order}


def is_echo(event: Object) -> bool:
    """Whether it names an error alone, which another event of the same moment explains ("Error: ErrImagePull")."""
    return str(event.get("message", "")).startswith("Error: ")


def moment(event: Object) -> str:
    """When an event happened last; times in one form sort as texts."""
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


def job_of(pod: Object) -> str:
    """The Job that a pod is a try of; empty if it is none."""
    return str(pod["metadata"].get("labels", {}).get("batch.kubernetes.io/job-name", ""))


def name_of(pod: Object) -> str:
    """A pod's name."""
    return str(pod["metadata"]["name"])


def shortened(word: str, message: str) -> str:
    """Both on one line, with what can be done about it where that is known."""
    line = " ".join(f"{word}: {message}".split()).rstrip(": ")
    # A pull that is tried again says so in an event alone.
    known = _NO_IMAGE if message.startswith(("Failed to pull image", "Back-off pulling image")) else HINTS.get(word)
    hint = f" - {known}" if known else ""
    return (line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…") + hint


if __name__ == "__main__":
    sys.exit(main())
