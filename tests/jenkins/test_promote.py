"""`make promote-staging` as the pipeline calls it, against a git server with users and a real registry."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from git_server import PASSWORD
from tests.delivery.company import Company, Shelf
from tests.jenkins.pipeline_runs import ROOT


def make(target: str, company: Company, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DELIVERY_ADDRESS": company.host.address("platform"), **variables}
    command = ["make", "--no-print-directory", target]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_an_environment_serves_the_version_by_one_commit_whatever_the_checkout_here_is_like(
    company: Company, shelf: Shelf
) -> None:
    run = make("promote-staging", company, MODEL_VERSION="2")
    assert run.returncode == 0, run.stderr
    assert yaml.safe_load(company.served("staging"))["primary"]["model"]["digest"] == shelf.digests[1]
    assert PASSWORD not in run.stdout + run.stderr


def test_prod_is_refused_what_staging_has_not_served(company: Company, shelf: Shelf) -> None:
    before = company.main()
    run = make("promote-prod", company, MODEL_VERSION="2")
    assert run.returncode != 0
    assert "prod takes only what staging ran" in run.stderr
    assert (company.main(), len(shelf.digests)) == (before, 3)


@pytest.mark.parametrize("version", ["", "--force", "2 --force", "$(shell touch made)", "$(touch made)", "latest"])
def test_what_is_no_version_number_never_reaches_a_command(company: Company, version: str) -> None:
    before = company.main()
    run = make("promote-staging", company, MODEL_VERSION=version)
    assert run.returncode != 0
    assert "MODEL_VERSION has to be the number" in run.stderr
    assert company.main() == before
    assert not Path(ROOT, "made").exists()
