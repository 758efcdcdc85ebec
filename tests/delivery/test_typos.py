"""Files of environments with a typo: the file, the line and the key are named, and nothing changes here or there."""

import pytest

from git_server import git
from tests.delivery.commands import churn, refused
from tests.delivery.company import Company

ENVS = "manifests/envs"
PROMOTE = ("promote", "1", "--environment", "staging")
pytestmark = pytest.mark.usefixtures("shelf")

TYPOS = {
    "unknown key": (
        "capacity.yaml",
        "capacity:\n  targetRequestPerSecond: 5\n",
        "line 2, capacity.targetRequestPerSecond: is not a value of the chart; did you mean targetRequestsPerSecond?",
    ),
    "unknown at the top": (
        "env.yaml",
        "# words\ngatway: {}\n",
        "line 2, gatway: is not a value of the chart; did you ",
    ),
    "another type": (
        "capacity.yaml",
        "capacity:\n  targetRequestsPerSecond: many\n",
        "line 2, capacity.targetRequestsPerSecond: 'many' is not of type",
    ),
    "text for a mapping": (
        "env.yaml",
        "training: often\n",  # of which settings.yaml has a value, too
        "line 1, training: 'often' is not of type 'object'",
    ),
    "a key twice": (
        "env.yaml",
        "mlflow:\n  enabled: true\nmlflow:\n  enabled: false\n",
        "line 3, mlflow: stands in line 1 already",
    ),
    "in two files": (
        "env.yaml",
        "training:\n  budget: 5m\n",
        "line 2, training.budget: stands in settings.yaml as well",
    ),
    "in another's file": (
        "env.yaml",
        "primary:\n  model:\n    uri: ''\n",
        "line 3, primary.model.uri: belongs into model.yaml",
    ),
    "in a file of its own": (
        "rollout.yaml",
        "gateway:\n  enabled: true\n",
        "line 2, gateway.enabled: belongs into settings.yaml, env.yaml or capacity.yaml",
    ),
    "no YAML": ("env.yaml", "mlflow: [\n", "line 2: is not YAML ("),
    "no mapping": ("env.yaml", "- mlflow\n", "line 1: must be a mapping of keys"),
    "no text": ("env.yaml", "mlflow:\n  1: 2\n", "line 2: a key must be plain text"),
}


@pytest.mark.parametrize("typo", TYPOS)
def test_an_environment_with_a_typo(typo: str, company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    file, text, said = TYPOS[typo]
    path = f"{ENVS}/staging/{file}"
    company.commit(path, text)
    company.push()
    before = company.state()
    line = refused(capsys, *PROMOTE)
    assert line.startswith(f"churn: {path}, {said}")
    assert company.state() == before
    # Another environment is not held up by it.
    churn(capsys, "promote", "1", "--environment", "dev")


@pytest.mark.parametrize(
    ("path", "text", "environment", "said"),
    [
        ("environments.yaml", None, "nowhere", ": there is no environment 'nowhere' (dev, staging, prod)"),
        (
            "environments.yaml",
            "chart: charts/churn\nenvironments:\n  staging: {befor: dev}\n",
            "staging",
            ", line 3, environments.staging.befor: is not known (after, rollout)",
        ),
        (
            "environments.yaml",
            "chart: charts/churn\nenvironments:\n  prod: {after: stagin}\n  staging:\n",
            "prod",
            ", line 3, environments.prod.after: is not another environment (staging)",
        ),
        (
            "environments.yaml",
            "chart: charts/churn\nenvironments:\n  prod: {after: [staging]}\n  staging:\n",
            "prod",
            ", line 3, environments.prod.after: is not another environment (staging)",
        ),
        (
            "environments.yaml",
            "environments: {dev: }\n",
            "dev",
            ", chart: must be the chart's folder in the repository",
        ),
    ],
    ids=["not there", "misspelt key", "misspelt name", "a list", "no chart"],
)
def test_an_order_of_environments_with_a_typo(
    path: str, text: str | None, environment: str, said: str, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        company.commit(f"{ENVS}/{path}", text)
        company.push()
    before = company.state()
    line = refused(capsys, "promote", "1", "--environment", environment)
    assert line == f"churn: {ENVS}/{path}{said}"
    assert company.state() == before


def test_what_is_missing_is_named(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    git("rm", "--quiet", f"{ENVS}/staging/env.yaml", folder=company.checkout)
    git("commit", "--quiet", "--message", "Lose a file", folder=company.checkout)
    company.push()
    line = refused(capsys, *PROMOTE)
    assert (
        line == f"churn: {ENVS}/staging/env.yaml: is not there; an environment without a difference has an empty file"
    )
    other = refused(capsys, *PROMOTE, "--environments", "deploy/envs")
    assert other == (
        "churn: deploy/envs/environments.yaml: is not in the repository; --environments names another folder"
    )


@pytest.mark.parametrize("instead", [False, True], ids=["beside", "instead"])
def test_a_file_that_nobody_reads_is_named(instead: bool, company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    company.commit(f"{ENVS}/staging/env.yml", "gateway:\n  logLevel: debug\n")
    if instead:
        git("rm", "--quiet", f"{ENVS}/staging/env.yaml", folder=company.checkout)
        git("commit", "--quiet", "--message", "Move a file", folder=company.checkout)
    company.push()
    before = company.state()
    assert refused(capsys, *PROMOTE) == (
        f"churn: {ENVS}/staging/env.yml: is read by nobody; {ENVS}/staging/env.yaml is what counts: move what it says "
        "there"
    )
    assert company.state() == before


def as_submodule(company: Company, folder: str) -> None:
    """What a clone has of one that nobody fetched: an empty folder."""
    git("rm", "-r", "--quiet", "--ignore-unmatch", folder, folder=company.checkout)
    git("update-index", "--add", "--cacheinfo", f"160000,{company.main()},{folder}", folder=company.checkout)
    git("commit", "--quiet", "--message", "Take it from elsewhere", folder=company.checkout)
    (company.checkout / folder).mkdir(parents=True)
    company.push()
    assert git("status", "--porcelain", folder=company.checkout) == ""


def test_submodules_are_no_change_and_no_chart(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    as_submodule(company, "theme")
    assert churn(capsys, *PROMOTE)["commit"] == company.main()
    assert git("status", "--porcelain", folder=company.checkout) == ""
    as_submodule(company, "charts/churn")
    before = company.state()
    assert refused(capsys, *PROMOTE[:1], "2", *PROMOTE[2:]) == (
        "churn: charts/churn/values.schema.json: lies in the submodule charts/churn, whose files are not in this "
        "repository; commit a copy of them (git subtree)"
    )
    assert company.state() == before
