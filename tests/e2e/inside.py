"""Ways into pods: a command in a container, and a local port that leads to a pod's port.

Both go through the API server and the kubelet, so NetworkPolicies do not stand in their way.
"""

import contextlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import kubernetes.client
import kubernetes.stream

from tests.e2e.cluster import Cluster
from tests.e2e.forwarding import Forwarding

_MLFLOW = 5000


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    output: str


def execute(namespace: str, pod: str, container: str, command: list[str], seconds: float = 240) -> Ended:
    """Run a command in a container; output is both streams in the order of their arrival."""
    # A client of its own, because the library swaps the client's methods for the time of the call.
    with kubernetes.client.ApiClient() as client:
        session = kubernetes.stream.stream(
            kubernetes.client.CoreV1Api(client).connect_get_namespaced_pod_exec,
            pod,
            namespace,
            container=container,
            command=command,
            stdout=True,
            stderr=True,
            stdin=False,
            tty=False,
            _preload_content=False,
        )
        session.run_forever(timeout=seconds)
        assert not session.is_open(), f"{pod}: {command[:2]} did not end within {seconds:g} s"
        code = session.returncode  # read_all would throw it away
        output = session.read_all()
        session.sock.shutdown()  # close() leaves the socket open when the other side was first
    return Ended(code, output)


def evaluate(namespace: str, pod: str, container: str, script: str, *arguments: str, seconds: float = 240) -> Any:
    """Run Python in a container that has it; its last line of output is JSON."""
    ended = execute(namespace, pod, container, ["python", "-c", script, *arguments], seconds)
    assert ended.code == 0, f"{pod}: {ended.output[-1000:]}"
    return json.loads(ended.output.strip().splitlines()[-1])


@contextlib.contextmanager
def forwarded(namespace: str, pod: str, port: int, local: int | str = "") -> Iterator[int]:
    """A port on 127.0.0.1, any or the one named, that leads to a pod's port for as long as the context lasts.

    Raises:
        NoWay: none leads there from the beginning.
    """
    with Forwarding(namespace, pod, port, local) as way:
        yield int(way.local)


@contextlib.contextmanager
def mlflow_of(cluster: Cluster) -> Iterator[str]:
    """The address of a release's MLflow from here; it answers to no name but its own and this one."""
    (pod, *_) = cluster.wait_ready("mlflow", 1)
    with forwarded(cluster.namespace, pod.metadata.name, _MLFLOW, _MLFLOW):
        yield f"http://localhost:{_MLFLOW}"
