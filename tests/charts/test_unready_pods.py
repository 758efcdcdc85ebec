"""What is said of pods that do not become ready, by the script that the installation hook and `make install` share."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[2] / "charts/churn/charts/churn-library/files/unready_pods.py"
IMAGE = "docker.io/churn-serving/gateway:0.1.0"


def said(*items: dict[str, Any], of: tuple[str, ...] = ()) -> tuple[int, list[str]]:
    """The script's exit code and lines, given what kubectl prints."""
    text = json.dumps({"kind": "List", "items": items})
    done = subprocess.run(
        [sys.executable, SCRIPT, "churn", *of], input=text, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def pod(name: str, status: dict[str, Any], *, release: str = "churn", component: str = "gateway", **labels: str) -> Any:
    found = {"app.kubernetes.io/instance": release, "app.kubernetes.io/component": component, **labels}
    metadata = {"name": name, "labels": found, "creationTimestamp": f"2026-01-01T00:00:0{name[-1]}Z"}
    return {"kind": "Pod", "metadata": metadata, "status": {"phase": "Pending", **status}}


def container(name: str, *, last: dict[str, Any] | None = None, **state: Any) -> dict[str, Any]:
    return {
        "name": name,
        "image": IMAGE,
        "ready": False,
        "state": state,
        "lastState": {"terminated": last} if last else {},
    }


READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
FAILED = {"exitCode": 1, "message": "a traceback\nS3 error [403]: denied\n"}


def test_nothing_is_said_when_all_are_ready_or_have_ended_well() -> None:
    ended = pod("setup-1", {"phase": "Succeeded"}, component="storage-setup")
    assert said(pod("gateway-1", READY), ended) == (0, [])


def test_other_releases_and_training_are_nobodys_condition() -> None:
    failed = {"phase": "Failed", "containerStatuses": [container("training", terminated=FAILED)]}
    others = pod("other-1", {}, release="other"), pod("training-1", failed, component="training")
    assert said(*others, pod("gateway-1", READY)) == (0, [])


def test_an_image_that_is_not_there_is_named_with_what_to_do() -> None:
    for word in ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"):
        waiting = {"reason": word, "message": "no such host"}
        code, (line,) = said(pod("gateway-1", {"containerStatuses": [container("gateway", waiting=waiting)]}))
        assert code == 1
        assert line.startswith(f"gateway-1: {word}: {IMAGE}: no such host - ")
        assert "push it to where image.registry says, or load it into them" in line


def test_a_pod_without_room_says_what_the_scheduler_says() -> None:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/2 nodes are available: 2 Insufficient cpu.",
    }
    _, (line,) = said(pod("mlflow-1", {"conditions": [condition]}))
    assert line.startswith("mlflow-1: Unschedulable: 0/2 nodes are available: 2 Insufficient cpu. - ask for less")


def test_the_last_line_of_what_failed_goes_before_what_waits_for_it() -> None:
    crashing = {"reason": "CrashLoopBackOff", "message": "back-off 10s"}
    status = {
        "initContainerStatuses": [container("storage-initializer", last=FAILED, waiting=crashing)],
        "containerStatuses": [container("kserve-container", waiting={"reason": "PodInitializing"})],
    }
    assert said(pod("primary-1", status)) == (
        1,
        ["primary-1: storage-initializer ended with 1: S3 error [403]: denied"],
    )


def test_a_part_waits_for_its_own_pods_alone() -> None:
    """All parts of a family have the same label of the release."""
    waiting = [pod("gateway-1", {}), pod("mlflow-1", {}, component="mlflow")]
    assert len(said(*waiting)[1]) == 2
    assert said(*waiting, of=("gateway", "fallback")) == (1, ["gateway-1: not ready yet"])
    assert said(pod("gateway-1", READY), waiting[1], of=("gateway",)) == (0, [])


def test_what_only_an_event_tells_is_told() -> None:
    status = {"containerStatuses": [container("gateway", waiting={"reason": "ContainerCreating"})]}
    event = {"kind": "Event", "type": "Warning", "involvedObject": {"kind": "Pod", "name": "gateway-1"}}
    old = {**event, "lastTimestamp": "2026-01-01T00:00:01Z", "message": "older"}
    new = {**event, "lastTimestamp": "2026-01-01T00:00:02Z", "message": 'secret "churn-api-keys"\nnot found'}
    assert said(pod("gateway-1", status), new, old) == (
        1,
        ['gateway-1: not ready yet: secret "churn-api-keys" not found'],
    )


def test_a_pull_that_goes_on_or_is_tried_again_is_told_by_its_event() -> None:
    starting = pod("gateway-1", {"containerStatuses": [container("gateway", waiting={"reason": "PodInitializing"})]})
    about = {"kind": "Event", "involvedObject": {"kind": "Pod", "name": "gateway-1"}}
    pulling = {
        **about,
        "type": "Normal",
        "lastTimestamp": "2026-01-01T00:00:03Z",
        "message": f'Pulling image "{IMAGE}"',
    }
    failed = {**about, "type": "Warning", "lastTimestamp": "2026-01-01T00:00:02Z"}
    failed["message"] = f'Failed to pull image "{IMAGE}": no such host'
    assert said(starting, pulling)[1] == [f'gateway-1: not ready yet: Pulling image "{IMAGE}"']
    echo = {**failed, "lastTimestamp": "2026-01-01T00:00:04Z", "message": "Error: ErrImagePull"}
    _, (line,) = said(starting, pulling, failed, echo)
    assert line.startswith(
        f'gateway-1: not ready yet: Failed to pull image "{IMAGE}": no such host - the nodes do not get'
    )


def test_a_failure_that_was_mended_is_none() -> None:
    job = {"batch.kubernetes.io/job-name": "setup"}
    failed = {"phase": "Failed", "containerStatuses": [container("setup", terminated=FAILED)]}
    first = pod("setup-1", failed, component="storage-setup", **job)
    assert said(pod("setup-2", {"phase": "Succeeded"}, component="storage-setup", **job), first) == (0, [])
    assert said(first)[1] == ["setup-1: setup ended with 1: S3 error [403]: denied"]


def test_an_evicted_pod_that_was_replaced_is_not_waited_for() -> None:
    assert said(pod("gateway-1", {"phase": "Failed"}), pod("gateway-2", READY)) == (0, [])


def test_a_sidecar_that_runs_holds_nobody_up() -> None:
    sidecar = container("prediction-log", running={"startedAt": "2026-01-01T00:00:00Z"}) | {"started": True}
    status = {
        "initContainerStatuses": [sidecar],
        "containerStatuses": [container("gateway", running={"startedAt": "2026-01-01T00:00:01Z"})],
    }
    assert said(pod("gateway-1", status)) == (1, ["gateway-1: not ready yet"])
    waiting = container("model-wait", running={"startedAt": "2026-01-01T00:00:00Z"})
    status = {"initContainerStatuses": [sidecar, waiting]}
    assert said(pod("gateway-1", status)) == (1, ["gateway-1: model-wait is under way"])


def test_what_is_said_stays_readable() -> None:
    waiting = {"reason": "CreateContainerError", "message": "x" * 5000}
    _, (line,) = said(pod("gateway-1", {"containerStatuses": [container("gateway", waiting=waiting)]}))
    assert len(line) < 500
