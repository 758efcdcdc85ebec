"""Jenkins' configuration holds what the pipeline asks for and no secret; the agent is nobody special."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.jenkins.pipeline_runs import JENKINSFILE, ROOT

FOLDER = ROOT / "ci" / "jenkins"
CONFIGURATION: dict[str, Any] = yaml.safe_load((FOLDER / "jenkins.yaml").read_text())
PIPELINE = JENKINSFILE.read_text()
SECRET = {"password", "secret", "secretBytes", "privateKey"}


def leaves(found: object, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from leaves(value, key)
    elif isinstance(found, list):
        for value in found:
            yield from leaves(value, name)
    else:
        yield name, str(found)


def test_no_secret_stands_in_it() -> None:
    secrets = [value for name, value in leaves(CONFIGURATION) if name in SECRET]
    assert len(secrets) >= 5
    assert [value for value in secrets if not re.fullmatch(r"\$\{[\w:/.-]+\}", value)] == []


def test_every_credential_and_machine_that_the_pipeline_names_is_there() -> None:
    kinds = CONFIGURATION["credentials"]["system"]["domainCredentials"][0]["credentials"]
    ids = {next(iter(each.values()))["id"]: next(iter(each)) for each in kinds}
    asked = {name: kind for kind, name in re.findall(r"(file|string)\(credentialsId: '([\w-]+)'", PIPELINE)}
    assert asked == {name: ids.get(name) for name in asked}
    assert set(ids) - set(asked) == {"churn-git"}
    assert "credentialsId('churn-git')" in (FOLDER / "job.groovy").read_text()
    labels = {node["permanent"]["labelString"] for node in CONFIGURATION["jenkins"]["nodes"]}
    assert labels == set(re.findall(r"node\('([\w-]+)'\)", PIPELINE))


def test_every_variable_that_the_pipeline_reads_is_set() -> None:
    variables = CONFIGURATION["jenkins"]["globalNodeProperties"][0]["envVars"]["env"]
    asked = set(re.findall(r"env\.([A-Z_]+)", PIPELINE)) - {"BRANCH_NAME"}
    assert asked <= {each["key"] for each in variables}


def test_the_controller_builds_nothing_and_measuring_machines_do_one_thing() -> None:
    assert CONFIGURATION["jenkins"]["numExecutors"] == 0
    assert {node["permanent"]["numExecutors"] for node in CONFIGURATION["jenkins"]["nodes"]} == {1}
    assert CONFIGURATION["jenkins"]["securityRealm"]["local"]["allowsSignup"] is False


def test_plugins_are_pinned_and_those_of_the_configuration_are_among_them() -> None:
    plugins = dict(line.split(":", 1) for line in (FOLDER / "plugins.txt").read_text().split())
    assert all(re.match(r"\d", version) for version in plugins.values())
    assert plugins.keys() >= {"configuration-as-code", "credentials-binding", "git", "job-dsl", "workflow-aggregator"}


def test_the_agent_is_not_root() -> None:
    words = [line.split() for line in (FOLDER / "agent/Dockerfile").read_text().splitlines() if line.strip()]
    users = [line[1] for line in words if line[0] == "USER"]
    assert users == ["10002:10002"]
