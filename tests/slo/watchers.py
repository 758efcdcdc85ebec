"""A real Prometheus and a real Alertmanager on free ports, with this project's rules and routes, and who is told."""

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml

from ports import free_port
from tests.slo.manifests import MANIFESTS, RULES

START_SECONDS = 60.0
_OPTIONAL = ("prediction_log_stale", "log-freshness", "scores_stale", "scores-freshness")
"""What is recorded where there is a prediction log, or a schedule of scoring and kube-state-metrics."""


class Told(ThreadingHTTPServer):
    """What a receiver of alerts was told: names of alerts by the path they came to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.alerts: dict[str, set[str]] = {}

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


class _Receiver(BaseHTTPRequestHandler):
    server: Told

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["content-length"])))
        names = {alert["labels"]["alertname"] for alert in told["alerts"] if alert["status"] == "firing"}
        self.server.alerts.setdefault(self.path.strip("/"), set()).update(names)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def told() -> Iterator[Told]:
    with Told() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextlib.contextmanager
def _running(command: list[str], ready_url: str, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        until(lambda: _answers(ready_url), START_SECONDS, lambda: log.read_text()[-2000:])
        yield
    finally:
        process.terminate()
        process.wait(60)


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url, timeout=10).status_code == 200
    return False


def until(condition: Callable[[], Any], seconds: float, why: Callable[[], Any]) -> None:
    """Wait for a condition; only what will never hold waits so long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.2)


@contextlib.contextmanager
def alertmanager(home: Path, receiver: Told) -> Iterator[str]:
    """The address of an Alertmanager with the project's own routes; its receivers are ``receiver``'s paths."""
    url = f"http://127.0.0.1:{free_port()}"
    text = (MANIFESTS / "alertmanager/alertmanager.yaml").read_text()
    for name in ("pager", "tickets"):
        assert f"http://{name}.invalid/alerts" in text
        text = text.replace(f"http://{name}.invalid/alerts", receiver.url(name))
    (home / "alertmanager.yaml").write_text(text)
    command = [
        "prometheus-alertmanager",
        f"--config.file={home / 'alertmanager.yaml'}",
        f"--storage.path={home / 'alerts'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--cluster.listen-address=",
    ]
    with _running(command, f"{url}/-/ready", home / "alertmanager.log"):
        yield url


class Prometheus:
    """One that runs, asked by its API."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client  # one for all: each made anew reads the system's certificates

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant."""
        answer = self._client.get("/api/v1/query", params={"query": expression}).json()
        assert answer["status"] == "success", answer
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def range(self, expression: str, seconds: float, step: float) -> list[dict[str, Any]]:
        """The series of the last seconds, each with its ``values``."""
        end = time.time()
        asked: dict[str, str | float] = {"query": expression, "start": end - seconds, "end": end, "step": step}
        answer = self._client.get("/api/v1/query_range", params=asked).json()
        assert answer["status"] == "success", (expression, answer)
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def label_values(self, metric: str, label: str) -> list[str]:
        """What Grafana offers to choose from for ``label_values(metric, label)``."""
        answer = self._client.get(f"/api/v1/label/{label}/values", params={"match[]": metric}).json()
        assert answer["status"] == "success", answer
        values: list[str] = answer["data"]
        return values

    def firing(self) -> set[str]:
        """Names of alerts that fire now."""
        return {one["metric"]["alertname"] for one in self.query('ALERTS{alertstate="firing"}')}

    def targets(self) -> list[dict[str, Any]]:
        """Whom it reads, each with its ``labels``, ``scrapeUrl``, ``health`` and ``lastError``."""
        found: list[dict[str, Any]] = self._client.get("/api/v1/targets").json()["data"]["activeTargets"]
        return found

    def faulty_rules(self) -> list[str]:
        """Rules that could not be evaluated, with the reason."""
        return [f"{rule['name']}: {rule['lastError']}" for rule in self._rules() if rule.get("lastError")]

    def rule_names(self) -> set[str]:
        """What it records and the alerts that it knows."""
        return {rule["name"] for rule in self._rules()}

    def unrecorded(self) -> list[str]:
        """Recording rules that have no value now, as selectors of what they record; but for those of what not every
        installation has."""
        recordings = [rule for rule in self._rules() if rule["type"] == "recording"]
        assert recordings
        selectors = [selector(rule["name"], rule.get("labels", {})) for rule in recordings]
        return [one for one in selectors if not any(word in one for word in _OPTIONAL) and not self.query(one)]

    def _rules(self) -> list[dict[str, Any]]:
        groups = self._client.get("/api/v1/rules").json()["data"]["groups"]
        assert groups
        return [rule for group in groups for rule in group["rules"]]


def selector(metric: str, labels: dict[str, str]) -> str:
    """What selects series of these labels."""
    return f"{metric}{{{','.join(f'{name}={json.dumps(value)}' for name, value in sorted(labels.items()))}}}"


@contextlib.contextmanager
def prometheus(
    home: Path, targets: list[int], alertmanager_url: str, every: str = "1s", patience: str = "1s"
) -> Iterator[Prometheus]:
    """A Prometheus with all rules, reading these ports of this machine and evaluating as often."""
    job = {"job_name": "churn", "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in targets]}]}
    receiver = {"static_configs": [{"targets": [alertmanager_url.removeprefix("http://")]}]}
    document = {
        "global": {"scrape_interval": every, "scrape_timeout": patience, "evaluation_interval": every},
        "rule_files": [str(path) for path in RULES],
        "alerting": {"alertmanagers": [receiver]},
        "scrape_configs": [job],
    }
    with configured(home, document) as watcher:
        yield watcher


@contextlib.contextmanager
def configured(home: Path, document: dict[str, Any]) -> Iterator[Prometheus]:
    """A Prometheus with a configuration of its own."""
    url = f"http://127.0.0.1:{free_port()}"
    (home / "prometheus.yaml").write_text(yaml.safe_dump(document))
    command = ["prometheus", f"--config.file={home / 'prometheus.yaml'}", f"--storage.tsdb.path={home / 'series'}",
               f"--web.listen-address={url.removeprefix('http://')}"]  # fmt: skip
    with (
        _running(command, f"{url}/-/ready", home / "prometheus.log"),
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        yield Prometheus(client)
