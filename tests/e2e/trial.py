"""A rollout by commits beside the suite's release: a company's repository behind a git server, the command that starts
the rollout and takes its steps, and a Prometheus of this machine that reads every gateway. What Argo CD would bring to
the cluster, a test does by helm.
"""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from git_server import PASSWORD, USER, git, git_host
from tests.e2e.cluster import Cluster
from tests.e2e.commands import ROOT, json_of, run
from tests.e2e.inside import forwarded, mlflow_of
from tests.e2e.release import CHART
from tests.e2e.waiting import wait_until
from tests.slo.rollout_operator import UNSEEN
from tests.slo.watchers import configured

METRICS = 9090
ENVIRONMENT = "dev"
_ENVIRONMENTS = Path("manifests", "envs")
_RULES = {
    "steps": ["shadow", 10, 100],
    "shadow_percent": 50,
    "sample": 100,
    "shortest": "4s",
    "longest": "20m",
    "block": "2s",
    # How quick a busy machine is, is no matter of tests (1: not looked at), nor are the copies that a breaker holds
    # back after late answers, which are errors to a rollout; a model of real customers says something else than one of
    # simulated ones.
    "margins": {"errors": 1, "timeouts": 1, "slow": 1, "difference": 0.5, "shift": 0.5},
}


@dataclass(frozen=True)
class Trial:
    """`checkout` is where the commands run; `environment` what they are told besides."""

    checkout: Path
    environment: Mapping[str, str]

    @property
    def file(self) -> Path:
        """What the last commit says of the canary, as values for helm."""
        return self.checkout / _ENVIRONMENTS / ENVIRONMENT / "rollout.yaml"

    def start(self, cluster: Cluster, version: str) -> dict[str, Any]:
        """Put a version of the cluster's MLflow on trial; what the command says."""
        with mlflow_of(cluster) as address:
            return json_of(self._run("start", version, CHURN_TRACKING_URI=address))

    def step(self, prometheus: str) -> dict[str, Any]:
        """Look once; what the command says, and nothing where a scrape of all gateways has just been missed."""
        ended = self._run("step", "--prometheus", prometheus)
        return {} if ended.returncode == 1 and UNSEEN in ended.stderr else json_of(ended)

    def message(self) -> str:
        """That of the last commit."""
        return git("log", "-1", "--format=%B", folder=self.checkout)

    def _run(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        place = ["--environment", ENVIRONMENT, "--repository", str(self.checkout), "--json"]
        command = [sys.executable, "-m", "churn_cli", "rollout", *words, *place]
        return run(command, 300, {**self.environment, **environment})


@contextlib.contextmanager
def trial(folder: Path) -> Iterator[Trial]:
    """A company whose environment begins a rollout with copies."""
    (folder / "host").mkdir()
    (folder / "token").write_text(f"{PASSWORD}\n")
    environment = {
        "CHURN_HOME": str(folder / "home"),
        "CHURN_GIT_USERNAME": USER,
        "CHURN_GIT_PASSWORD_FILE": str(folder / "token"),
    }
    with git_host(folder / "host") as host:
        server, checkout = host.make("platform"), folder / "checkout"
        _describe(checkout)
        git("init", "--quiet", "--initial-branch", "main", folder=checkout)
        git("add", ".", folder=checkout)
        git("commit", "--quiet", "--message", "Describe the environment", folder=checkout)
        git("push", "--quiet", str(server), "HEAD:main", folder=checkout)
        git("remote", "add", "origin", host.address("platform", USER), folder=checkout)
        git("update-ref", "refs/remotes/origin/main", "HEAD", folder=checkout)
        git("branch", "--quiet", "--set-upstream-to", "origin/main", folder=checkout)
        yield Trial(checkout, environment)


def _describe(checkout: Path) -> None:
    shutil.copytree(ROOT / _ENVIRONMENTS, checkout / _ENVIRONMENTS)
    chart = checkout / CHART.relative_to(ROOT)
    chart.mkdir(parents=True)
    for name in ("values.yaml", "values.schema.json"):
        shutil.copy(CHART / name, chart / name)
    index = checkout / _ENVIRONMENTS / "environments.yaml"
    described = yaml.safe_load(index.read_text())
    described["environments"][ENVIRONMENT] = {"rollout": _RULES}
    index.write_text(yaml.safe_dump(described))


@contextlib.contextmanager
def watched(cluster: Cluster, folder: Path) -> Iterator[str]:
    """The address of a Prometheus that has read every gateway of this moment, and goes on every three seconds, which a
    busy gateway may take to show its metrics."""
    with contextlib.ExitStack() as stack:
        pods = [pod.metadata.name for pod in cluster.ready_pods("gateway")]
        ports = [stack.enter_context(forwarded(cluster.namespace, pod, METRICS)) for pod in pods]
        scraped = {"job_name": "churn", "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}]}
        intervals = {"scrape_interval": "3s", "scrape_timeout": "3s"}
        watcher = stack.enter_context(configured(folder, {"global": intervals, "scrape_configs": [scraped]}))

        def read() -> bool:
            stay = {pod.metadata.name for pod in cluster.ready_pods("gateway")} & set(pods)
            return len(watcher.query("churn_shadow_share")) >= max(1, len(stay))

        wait_until(read, 120, "metrics of every gateway", so_far=lambda: cluster.summary("gateway"))
        yield str(watcher._client.base_url)
