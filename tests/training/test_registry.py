"""A real MLflow in a temporary folder: round trip, aliases, and nothing half-written."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas
import pytest
from mlflow.exceptions import MlflowException

from churn_data.dataset import Dataset, rows_of
from churn_model import TrustedKeys, open_package
from churn_model.errors import ChurnModelError, CorruptPackage, RegistryError, SchemaMismatch
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.package import PackageContents
from churn_training.packaging.exported import read_exported
from churn_training.packaging.exporting import export_champion
from churn_training.packaging.home import Home
from churn_training.pipeline import TrainingOutcome, train
from churn_training.runs.tracking import experiment_of
from tests.training.shelves import NAME, Shelf, champion
from tests.training.small_families import small_candidates

pytestmark = pytest.mark.usefixtures("pictures_unseen")


@pytest.fixture
def shelf(home: Home) -> Shelf:
    return Shelf(home)


def test_what_comes_back_is_what_was_signed(shelf: Shelf, contents: PackageContents, tmp_path: Path) -> None:
    registered = shelf.registry.register(contents, shelf.key, shelf.run_id)
    assert registered.version == "1"
    assert "/models/m-" in registered.uri
    assert registered.uri.endswith("/artifacts")
    folder = shelf.registry.fetch(registered, tmp_path / "fetched")
    package = open_package(folder, TrustedKeys.load(shelf.home.verify_key))
    assert (package.digest, package.manifest.version) == (registered.digest, "1")
    stored = Path(registered.uri.removeprefix("file://"))
    assert digests(stored) == digests(folder)
    assert not any(path.suffix in (".pkl", ".joblib") for path in shelf.home.path.rglob("*"))


def test_refusals_are_one_line(shelf: Shelf, contents: PackageContents, tmp_path: Path) -> None:
    shelf.register(contents)
    shelf.registry.promote(NAME, "1")
    for refused in (
        lambda: shelf.registry.rollback(NAME),
        lambda: shelf.registry.promote(NAME, "7"),
        lambda: shelf.registry.promote(NAME, "latest"),
        lambda: shelf.registry.fetch(shelf.registry.by_version(NAME, "1"), tmp_path),
    ):
        with pytest.raises(RegistryError) as caught:
            refused()
        assert "\n" not in str(caught.value)
    assert champion(shelf.registry) == "1"


def test_a_number_taken_in_between_is_corrected(shelf: Shelf, contents: PackageContents, tmp_path: Path) -> None:
    shelf.register(contents)
    # Deleted versions keep their number, so the next one is not the one after the last that is seen.
    shelf.client.delete_model_version(NAME, shelf.register(contents))
    registered = shelf.registry.register(contents, shelf.key, shelf.run_id)
    package = open_package(shelf.registry.fetch(registered, tmp_path / "f"), TrustedKeys.load(shelf.home.verify_key))
    assert package.manifest.version == registered.version
    assert [found.version for found in shelf.registry.versions(NAME)] == [registered.version, "1"]


def test_a_package_that_cannot_be_written_leaves_nothing(shelf: Shelf, contents: PackageContents) -> None:
    broken = replace(contents, scorecard={"format": 1, "fill": [], "weights": [], "intercept": 0.0})
    with pytest.raises(SchemaMismatch):
        shelf.registry.register(broken, shelf.key, shelf.run_id)
    assert shelf.client.search_registered_models() == []
    assert shelf.client.search_logged_models([shelf.experiment]) == []


@pytest.mark.parametrize("step", ["log_model_artifacts", "create_model_version"])
@pytest.mark.parametrize("stop", [OSError("disk full"), KeyboardInterrupt()], ids=["disk full", "Ctrl-C"])
def test_a_stop_on_the_way_leaves_the_registry_as_it_was(
    step: str, stop: BaseException, shelf: Shelf, contents: PackageContents, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.register(contents)
    shelf.registry.promote(NAME, "1")

    def fail(*_: Any, **__: Any) -> None:
        raise stop

    monkeypatch.setattr(shelf.client, step, fail)
    with pytest.raises(type(stop)):
        shelf.register(contents)
    monkeypatch.undo()
    assert [found.version for found in shelf.registry.versions(NAME)] == ["1"]
    assert champion(shelf.registry) == "1"


def test_an_altered_artifact_is_noticed_before_it_is_registered(
    shelf: Shelf, contents: PackageContents, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = shelf.client.log_model_artifacts

    def rewrite(model_id: str, folder: str) -> None:
        with (Path(folder) / "MLmodel").open("a") as stream:
            stream.write("# rewritten on the way\n")
        upload(model_id, folder)
        text = (Path(folder) / "MLmodel").read_text()
        (Path(folder) / "MLmodel").write_text(text.removesuffix("# rewritten on the way\n"))

    monkeypatch.setattr(shelf.client, "log_model_artifacts", rewrite)
    with pytest.raises(RegistryError, match="the artifact store holds other bytes than were written"):
        shelf.register(contents)
    assert shelf.registry.versions(NAME) == []


def test_export_points_the_link_at_a_proven_package(shelf: Shelf, contents: PackageContents) -> None:
    for _ in range(2):
        shelf.register(contents)
    shelf.registry.promote(NAME, "1")
    export_champion(shelf.registry, NAME, shelf.home, "abc")
    folder = shelf.home.packages(NAME)
    assert (folder / "champion").resolve() == folder / "1"
    shelf.registry.promote(NAME, "2")
    exported = export_champion(shelf.registry, NAME, shelf.home)
    assert (folder / "champion").resolve() == folder / "2"
    assert read_exported(folder) == exported
    assert exported.simulated
    assert sorted(path.name for path in folder.iterdir()) == ["1", "2", "champion", "champion.json"]


def test_a_package_damaged_in_the_registry_leaves_the_link(shelf: Shelf, contents: PackageContents) -> None:
    shelf.register(contents)
    second = shelf.registry.register(contents, shelf.key, shelf.run_id)
    shelf.registry.promote(NAME, "1")
    export_champion(shelf.registry, NAME, shelf.home)
    shelf.registry.promote(NAME, "2")
    (Path(second.uri.removeprefix("file://")) / "encoder.json").write_text("{}")
    with pytest.raises(CorruptPackage):
        export_champion(shelf.registry, NAME, shelf.home)
    folder = shelf.home.packages(NAME)
    assert (folder / "champion").resolve() == folder / "1"
    assert sorted(path.name for path in folder.iterdir()) == ["1", "champion", "champion.json"]


def test_a_damaged_export_is_replaced(shelf: Shelf, contents: PackageContents) -> None:
    shelf.register(contents)
    shelf.registry.promote(NAME, "1")
    export_champion(shelf.registry, NAME, shelf.home)
    damaged = shelf.home.packages(NAME) / "1" / "golden.json"
    damaged.write_text("{}")
    export_champion(shelf.registry, NAME, shelf.home)
    open_package(damaged.parent, TrustedKeys.load(shelf.home.verify_key))


def test_a_failed_training_leaves_the_champion(home: Home, telco: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    candidates = small_candidates()[1:2]
    first = train(telco, home, candidates=candidates, parts=2)
    monkeypatch.setattr("churn_training.packaging.compilation.TOLERANCE", -1.0)
    with pytest.raises(ChurnModelError, match="differs from the fitted one"):
        train(telco, home, candidates=candidates, parts=2)
    client = connect(home.tracking_uri)
    registry = MlflowRegistry(client)
    assert [found.version for found in registry.versions("churn-telecom")] == [first.registered.version]
    found = registry.champion("churn-telecom")
    assert found is not None
    assert found.version == "1"
    experiment = experiment_of(client, "churn-telecom", home)
    states = [run.info.status for run in client.search_runs([experiment], "tags.churn.winner = ''")]
    assert "RUNNING" not in states


def test_runs_tell_everything(trained: tuple[Home, TrainingOutcome]) -> None:
    home, outcome = trained
    client = connect(home.tracking_uri)
    parent = client.get_run(outcome.run_id)
    assert parent.data.tags["churn.data_source"] == "telco.csv"
    assert parent.data.tags["churn.data_kind"] == "real"
    assert len(parent.data.tags["churn.data_sha256"]) == 64
    assert parent.data.tags["churn.version"] == "1"
    assert parent.data.metrics["roc_auc"] == pytest.approx(outcome.metrics["roc_auc"])
    nested = [run for run in client.search_runs([parent.info.experiment_id]) if run.info.run_id != outcome.run_id]
    families = {"catboost", "linear", "trees", "additive", "native"}
    rounds = [run for run in nested if run.info.run_name.startswith("round ")]
    assert {run.data.tags["churn.family"] for run in rounds} == families
    assert all(run.info.status == "FINISHED" and "log_loss" in run.data.metrics for run in rounds)
    contenders = [run for run in nested if run.data.tags["churn.role"] == "contender"]
    assert {run.info.run_name for run in contenders} == families | {f"{name}-calibrated" for name in families} | {
        "ensemble",
        "ensemble-mean",
    }
    for run in contenders:
        assert run.info.status == "FINISHED"
        assert {"roc_auc", "pr_auc", "brier", "log_loss", "ece", "profit", "empc"} <= set(run.data.metrics)
        curves = {Path(file.path).name for file in client.list_artifacts(run.info.run_id, "curves")}
        assert curves == {"roc.png", "calibration.png", "profit.png"}


def test_contenders_are_nested_in_their_families(trained: tuple[Home, TrainingOutcome]) -> None:
    home, outcome = trained
    client = connect(home.tracking_uri)
    everything = client.search_runs([client.get_run(outcome.run_id).info.experiment_id])
    by_id = {run.info.run_id: run for run in everything}
    families = [run for run in everything if run.data.tags.get("churn.role") == "family"]
    assert {run.data.tags["mlflow.parentRunId"] for run in families} == {outcome.run_id}
    assert {run.info.run_name for run in families} == {
        *(candidate.title for candidate in small_candidates()),
        "Combinations of families",
    }
    inside = [run for run in everything if run.data.tags.get("churn.role") in ("setting", "contender")]
    assert len(inside) == 5 + 5 + 5 + 2
    for run in inside:
        family = by_id[run.data.tags["mlflow.parentRunId"]]
        assert family in families
        assert family.data.tags["churn.family"] == run.data.tags["churn.family"]
        assert run.data.tags["churn.family"] in (run.info.run_name, *run.info.run_name.replace("-", " ").split())


def test_a_version_says_what_it_takes_what_it_learnt_from_and_why_it_was_chosen(
    trained: tuple[Home, TrainingOutcome],
) -> None:
    import mlflow.models

    home, outcome = trained
    client = connect(home.tracking_uri)
    version = client.get_model_version("churn-telecom", "1")
    assert version.description is not None
    assert version.source is not None
    for words in (
        "learnt from 5",
        "of telco.csv",
        "never seen: ROC AUC 0.8",
        "It became champion",
        "It goes most by: ",
    ):
        assert words in version.description
    assert "how likely a customer is to leave" in client.get_registered_model("churn-telecom").description
    signature = mlflow.models.get_model_info("models:/churn-telecom/1").signature
    types = {column.name: str(column.type) for column in signature.inputs.inputs}
    assert len(types) == 19
    named = [types[name] for name in ("gender", "MonthlyCharges", "tenure")]
    assert named == ["DataType.string", "DataType.double", "Any"]
    assert signature.outputs.input_names() == ["churn_probability", "segment"]
    model = client.get_logged_model(version.source.removeprefix("models:/"))
    metrics = {metric.key: metric for metric in model.metrics or ()}
    assert version.tags["churn.log_loss"] == f"{outcome.metrics['log_loss']:.4f}"
    assert set(metrics) == {"log_loss", "roc_auc", "brier", "ece", "empc", "cv_log_loss"}
    assert metrics["log_loss"].value == outcome.metrics["log_loss"]
    inputs = client.get_run(outcome.run_id).inputs
    assert inputs is not None
    (used,) = inputs.dataset_inputs
    assert (used.dataset.name, json.loads(used.dataset.source)) == ("telco.csv", {"uri": "telco.csv"})
    assert (metrics["log_loss"].dataset_name, metrics["log_loss"].dataset_digest) == ("telco.csv", used.dataset.digest)
    assert outcome.run_id == version.run_id


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")
def test_pyfunc_answers_like_the_scorer(
    trained: tuple[Home, TrainingOutcome], telco: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow.pyfunc

    home, _ = trained
    connect(home.tracking_uri)
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(home.verify_key))
    model = mlflow.pyfunc.load_model("models:/churn-telecom@champion")
    frame = telco.frame.astype({"tenure": int, "SeniorCitizen": int}).sample(frac=0.1, random_state=1)
    answers = model.predict(frame)
    registry = MlflowRegistry(connect(home.tracking_uri))
    champion = registry.champion("churn-telecom")
    assert champion is not None
    package = open_package(Path(champion.uri.removeprefix("file://")), TrustedKeys.load(home.verify_key))
    scores = package.scorer.score(rows_of(frame.astype({"tenure": float, "SeniorCitizen": float})))
    expected = pandas.DataFrame(
        {"churn_probability": scores.probabilities, "segment": scores.segments}, index=frame.index
    )
    pandas.testing.assert_frame_equal(answers, expected, check_exact=True)
    with pytest.raises(MlflowException, match=r"missing inputs \['tenure'\]"):
        model.predict(frame.drop(columns="tenure"))
    with pytest.raises(ChurnModelError, match="column 'tenure': a number was expected"):
        model.predict(frame.assign(tenure="long"))


def replace(contents: PackageContents, **changes: Any) -> PackageContents:
    import dataclasses

    return dataclasses.replace(contents, **changes)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
