"""The pipeline as Jenkins would go through it: in which order, and what happens when something fails."""

import re
from pathlib import Path

import pytest

from tests.jenkins.pipeline_runs import JENKINSFILE, Run, Scenario, run_all

BESIDE = ["test", "verify", "slo", "charts", "airflow", "pipeline", "images"]
PROVEN = ["lint", *BESIDE, "sbom", "scan", "e2e", "bench-check"]
RELEASED = ["push", "sign"]
PROMOTED = ["promote-staging", "promote-prod"]
ORDER = [*PROVEN, *RELEASED, *PROMOTED]
REASON = "script returned exit code 2"
# A pipeline that tells what it should not; the checks below have to notice.
TALKATIVE = "                target('Sign', 'sign')", '                sh "make sign KEY=${COSIGN_PASSWORD}"'

SCENARIOS = {
    "all": Scenario(),
    "no model": Scenario(version=""),
    "branch": Scenario(branch="feature/x", version=""),
    "pull request": Scenario(branch="PR-12", version="", registry=""),
    "model on branch": Scenario(branch="feature/x"),
    "no registry": Scenario(registry=""),
    "denied": Scenario(approval="Rejected by somebody"),
    "nothing to archive": Scenario(failing={"archiveArtifacts": "No space left on device"}),
    "cluster stays": Scenario(failing={"make cluster-down": REASON}),
    "two beside": Scenario(failing={"make slo": REASON, "make images": REASON}),
    **{f"failing {target}": Scenario(failing={f"make {target}": REASON}) for target in ORDER},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("pipeline")
    before, after = TALKATIVE
    text = JENKINSFILE.read_text()
    assert before in text
    (folder / "Talkative").write_text(text.replace(before, after))
    return run_all({**SCENARIOS, "talkative": Scenario(script=folder / "Talkative")}, folder)


def test_main_with_a_model_goes_all_the_way_in_order(runs: dict[str, Run]) -> None:
    run = runs["all"]
    assert (run.targets, run.ended) == (ORDER, None)
    assert run.description == "staging and prod serve model version 7 (telecom)"


def test_a_commit_on_main_is_pushed_and_signed_and_promotes_no_model(runs: dict[str, Run]) -> None:
    run = runs["no model"]
    assert (run.targets, run.ended) == ([*PROVEN, *RELEASED], None)
    assert not list(run.steps("input"))
    assert "no model was promoted" in run.said


@pytest.mark.parametrize("name", ["branch", "pull request"])
def test_another_branch_is_proven_and_neither_pushes_nor_promotes_nor_sees_a_credential(
    runs: dict[str, Run], name: str
) -> None:
    run = runs[name]
    assert (run.targets, run.ended) == (PROVEN, None)
    assert not any(event["credentials"] or event["node"] == "churn-deliver" for event in run.events)
    assert run.description == "nothing was pushed and nothing was promoted"


@pytest.mark.parametrize(
    ("name", "told"),
    [("model on branch", "promoted from branch main alone, and this is feature/x"), ("no registry", "IMAGE_REGISTRY")],
)
def test_what_cannot_end_well_does_not_begin(runs: dict[str, Run], name: str, told: str) -> None:
    run = runs[name]
    assert told in str(run.ended)
    assert run.targets == []


@pytest.mark.parametrize("target", ORDER)
def test_after_a_failure_nothing_that_follows_runs(runs: dict[str, Run], target: str) -> None:
    run = runs[f"failing {target}"]
    last = BESIDE[-1] if target in BESIDE else target
    assert run.targets == ORDER[: ORDER.index(last) + 1], "what runs beside it ends, and nothing else begins"
    assert REASON in str(run.ended)
    assert f"(make {target})" in run.said
    assert ".ci/run" in run.said


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("e2e", "nothing was pushed and nothing was promoted"),
        ("push", "nothing was pushed and nothing was promoted"),
        ("sign", "unsigned, which churn promote --images refuses"),
        ("promote-staging", "signed; no model was promoted"),
        ("promote-prod", "staging serves model version 7 (telecom), prod what it served before"),
    ],
)
def test_a_failure_says_how_far_it_had_come(runs: dict[str, Run], target: str, told: str) -> None:
    run = runs[f"failing {target}"]
    assert told in str(run.description)
    assert told in run.said


def test_two_that_fail_beside_one_another_are_both_named(runs: dict[str, Run]) -> None:
    assert "(make slo)" in runs["two beside"].said
    assert "(make images)" in runs["two beside"].said


def test_a_denied_approval_leaves_prod_alone(runs: dict[str, Run]) -> None:
    run = runs["denied"]
    assert run.targets == ORDER[:-1]
    assert "Rejected by somebody" in str(run.ended)
    assert "Approval, which was denied" in run.said
    assert "prod what it served before" in run.said


def test_who_is_asked_may_take_days_and_keeps_no_machine(runs: dict[str, Run]) -> None:
    (asked,) = runs["all"].steps("input")
    assert asked["node"] is None
    assert asked["submitter"] == "churn-approvers"
    assert "3 DAYS" in [event["words"] for event in runs["all"].steps("timeout") if event["stage"] == "Approval"]


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in {"model on branch", "no registry"}])
def test_every_machine_is_left_clean_however_it_ends(runs: dict[str, Run], name: str) -> None:
    run = runs[name]
    built = [event for event in run.events if event["node"] == "churn-build"]
    assert built[-1]["step"] == "deleteDir"
    assert "make cluster-down" in [event["words"] for event in run.steps("sh")]
    delivering = [event for event in run.events if event["node"] == "churn-deliver"]
    checkouts = [event for event in delivering if event["step"] == "checkout"]
    assert len(checkouts) == len([event for event in delivering if event["step"] == "deleteDir"])


def test_parts_of_the_proof_run_beside_one_another_on_one_machine(runs: dict[str, Run]) -> None:
    beside = [event for event in runs["all"].steps("sh") if event["branch"]]
    assert [event["words"].removeprefix("make ") for event in beside] == BESIDE
    assert {event["node"] for event in beside} == {"churn-build"}


def test_each_credential_is_seen_by_the_target_that_needs_it_alone(runs: dict[str, Run]) -> None:
    seen = {event["words"]: event["credentials"] for event in runs["all"].steps("sh") if event["credentials"]}
    signing = ["churn-signing-key", "churn-signing-password"]
    assert seen == {
        "make push": ["churn-registry"],
        "make sign": ["churn-registry", *signing],
        "make promote-staging": ["churn-git-password"],
        "make promote-prod": ["churn-git-password"],
    }
    assert {event["node"] for event in runs["all"].steps("sh") if "promote" in event["words"]} == {"churn-deliver"}


def told(run: Run) -> str:
    words = [str(event.get("words")) for event in run.events]
    return "\n".join([*words, str(run.ended), str(run.description)])


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_secret_is_in_a_command_a_message_or_the_description(runs: dict[str, Run], name: str) -> None:
    assert "secret of" not in told(runs[name])


def test_that_would_be_noticed(runs: dict[str, Run]) -> None:
    assert "secret of churn-signing-password" in told(runs["talkative"])


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_stage_calls_one_make_target_and_nothing_else(runs: dict[str, Run], name: str) -> None:
    commands = [event["words"] for event in runs[name].steps("sh")]
    assert [command for command in commands if not re.fullmatch(r"make [a-z0-9-]+", command)] == []
    assert not Path(JENKINSFILE).read_text().count("sh(")
