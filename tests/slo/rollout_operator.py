"""Who runs a rollout in tests: commands in a checkout, and what brings commits to a played gateway as Argo CD would."""

import json
import time
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import yaml

from churn_cli.main import main
from git_server import git
from tests.delivery.commands import churn, refused
from tests.delivery.company import Company, Shelf
from tests.slo.played_gateway import PlayedGateway

ROLLOUT = "manifests/envs/staging/rollout.yaml"
UNSEEN = "; does it scrape the gateways?"  # a scrape was missed: before a step's first question, or between two of them


@dataclass
class Watched:
    """A played gateway and the Prometheus that scrapes it, among others whose clocks lie."""

    gateway: PlayedGateway
    url: str

    def forget_what_was_deployed(self) -> None:
        """Until Prometheus has seen that nothing is: what it knows of a former test is not counted in the next one."""
        self.gateway.deploy(0, "", "")
        deployed, query = time.time(), 'timestamp(churn_canary_share{job="churn"}) > 0'
        while True:
            found = httpx.get(f"{self.url}/api/v1/query", params={"query": query}).json()["data"]["result"]
            if found and float(found[0]["value"][1]) > deployed:
                return
            time.sleep(0.1)


@dataclass
class Operator:
    """Who runs the command, and brings to the gateway what was committed."""

    company: Company
    shelf: Shelf
    watched: Watched
    capsys: pytest.CaptureFixture[str]

    def words(self, *more: str, job: str = "churn") -> list[str]:
        watching = ["--prometheus", self.watched.url, "--label", f"job={job}"]
        return ["rollout", "step", "--environment", "staging", *watching, *more]

    def start(self, *, deploy: bool = True) -> str:
        churn(self.capsys, "rollout", "start", "2", "--environment", "staging")
        if deploy:
            self.deploy()
        return self.shelf.digests[1]

    def step(self, *more: str, code: int = 0) -> dict[str, Any]:
        ended, told = self.look(*more)
        assert ended == code, told
        return told

    def look(self, *more: str) -> tuple[int, dict[str, Any]]:
        """One step; where a busy machine has missed a scrape, another."""
        while True:
            self.capsys.readouterr()
            code = main([*self.words(*more), "--json"])
            captured = self.capsys.readouterr()
            if code == 1 and UNSEEN in captured.err:
                time.sleep(0.5)
                continue
            assert code in (0, 3), captured.err
            return code, json.loads(captured.out.splitlines()[-1])

    def refusal(self, job: str) -> str:
        """Why a step decides nothing by this job's counts, once it was scraped."""
        while True:
            said = refused(self.capsys, *self.words(job=job), code=1)
            if UNSEEN not in said:
                return said
            time.sleep(0.5)

    def values(self) -> dict[str, Any]:
        return yaml.safe_load(git("show", f"main:{ROLLOUT}", folder=self.company.server)) or {}

    def deploy(self) -> None:
        values, model = self.values(), yaml.safe_load(self.company.served("staging")) or {}
        canary = values.get("canary", {})
        self.watched.gateway.deploy(
            values.get("gateway", {}).get("canaryPercent", 0),
            canary["model"]["digest"] if canary.get("enabled") else "",
            model.get("primary", {}).get("model", {}).get("digest", ""),
            values.get("gateway", {}).get("canaryShadowPercent", 0),
        )

    def subjects(self) -> list[str]:
        return git("log", "--reverse", "--format=%s", "main", folder=self.company.server).splitlines()[2:]
