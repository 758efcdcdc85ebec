"""Containers of the chart as processes of this machine: the words and the environment that a pod would get, word for
word, but for what only a pod has: files that are mounted, ports, Secrets and the object storage's name."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.charts.rendered import Chart, Document, pods
from tests.storage.machines import Storage, surroundings

CHART = Path(__file__).resolve().parents[2] / "charts" / "churn"
ENDPOINT = "http://churn-object-storage:9000"


def chart() -> Chart:
    """The chart and the cluster's helm, which is built with the object storage's program."""
    home = os.environ.get("CLUSTER_HOME") or Path.home() / ".cache" / "churn-cluster"
    helm = Path(home) / "bin" / "helm"
    assert helm.is_file(), f"{helm}: not built yet, run `make cluster`"
    return Chart(helm, CHART)


def container_of(documents: list[Document], owner: str, name: str) -> Document:
    """A container by the object that makes its pod, such as Deployment/churn-drift, and its name."""
    (found,) = (one for pod in pods(documents) if pod.owner == owner for one in pod.containers if one["name"] == name)
    return found


class Process:
    """A container's command. ``places`` are what stands for a path or a port of a pod; each must be used."""

    def __init__(
        self, container: Document, storage: Storage, users: Mapping[str, str], places: Mapping[str, object]
    ) -> None:
        self._unused = set(places)
        self._places = {name: str(place) for name, place in places.items()}
        self.command = [sys.executable, "-m", "churn_cli", *map(self._here, container["args"])]
        self.environment = surroundings({one["name"]: self._value(one, storage, users) for one in container["env"]})
        assert not self._unused, "the chart does not speak of these"

    def _value(self, variable: Mapping[str, Any], storage: Storage, users: Mapping[str, str]) -> str:
        if "valueFrom" in variable:
            secret = variable["valueFrom"]["secretKeyRef"]
            return storage.users[users[secret["name"]]][secret["key"]]
        text: str = variable["value"]
        return storage.url if text == ENDPOINT else self._here(text)

    def _here(self, text: str) -> str:
        self._unused.discard(text)
        return self._places.get(text, text)

    def run(self) -> subprocess.CompletedProcess[str]:
        """To its end."""
        return subprocess.run(
            self.command, env=self.environment, capture_output=True, text=True, timeout=600, check=False
        )

    @contextlib.contextmanager
    def running(self, log: Path, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
        """As long as the block lasts; then it is told to end as a pod is, and ends well."""
        with log.open("wb") as output:
            process = subprocess.Popen(self.command, env={**self.environment, **more}, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            try:
                code = process.wait(100)
            finally:
                process.kill()
        assert code == 0, log.read_text()[-2000:]
