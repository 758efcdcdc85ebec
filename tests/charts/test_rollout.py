"""A rollout as the chart runs it: the very words and environment of its containers, against a git server that asks for
a password and a real Prometheus."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from churn_delivery.model_file import ServedModel
from churn_delivery.promotion import Candidate, Place
from churn_delivery.rollout.steps import start
from churn_delivery.settings import credentials_from
from git_server import USER, git
from tests.charts.rendered import Chart, Document, nested, only
from tests.delivery.company import Company
from tests.delivery.conftest import company, host
from tests.slo.played_gateway import Behaviour, PlayedGateway, played_gateway
from tests.slo.watchers import configured

__all__ = ["company", "host"]  # fixtures of promotion, which a rollout stands on
ANYWHERE = {"to": [{"ipBlock": {"cidr": "192.0.2.1/32"}}], "ports": [443]}
VALUES = nested(
    rollout__enabled=True,
    rollout__environment="staging",
    rollout__git={"url": "https://git.example.com/platform.git", "username": USER, "passwordSecret": {"name": "git"}},
    rollout__prometheus={"url": "http://prometheus:9090", "labels": {"job": "churn"}},
    networkPolicy__git=ANYWHERE,
    networkPolicy__prometheus=ANYWHERE,
)
RULES = {"steps": [10, 100], "sample": 100, "shortest": "3s", "longest": "20m", "block": "1s"}
MODEL = ServedModel("s3://churn-models/2/", f"sha256:{2:064x}", "churn-telecom", "2")


@dataclass
class Cluster:
    """What stands for paths and addresses of a pod."""

    company: Company
    gateway: PlayedGateway
    prometheus: str

    def run(self, documents: list[Document]) -> subprocess.CompletedProcess[str]:
        """The Job's pod: its containers one after the other, in a /tmp of its own, until one fails."""
        spec = pod_of(documents)
        (self.company.folder / "pod").mkdir()
        try:
            for container in (*spec["initContainers"], *spec["containers"]):
                done = self._run(container)
                if done.returncode:
                    break
        finally:
            shutil.rmtree(self.company.folder / "pod")
        return done

    def _run(self, container: Document) -> subprocess.CompletedProcess[str]:
        words = container.get("command") or ["python", "-m", "churn_cli", *container["args"]]
        words = [sys.executable if word == "python" else self._here(word) for word in words]
        given = {one["name"]: self._here(one["value"]) for one in container["env"]}
        usual = {name: os.environ[name] for name in ("PATH",)}
        return subprocess.run(words, env={**usual, **given}, capture_output=True, text=True, check=False, timeout=600)

    def _here(self, text: str) -> str:
        folder = self.company.folder
        known = {
            VALUES["rollout"]["git"]["url"]: self.company.host.address("platform"),
            VALUES["rollout"]["prometheus"]["url"]: self.prometheus,
            "/etc/churn/git/password": str(folder / "token"),
            "/dev/termination-log": str(folder / "last-words"),
        }
        return known.get(text) or (str(folder / "pod") + text.removeprefix("/tmp") if text.startswith("/tmp") else text)

    def deploy(self) -> dict[str, Any]:
        """Bring to the gateway what is committed."""
        values: dict[str, Any] = yaml.safe_load(
            git("show", "main:manifests/envs/staging/rollout.yaml", folder=self.company.server)
        )
        share, canary = (values or {}).get("gateway", {}).get("canaryPercent", 0), (values or {}).get("canary", {})
        self.gateway.deploy(share, canary["model"]["digest"] if canary else "", "")
        return values or {}


def pod_of(documents: list[Document]) -> Document:
    spec: Document = only(documents, "CronJob", "churn-rollout")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


@pytest.fixture
def cluster(company: Company, tmp_path: Path) -> Iterator[Cluster]:
    """A model is on trial with 10 % of customers."""
    index = "manifests/envs/environments.yaml"
    document = yaml.safe_load((company.checkout / index).read_text())
    document["environments"]["staging"] = {"rollout": RULES}
    company.commit(index, yaml.safe_dump(document))
    company.push()
    start(Place(company.checkout, "manifests/envs", credentials_from()), "staging", Candidate(MODEL))
    (tmp_path / "prometheus").mkdir()
    with played_gateway() as (gateway, port):
        jobs = [{"job_name": "churn", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}]
        times = {"scrape_interval": "1s", "scrape_timeout": "1s"}
        with configured(tmp_path / "prometheus", {"global": times, "scrape_configs": jobs}) as prometheus:
            yield Cluster(company, gateway, str(prometheus._client.base_url))


def test_a_job_of_the_chart_says_what_it_would_do_takes_a_bad_canary_back_and_says_who_was_refused(
    chart: Chart, cluster: Cluster
) -> None:
    documents = chart.render(VALUES)
    dry = chart.render({**VALUES, "rollout": {**VALUES["rollout"], "dryRun": True}})
    cluster.gateway.canary = Behaviour(failing=0.5)
    cluster.deploy()
    before = cluster.company.main()
    while "that would be committed" not in (done := cluster.run(dry)).stdout:
        assert done.returncode in (0, 1), done.stderr
        time.sleep(0.5)
    assert cluster.company.main() == before
    while (done := cluster.run(documents)).returncode != 3:
        assert done.returncode in (0, 1), done.stderr
        time.sleep(0.5)
    assert cluster.deploy() == {}
    subject, author = git("log", "-1", "--format=%s%n%an <%ae>", "main", folder=cluster.company.server).splitlines()
    assert subject == "Take churn-telecom version 2 back in staging at 10 %: it is worse"
    assert author == "Churn rollout <rollout@churn.invalid>"
    assert "is taken back" in (cluster.company.folder / "last-words").read_text()
    assert "no model is on trial" in cluster.run(documents).stdout
    (cluster.company.folder / "token").write_text("another\n")
    done = cluster.run(documents)
    assert done.returncode == 2
    assert "does not know this user" in done.stderr
    assert "another" not in done.stderr + done.stdout


def test_it_has_no_right_in_the_cluster_looks_once_and_is_off_unless_asked_for(chart: Chart) -> None:
    documents = chart.render(VALUES)
    spec = only(documents, "CronJob", "churn-rollout")["spec"]
    job = spec["jobTemplate"]["spec"]
    assert (spec["concurrencyPolicy"], job["backoffLimit"]) == ("Forbid", 0)
    pod = pod_of(documents)
    assert (pod["restartPolicy"], pod["automountServiceAccountToken"]) == ("Never", False)
    bound = [one for one in documents if one["kind"] in ("RoleBinding", "ClusterRoleBinding")]
    assert pod["serviceAccountName"] not in [subject["name"] for one in bound for subject in one["subjects"]]
    secrets = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    assert secrets == {"git"}
    assert not any("valueFrom" in one for container in pod["containers"] for one in container["env"])
    assert not [one for one in chart.render() if one["metadata"]["name"] == "churn-rollout"]
