"""What befalls the pods of a canary: a test says which, again and again as pods are made anew. It must not know what
becomes of the canary.
"""

from collections.abc import Callable

from tests.e2e.cluster import Cluster, restarts
from tests.e2e.inside import execute

BURN = """
import os, time
for _ in range({others}):
    if not os.fork():
        os.setsid()
        os.closerange(0, 3)
        end = time.monotonic() + 1500
        while time.monotonic() < end:
            pass
"""
SLOW, LATE = 12, 100
"""Processes that share a pod's half processor with its server: its answers take several times as long, or come after
the gateway has given up."""
Hurt = Callable[[Cluster, set[tuple[str, int]]], None]
"""`seen` are pods, by name and restarts, that were hurt already."""


def die(cluster: Cluster, seen: set[tuple[str, int]]) -> None:
    """The canary's pods, as often as they come."""
    del seen
    cluster.kill(cluster.pods("canary"))


def starve(cluster: Cluster, seen: set[tuple[str, int]]) -> None:
    """Something else uses up what a pod of the canary may have of a processor."""
    _burn(cluster, seen, SLOW)


def choke(cluster: Cluster, seen: set[tuple[str, int]]) -> None:
    """The same, and nearly nothing is left of it."""
    _burn(cluster, seen, LATE)


def _burn(cluster: Cluster, seen: set[tuple[str, int]], others: int) -> None:
    for pod in cluster.ready_pods("canary"):
        name = pod.metadata.name
        if (name, restarts(pod)) not in seen:
            command = ["python", "-c", BURN.format(others=others)]
            ended = execute(cluster.namespace, name, pod.spec.containers[0].name, command)
            assert ended.code == 0, ended.output
            seen.add((name, restarts(pod)))


def spare(cluster: Cluster, seen: set[tuple[str, int]]) -> None:
    """Nothing has to be done to pods whose model is at fault."""
    del cluster, seen
