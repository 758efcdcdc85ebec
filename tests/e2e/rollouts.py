"""Who runs a rollout of the company's environment: commands in its checkout, whose commits Argo CD brings to the
cluster, and a Prometheus that reads its gateways. It must not know what a test wants to prove.
"""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import yaml

from churn_cli.rollout_actions import TAKEN_BACK
from git_server import PASSWORD, USER, git
from tests.e2e.cluster import Cluster
from tests.e2e.commands import json_of, run
from tests.e2e.gitops import ENVIRONMENT, ENVIRONMENT_FOLDER, Company
from tests.e2e.inside import mlflow_of
from tests.e2e.trial import watched
from tests.e2e.waiting import wait_until

ROLLOUT = f"{ENVIRONMENT_FOLDER}/rollout.yaml"
ENVIRONMENTS = f"{ENVIRONMENT_FOLDER.parent}/environments.yaml"
REFUSED, AGAIN = 2, 1
_CALLS = 'sum by (outcome) (churn_backend_calls_total{backend="canary"})'


class Look(NamedTuple):
    """What a step said, and whether it has taken the canary back."""

    told: dict[str, Any]
    taken_back: bool


@dataclass(frozen=True)
class Operator:
    """`folder` holds what the commands keep and their password."""

    company: Company
    folder: Path

    @property
    def cluster(self) -> Cluster:
        """Where the environment lives."""
        return self.company.cluster

    def rule(self, rules: dict[str, Any], canary: dict[str, Any]) -> None:
        """By which rules the environment's rollouts go, and what their pods are, by commits."""
        described = yaml.safe_load((self.company.checkout / ENVIRONMENTS).read_text())
        described["environments"][ENVIRONMENT] = {"rollout": rules}
        self.company.commit(ENVIRONMENTS, yaml.safe_dump(described))
        self.company.commit(ROLLOUT, yaml.safe_dump({"canary": canary}))

    def start(self, version: str, *more: str) -> str:
        """Put a version on trial; the commit. Its pods are there afterwards, and every gateway knows of it."""
        with mlflow_of(self.cluster) as address:
            told = json_of(self._rollout("start", version, *more, CHURN_TRACKING_URI=address))
        commit = str(told["commit"])
        self.deploy(commit)
        self.cluster.wait_settled("gateway")
        return commit

    @contextlib.contextmanager
    def watching(self, folder: Path) -> Iterator[str]:
        """The address of a Prometheus that reads the gateways of this moment."""
        folder.mkdir()
        with watched(self.cluster, folder) as prometheus:
            yield prometheus

    def look(self, prometheus: str, *more: str) -> Look:
        """One step, or another where a scrape was missed; what it commits Argo CD is told of."""
        while True:
            ended = self._rollout("step", "--prometheus", prometheus, *more)
            if ended.returncode != AGAIN:
                break
        back = ended.returncode == TAKEN_BACK
        if back:
            ended.returncode = 0
        told = json_of(ended)
        if told["commit"]:
            self.company.refresh()
        return Look(told, back)

    def deploy(self, commit: str) -> None:
        """Wait until the cluster is what a commit says, and healthy."""
        self.company.refresh()
        self.company.wait_synced(commit, 240)

    def stop(self) -> None:
        """Take a canary back that a test has left."""
        ended = self._rollout("stop")
        if ended.returncode != REFUSED:
            self.deploy(str(json_of(ended)["commit"]))
        self.cluster.wait_settled("gateway")

    def message(self) -> str:
        """That of the server's last commit, in one line."""
        return " ".join(
            git("log", "-1", "--format=%B", "main", folder=self.company.host.folder / "platform.git").split()
        )

    def values(self) -> dict[str, Any]:
        """What the server's last commit says of the canary."""
        text = git("show", f"main:{ROLLOUT}", folder=self.company.host.folder / "platform.git")
        values: dict[str, Any] = yaml.safe_load(text) or {}
        return values

    def _rollout(self, *words: str, **more: str) -> Any:
        password = self.folder / "password"
        password.write_text(PASSWORD)
        environment = {
            "CHURN_HOME": str(self.folder / "home"),
            "CHURN_GIT_USERNAME": USER,
            "CHURN_GIT_PASSWORD_FILE": str(password),
            **more,
        }
        place = ["--environment", ENVIRONMENT, "--repository", str(self.company.checkout), "--json"]
        return run([sys.executable, "-m", "churn_cli", "rollout", *words, *place], 120, environment)


def outcomes_of_canary(prometheus: str) -> dict[str, int]:
    """Calls of it that gateways have counted since they know of it, by how they ended."""
    found = httpx.get(f"{prometheus}/api/v1/query", params={"query": _CALLS}, timeout=10).json()["data"]["result"]
    return {each["metric"]["outcome"]: count for each in found if (count := round(float(each["value"][1])))}


def wait_for_calls(operator: Operator, prometheus: str) -> None:
    """Until a step would count calls of the canary: every gateway has met its model."""

    def counted() -> int:
        return int(operator.look(prometheus, "--dry-run").told["calls"] or 0)

    wait_until(counted, 120, "call of the canary that counts", so_far=lambda: operator.cluster.summary("canary"))
