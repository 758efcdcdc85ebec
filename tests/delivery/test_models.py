"""`churn models`, and an alias that somebody moved in MLflow's own pages: named, and no way around the gate."""

from pathlib import Path

import pytest

from churn_cli.main import main
from churn_model.mlflow_registry import MlflowRegistry
from tests.delivery.commands import churn, refused
from tests.delivery.company import REASON, Company, Shelf


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    capsys.readouterr()
    assert main(["models", *words]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("company")
def test_what_there_is_and_what_is_served_where(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    for version, environment in (("1", "staging"), ("1", "prod"), ("2", "staging")):
        churn(capsys, "promote", version, "--environment", environment)
    found = churn(capsys, "models")
    assert (found["champion"], found["alias"]) == ("1", "1")
    versions = {each["version"]: each for each in found["versions"]}
    assert list(versions) == ["3", "2", "1"]
    assert [versions[number]["served_by"] for number in "321"] == [[], ["staging"], ["prod"]]
    assert versions["3"]["gate"] == f"the gate did not pass it ({REASON})"
    assert (versions["1"]["gate"], versions["1"]["figures"]["log_loss"]) == ("passed", 0.411)
    assert {each["name"]: each["serves"] for each in found["environments"]} == {
        "dev": None, "staging": shelf.digests[1], "prod": shelf.digests[0]
    }  # fmt: skip
    assert found["remarks"] == ["staging serves version 2, the champion is version 1"]
    lines = shown(capsys)
    assert lines[0] == "churn-telecom"
    assert lines[1].split("  ")[0].strip() == "version"
    (champion,) = [line for line in lines if line.startswith("1 champion")]
    assert champion.endswith("prod")
    assert "0.4110" in champion
    assert "dev: the starter model of the images" in lines
    (staging,) = [line for line in lines if line.startswith("staging: churn-telecom version 2 (sha256:")]
    assert "; a rollback brings churn-telecom version 1 (sha256:" in staging
    assert lines[-1] == found["remarks"][0]
    churn(capsys, "rollback", "--environment", "staging")
    (taken_back,) = [line for line in shown(capsys) if line.startswith("2 ")]
    assert taken_back.endswith("not staging (taken back)")


@pytest.mark.usefixtures("shelf")
def test_without_a_checkout_the_registry_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = churn(capsys, "models")
    assert (found["environments"], found["remarks"], len(found["versions"])) == ([], [], 3)
    assert "is not in a git checkout" in refused(capsys, "models", "--repository", ".")


def test_a_served_model_that_the_registry_does_not_know(
    company: Company, shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shelf.digests
    text = f"primary:\n  model:\n    uri: s3://churn-models/7/\n    digest: sha256:{'7' * 64}\n"
    company.commit("manifests/envs/dev/model.yaml", text)
    company.push()
    assert churn(capsys, "models")["remarks"] == ["dev serves sha256:777777777777, which the registry does not know"]


def test_an_alias_that_was_moved_in_mlflow(
    tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shelf.client.set_registered_model_alias(shelf.name, "champion", "3")
    found = churn(capsys, "models")
    assert (found["champion"], found["alias"]) == ("1", "3")
    (remark,) = found["remarks"]
    assert remark == (
        "churn-telecom: MLflow's alias champion was moved to version 3 in MLflow itself; it is not followed, version 1 "
        f"stays champion (the gate did not pass it ({REASON})): `churn promote 3` asks the gate, `churn rollback` puts "
        "the alias back"
    )
    champion = MlflowRegistry(shelf.client).champion(shelf.name)
    assert champion is not None
    assert champion.version == "1"
    # It is no way around the gate, and what served before is no rejected model.
    assert f"the gate did not pass it ({REASON})" in refused(capsys, "promote", "3")
    MlflowRegistry(shelf.client).rollback(shelf.name)
    assert churn(capsys, "models")["alias"] == "1"
    assert "there is no former champion to go back to" in refused(capsys, "rollback")
