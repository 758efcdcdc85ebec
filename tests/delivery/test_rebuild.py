"""A registry that is lost comes back from MLflow's artifacts alone, as it was, and goes on."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy
import pytest

from churn_cli.main import main
from churn_data.dataset import Dataset
from churn_model.mlflow_registry import DIGEST_TAG, MlflowRegistry, connect
from churn_model.signing import SigningKey
from churn_training.packaging.home import Home
from churn_training.pipeline import train
from tests.delivery.commands import churn, refused
from tests.delivery.company import Company
from tests.training.small_families import small_candidates

pytestmark = pytest.mark.usefixtures("pictures_unseen")
NAME = "churn-telecom"
NEW_TAGS = {"churn.made", "churn.run_artifacts"}


@dataclass(frozen=True)
class Kept:
    """A home with two versions, both promoted, the second by order; what its registry said of them."""

    folder: Path
    versions: dict[str, tuple[str, str, dict[str, str]]]
    card: str


def said(home: Home) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Run, digest and tags of every version."""
    client = connect(home.tracking_uri)
    return {
        str(each.version): (
            str(each.run_id),
            each.tags[DIGEST_TAG],
            {name: value for name, value in each.tags.items() if name not in NEW_TAGS},
        )
        for each in client.search_model_versions(f"name = '{NAME}'")
    }


@pytest.fixture(scope="module")
def customers(telco: Dataset) -> Dataset:
    return telco.take(numpy.arange(1500))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, customers: Dataset, empty_database: Path) -> Kept:
    home = Home.from_environment({"CHURN_HOME": str(tmp_path_factory.mktemp("kept"))})
    shutil.copy(empty_database, home.path / "mlflow.db")
    promotions: tuple[Literal["gated", "always"], ...] = ("gated", "always")
    for seed, promotion in enumerate(promotions, 1):
        train(customers, home, seed=seed, candidates=small_candidates()[1:2], parts=2, promotion=promotion)
    from churn_training.runs.model_cards import fetch_card

    return Kept(home.path, said(home), fetch_card(connect(home.tracking_uri), NAME, "2"))


@pytest.fixture
def lost(kept: Kept, home: Home) -> Home:
    """The artifacts at another place, keys, and an empty MLflow."""
    for part in ("artifacts", "keys"):
        shutil.copytree(kept.folder / part, home.path / part)
    return home


def package_of(home: Home, version: str) -> Path:
    (found,) = [
        path.parent
        for path in home.artifacts.glob("*/models/*/artifacts/manifest.json")
        if json.loads(path.read_text())["version"] == version
    ]
    return found


def said_run(package: Path) -> str:
    """The run that made a package, by its files."""
    (line,) = [line for line in (package / "MLmodel").read_text().splitlines() if line.startswith("run_id: ")]
    return line.removeprefix("run_id: ")


def state(home: Home) -> list[str]:
    """Everything that MLflow keeps of models but when it did, which is all that may differ."""
    with sqlite3.connect(home.path / "mlflow.db") as database:
        database.row_factory = sqlite3.Row
        found = []
        for table in ("registered_models", "registered_model_tags", "registered_model_aliases", "model_versions"):
            for row in database.execute(f"SELECT * FROM {table}"):
                kept = {key: row[key] for key in row.keys() if not key.endswith("_time")}  # noqa: SIM118 - of a Row
                found.append(f"{table} {kept}")
        found += [
            f"tag {tuple(row)}" for row in database.execute("SELECT name, version, key, value FROM model_version_tags")
        ]
    return sorted(found)


