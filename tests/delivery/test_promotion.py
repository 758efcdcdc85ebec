"""Promotion and rollback of environments through the command line, a git server over HTTP and a real MLflow."""

import dataclasses
import json
from pathlib import Path

import pytest
import yaml

from churn_cli.environment_actions import description_of
from churn_model import Description, PackageContents
from churn_model.errors import RegistryError
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_training.packaging.home import Home
from churn_training.packaging.keys import signing_key, trusted_keys
from churn_training.runs.tracking import experiment_of
from git_server import git
from tests.delivery.commands import churn, refused
from tests.delivery.company import REASON, Company, Shelf


def digest(company: Company, environment: str) -> str:
    return str(yaml.safe_load(company.served(environment))["primary"]["model"]["digest"])


def test_a_promotion_is_one_commit_that_says_everything(
    company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    before = company.main()
    told = churn(capsys, "promote", "2", "--environment", "staging")
    assert told["commit"] == company.main() == git("rev-parse", "HEAD", folder=company.checkout)
    assert git("rev-list", f"{before}..main", folder=company.server).splitlines() == [told["commit"]]
    changed = git("diff", "--name-only", before, "main", folder=company.server)
    assert changed == "manifests/envs/staging/model.yaml"
    text = company.served("staging")
    model = yaml.safe_load(text)["primary"]["model"]
    assert model == {"uri": told["uri"], "digest": shelf.digests[1]}
    assert told["uri"].startswith("s3://churn-models/1/models/m-")
    assert told["uri"].endswith("/artifacts/")
    run = shelf.run_of("2")
    assert run in text
    assert "log_loss: 0.421" in text
    message = git("log", "-1", "--format=%B", "main", folder=company.server)
    assert message.startswith("Promote churn-telecom version 2 to staging\n\nIt is the first model there.\n")
    trailers = git("log", "-1", "--format=%(trailers:only)", "main", folder=company.server).splitlines()
    assert trailers == [
        "Churn-Model: churn-telecom 2",
        f"Churn-Run: {run}",
        f"Churn-Uri: {told['uri']}",
        f"Churn-Digest: {shelf.digests[1]}",
    ]
    assert "Figures: log_loss 0.421, roc_auc 0.842." in message
    assert git("log", "-1", "--format=%an %ae", "main", folder=company.server) == "A Deployer deployer@example.com"
    # Git itself finds the checkout as it should be: nothing changed, even with the server's branch.
    assert git("status", "--porcelain=v2", "--branch", folder=company.checkout).splitlines()[-1] == "# branch.ab +0 -0"
    assert (company.checkout / "manifests/envs/staging/model.yaml").read_text().rstrip("\n") == text
    git("fsck", "--strict", folder=company.checkout)


def test_what_is_served_already_needs_no_commit(
    company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shelf.digests
    churn(capsys, "promote", "1", "--environment", "dev")
    before = company.state()
    assert churn(capsys, "promote", "1", "--environment", "dev")["commit"] is None
    assert company.state() == before


def test_a_folder_in_the_checkout_will_do(company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    inside = str(company.checkout / "manifests")
    churn(capsys, "promote", "1", "--environment", "dev", "--repository", inside)
    assert digest(company, "dev") == shelf.digests[0]


def test_a_branch_for_others_to_look_at(company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    before = company.state()
    told = churn(capsys, "promote", "2", "--environment", "staging", "--branch", "models/two")
    assert company.branches() == ["main", "models/two"]
    assert shelf.digests[1] in company.served("staging", told["commit"])
    assert company.state()[:-1] == before[:-1]
    again = refused(capsys, "promote", "1", "--environment", "staging", "--branch", "models/two")
    assert "there is a branch models/two already; name another one" in again
    wrong = refused(capsys, "promote", "1", "--environment", "staging", "--branch", "a..b")
    assert wrong == "churn: --branch: 'a..b' is not the name of a branch"
    for words in (("promote", "2"), ("rollback",)):
        alone = refused(capsys, *words, "--branch", "models/two")
        assert alone == (
            "churn: --branch: is where the change of an environment is opened; name one with --environment"
        )
    # Merged, it is what staging serves.
    git("fetch", "--quiet", str(company.server), "models/two", folder=company.checkout)
    git("merge", "--quiet", "--no-ff", "--no-edit", "FETCH_HEAD", folder=company.checkout)
    company.push()
    churn(capsys, "promote", "2", "--environment", "prod")
    assert digest(company, "prod") == shelf.digests[1]


def test_prod_takes_only_what_staging_ran(company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    churn(capsys, "promote", "1", "--environment", "staging")
    before = company.state()
    for force in ((), ("--force",)):
        said = refused(capsys, "promote", "2", "--environment", "prod", *force)
        assert said == (
            "churn: churn-telecom version 2: prod takes only what staging ran, and staging has not served it; promote "
            "it there first"
        )
    assert company.state() == before
    churn(capsys, "promote", "2", "--environment", "staging")
    # What staging served before counts, as long as it was not taken back.
    churn(capsys, "promote", "1", "--environment", "prod")
    assert digest(company, "prod") == shelf.digests[0]
    back = churn(capsys, "rollback", "--environment", "staging")
    said = refused(capsys, "promote", "2", "--environment", "prod")
    assert f"and staging took it back on {git('log', '-1', '--format=%cs', folder=company.server)} (commit " in said
    assert back["commit"][:10] in said


def test_rollbacks_walk_back_and_never_to_what_was_rejected(
    company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    for version in "12":
        churn(capsys, "promote", version, "--environment", "dev")
    churn(capsys, "promote", "3", "--environment", "dev", "--force")
    first = churn(capsys, "rollback", "--environment", "dev")
    assert (first["version"], first["former"]["version"]) == ("2", "3")
    assert digest(company, "dev") == shelf.digests[1]
    message = git("log", "-1", "--format=%B", "main", folder=company.server)
    assert message.startswith("Roll dev back to churn-telecom version 2\n\nchurn-telecom version 3 is taken back")
    second = churn(capsys, "rollback", "--environment", "dev")
    assert (second["version"], digest(company, "dev")) == ("1", shelf.digests[0])
    before = company.state()
    assert refused(capsys, "rollback", "--environment", "dev").endswith(
        "churn-telecom version 1 was the first that it served; promote a version instead"
    )
    said = refused(capsys, "promote", "2", "--environment", "dev")
    assert "churn-telecom version 2: dev took it back on " in said
    assert said.endswith("--force promotes it again")
    assert company.state() == before
    # Promoted again on purpose it is a way back again.
    churn(capsys, "promote", "2", "--environment", "dev", "--force")
    assert churn(capsys, "rollback", "--environment", "dev")["version"] == "1"


def test_git_revert_is_a_rollback_too(company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    for version in "12":
        churn(capsys, "promote", version, "--environment", "staging")
    git("revert", "--no-edit", "HEAD", folder=company.checkout)
    company.push()
    assert digest(company, "staging") == shelf.digests[0]
    assert "staging took it back on" in refused(capsys, "promote", "2", "--environment", "prod")
    assert "was the first that it served" in refused(capsys, "rollback", "--environment", "staging")


def test_a_rollback_needs_no_registry(
    company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in "12":
        churn(capsys, "promote", version, "--environment", "dev")
    monkeypatch.setenv("CHURN_TRACKING_URI", "http://127.0.0.1:9")
    assert churn(capsys, "rollback", "--environment", "dev")["version"] == "1"
    assert digest(company, "dev") == shelf.digests[0]


def test_what_the_gate_refused_is_refused_with_its_reasons(
    company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    before = company.state()
    said = refused(capsys, "promote", "3", "--environment", "dev")
    assert said == (
        f"churn: churn-telecom version 3: the gate did not pass it ({REASON}); --force promotes it all the same, and "
        "the commit says so"
    )
    unknown = refused(capsys, "promote", "7", "--environment", "dev")
    assert unknown == "churn: churn-telecom: there is no version '7' (there are 3, 2, 1)"
    assert company.state() == before
    churn(capsys, "promote", "3", "--environment", "dev", "--force")
    assert digest(company, "dev") == shelf.digests[2]
    message = git("log", "-1", "--format=%B", "main", folder=company.server)
    assert f"The gate was overruled: the gate did not pass it ({REASON})." in message


def test_a_shallow_checkout_does_what_its_history_allows(
    company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for version in "12":
        churn(capsys, "promote", version, "--environment", "dev")
    shallow = tmp_path / "shallow"
    git("clone", "--quiet", "--depth", "1", f"file://{company.server}", str(shallow), folder=tmp_path)
    git("remote", "set-url", "origin", company.host.address("platform"), folder=shallow)
    monkeypatch.chdir(shallow)
    assert "there is no former model in the history" in refused(capsys, "rollback", "--environment", "dev")
    churn(capsys, "promote", "1", "--environment", "staging")
    assert digest(company, "staging") == shelf.digests[0]


def test_a_server_that_is_a_folder(company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    git("remote", "set-url", "origin", str(company.server), folder=company.checkout)
    told = churn(capsys, "promote", "1", "--environment", "dev")
    assert told["commit"] == company.main()
    assert digest(company, "dev") == shelf.digests[0]


def test_a_model_on_somebodys_disk_is_no_model_for_a_cluster(
    company: Company, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf = Shelf(connect(home.tracking_uri), location=(home.path / "artifacts").as_uri())
    shelf.add(passed=True)
    before = company.state()
    said = refused(capsys, "promote", "1", "--environment", "dev")
    assert said.startswith("churn: manifests/envs/dev/model.yaml, line 5, primary.model.uri: 'file://")
    assert said.endswith("is not empty, or the folder of a model package: s3://bucket/path")
    assert company.state() == before
    shelf.client.delete_model_version_tag(shelf.name, "1", "churn.digest")
    assert "the registry keeps no digest of it" in refused(capsys, "promote", "1", "--environment", "dev")


@pytest.mark.usefixtures("company", "shelf")
def test_a_description_is_committed_to_an_environment_and_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "promote", "1", "--with-description") == (
        "churn: --with-description: is committed to an environment; name one with --environment"
    )


def test_a_description_is_what_servers_of_the_package_show(home: Home, contents: PackageContents) -> None:
    client = connect(home.tracking_uri)
    # The default experiment keeps its artifacts in the working folder, and would leave them there.
    registry, run = MlflowRegistry(client), client.create_run(experiment_of(client, "described", home)).info.run_id
    made = registry.register(contents, signing_key(home), run)
    text = description_of(registry, made, home)
    assert Description.from_documents(json.loads(text), trusted_keys(home)).digest == made.digest
    assert text.isascii()
    with pytest.raises(RegistryError, match="another digest"):
        description_of(registry, dataclasses.replace(made, digest="sha256:" + "0" * 64), home)