def test_all_of_it_is_back_and_goes_on(
    kept: Kept, lost: Home, customers: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    done = churn(capsys, "registry", "rebuild")
    (model,) = done["models"]
    assert ([each["version"] for each in model["registered"]], model["gaps"]) == (["1", "2"], [])
    assert said(lost) == kept.versions
    shown = churn(capsys, "models")
    assert (shown["champion"], shown["alias"], shown["remarks"]) == ("2", "2", [])
    assert [each["uri"] for each in shown["versions"]] == [package_of(lost, number).as_uri() for number in "21"]
    assert shown["versions"][1]["gate"] == "passed"
    assert shown["versions"][0]["override"] == kept.versions["2"][2]["churn.override"]
    assert churn(capsys, "card", "2")["card"] == kept.card
    third = train(customers, lost, seed=3, candidates=small_candidates()[1:2], parts=2)
    assert (third.registered.version, third.decision.against) == ("3", "2")
    assert third.decision.contest.endswith(":1")
    assert churn(capsys, "rollback")["version"] == "1"
    assert "there is no former champion" in refused(capsys, "rollback")
    assert churn(capsys, "registry", "rebuild")["models"][0]["registered"] == []


def test_again_changes_nothing_and_a_dry_run_neither(lost: Home, capsys: pytest.CaptureFixture[str]) -> None:
    empty = state(lost)
    planned = churn(capsys, "registry", "rebuild", "--dry-run")
    assert (state(lost), planned["dry_run"]) == (empty, True)
    done = churn(capsys, "registry", "rebuild")
    assert done["models"] == planned["models"]
    once = state(lost)
    assert once != empty
    churn(capsys, "registry", "rebuild")
    assert state(lost) == once


def stopped_after(writes: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Rebuild, ended from outside before the write of this number; whether it came so far."""
    from mlflow import MlflowClient

    left = [writes]

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def count(*words: Any, **more: Any) -> Any:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            return write(*words, **more)

        return count

    with monkeypatch.context() as patch:
        for name in dir(MlflowClient):
            if name.startswith(("create_", "delete_", "set_registered", "set_model")):
                patch.setattr(MlflowClient, name, counted(getattr(MlflowClient, name)))
        return main(["registry", "rebuild"]) == 130


def test_stopped_anywhere_it_is_gone_on_from(
    lost: Home, empty_database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(package_of(lost, "1"))  # so that a number is used up for nothing, too
    churn(capsys, "registry", "rebuild")
    whole, writes = state(lost), 0
    shutil.copy(empty_database, lost.path / "mlflow.db")
    while stopped_after(writes, monkeypatch):
        churn(capsys, "registry", "rebuild")
        assert state(lost) == whole, f"stopped before write {writes}"
        shutil.copy(empty_database, lost.path / "mlflow.db")
        writes += 1
    assert writes >= 5
    assert [each["version"] for each in churn(capsys, "models")["versions"]] == ["2"]


def test_what_was_not_signed_so_is_named_and_never_registered(lost: Home, capsys: pytest.CaptureFixture[str]) -> None:
    damaged, forged = package_of(lost, "1"), lost.artifacts / NAME / "models" / "m-forged" / "artifacts"
    shutil.copytree(package_of(lost, "2"), forged)
    (forged / "signature").write_bytes(SigningKey.generate(lost.path / "other.pem").sign(b"whatever"))
    (damaged / "encoder.json").write_text("{}")
    line = refused(capsys, "registry", "rebuild", code=1)
    assert "could not" in line
    assert main(["registry", "rebuild", "--json"]) == 1
    problems = json.loads(capsys.readouterr().out.splitlines()[-1])["problems"]
    assert sorted(problem.partition(": ")[0] for problem in problems) == sorted((damaged.as_uri(), forged.as_uri()))
    assert any("encoder.json" in problem for problem in problems)
    # The number of what is damaged stays its own, though nobody has it.
    assert list(said(lost)) == ["2"]


def test_a_signed_package_at_the_place_of_another_is_refused(lost: Home, capsys: pytest.CaptureFixture[str]) -> None:
    second = package_of(lost, "2")
    for place in (lost.artifacts / NAME / "models" / "m-other" / "artifacts", lost.artifacts / "starter" / "0.0.0"):
        shutil.copytree(second, place)
    assert main(["registry", "rebuild"]) == 1
    captured = capsys.readouterr()
    assert "which has a folder of its own" in captured.out
    assert f"{(lost.artifacts / 'starter' / '0.0.0').as_uri()}: lies where MLflow keeps no models" in captured.err
    assert sorted(said(lost)) == ["1", "2"]


def test_of_copies_one_counts_and_a_gate_that_says_nothing_is_none(
    lost: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    second = package_of(lost, "2")
    (lost.artifacts / NAME / said_run(second) / "artifacts" / "comparison" / "gate.json").write_text('{"promoted": 7}')
    shutil.copytree(lost.artifacts / NAME, lost.artifacts / "a-copy" / NAME)
    assert main(["registry", "rebuild"]) == 0
    told = capsys.readouterr().out
    assert f"artifacts/a-copy/{NAME}/models/{second.parent.name}/artifacts is a copy of {second.as_uri()}" in told
    assert f"{NAME} version 2: what the gate said of it is not kept, so it counts as not judged" in told
    shown = churn(capsys, "models")
    assert [each["gate"] for each in shown["versions"]] == ["no gate has judged it", "passed"]
    assert shown["champion"] == "1"


def test_two_packages_of_one_number_are_refused_with_both_named(
    lost: Home, customers: Dataset, empty_database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = train(customers, lost, seed=4, candidates=small_candidates()[1:2], parts=2).registered
    assert first.version == "1"
    before = said(lost)
    assert main(["registry", "rebuild"]) == 1
    told = capsys.readouterr().out
    assert f"but the registry has version 1 of run {before['1'][0]} with {first.digest}" in told
    assert said(lost) == before
    shutil.copy(empty_database, lost.path / "mlflow.db")
    assert main(["registry", "rebuild"]) == 1
    told = capsys.readouterr().out
    assert f"{NAME} version 1 is claimed twice" in told
    assert first.digest in told
    assert said(lost) == {}


def test_a_contradiction_is_refused_with_both_named(kept: Kept, lost: Home, capsys: pytest.CaptureFixture[str]) -> None:
    client, (run, digest, _) = connect(lost.tracking_uri), kept.versions["1"]
    client.create_registered_model(NAME)
    other = f"sha256:{'7' * 64}"
    client.create_model_version(NAME, "s3://elsewhere/model", run, tags={DIGEST_TAG: other})
    before = state(lost)
    assert main(["registry", "rebuild"]) == 1
    told = capsys.readouterr().out
    assert all(each in told for each in (run, digest, other))
    assert state(lost) == before


def test_a_number_that_mlflow_gave_before_is_not_given_again(lost: Home, capsys: pytest.CaptureFixture[str]) -> None:
    client = connect(lost.tracking_uri)
    client.create_registered_model(NAME)
    client.create_model_version(NAME, "s3://elsewhere/model", None, tags={DIGEST_TAG: f"sha256:{'7' * 64}"})
    client.delete_model_version(NAME, "1")
    refused(capsys, "registry", "rebuild", code=2)
    once = refused(capsys, "registry", "rebuild", code=1)
    told = state(lost)
    assert "could not" in once
    assert refused(capsys, "registry", "rebuild", code=1) == once
    assert state(lost) == told


def test_the_champion_is_what_an_environment_serves(
    kept: Kept, company: Company, lost: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    def serve(digest: str) -> None:
        text = f"primary:\n  model:\n    uri: s3://churn-models/7/\n    digest: {digest}\n"
        company.commit("manifests/envs/prod/model.yaml", text)

    first, second = (kept.versions[number][1] for number in "12")
    for digest in (second, first):
        serve(digest)
    churn(capsys, "registry", "rebuild", "--environment", "prod")
    registry = MlflowRegistry(connect(lost.tracking_uri))
    champion = registry.champion(NAME)
    assert champion is not None
    assert (champion.version, churn(capsys, "rollback")["version"]) == ("1", "2")
    # It is only added to: what is champion by now stays so.
    assert main(["registry", "rebuild", "--environment", "prod"]) == 0
    assert "version 2 is champion in the registry and stays so" in capsys.readouterr().out


def test_an_environment_that_serves_what_is_gone(
    company: Company, lost: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"primary:\n  model:\n    uri: s3://churn-models/7/\n    digest: sha256:{'7' * 64}\n"
    company.commit("manifests/envs/prod/model.yaml", text)
    assert main(["registry", "rebuild", "--environment", "prod"]) == 1
    assert f"serves sha256:{'7' * 64}, of which there is no version" in capsys.readouterr().out
    assert "there is no environment 'production'" in refused(
        capsys, "registry", "rebuild", "--environment", "production"
    )
    assert sorted(said(lost)) == ["1", "2"]


def test_a_place_without_artifacts(lost: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "nowhere"
    assert f"{place}: there is no such folder" in refused(capsys, "registry", "rebuild", "--artifacts", str(place))
    assert said(lost) == {}
