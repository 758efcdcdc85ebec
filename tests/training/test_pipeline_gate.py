"""Who may take the champion's place: rules about where models come from, then a contest on customers held out."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import msgspec
import numpy
import pytest

from churn_data.dataset import Dataset, schema_of
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.package import Package, open_package
from churn_model.schema import Row, Schema, SchemaFeature
from churn_model.scorer import Scorer, Scores
from churn_training.comparison.champion_contest import CurrentChampion, contest, fetch_champion, groups_of
from churn_training.comparison.splits import holdout
from churn_training.families.candidates import Candidate
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.pipeline import TrainingOutcome, train

NAME = "churn-telecom"
WEAK = Candidate("weak", "Weak", "additive", {"C": 1e-6, "knots": 2})
STRONG = Candidate("strong", "Strong", "additive", {"C": 0.02, "knots": 8})


@pytest.fixture(scope="module")
def champion(trained: tuple[Home, TrainingOutcome]) -> CurrentChampion:
    home, _ = trained
    return fetch_champion(MlflowRegistry(connect(home.tracking_uri)), NAME, trusted_keys(home))


@pytest.fixture
def package(champion: CurrentChampion) -> Package:
    assert champion.package is not None
    return champion.package


@pytest.fixture(scope="module")
def held_out(telco: Dataset) -> Dataset:
    return telco.take(holdout(telco, seed=1, parts=3)[1])


def with_groups(dataset: Dataset) -> Dataset:
    return replace(dataset, usecase=msgspec.structs.replace(dataset.usecase, groups=("gender", "SeniorCitizen")))


def simulated(dataset: Dataset) -> Dataset:
    return replace(dataset, source=replace(dataset.source, simulated=True))


def of_simulated_customers(champion: CurrentChampion, package: Package) -> CurrentChampion:
    data = msgspec.structs.replace(package.manifest.training_data, simulated=True)
    manifest = msgspec.structs.replace(package.manifest, training_data=data)
    return replace(champion, package=replace(package, manifest=manifest))


def schema_with(schema: Schema, feature: SchemaFeature) -> Schema:
    features = tuple(feature if each.name == feature.name else each for each in schema.features)
    return Schema(schema.usecase, schema.id, features)


def test_the_first_model_is_champion(package: Package, held_out: Dataset) -> None:
    nobody = CurrentChampion(None, None, "there was no champion")
    decision = contest(nobody, package.scorer, package.manifest.schema, held_out, seed=0)
    assert (decision.promoted, decision.reason, decision.verdict) == (True, "there was no champion", None)


class Slow(Scorer):
    """Answers as the model does, after thinking."""

    def __init__(self, scorer: Scorer, seconds: float) -> None:
        self._scorer, self._seconds = scorer, seconds

    def score(self, rows: Sequence[Row]) -> Scores:
        begun = time.process_time()
        while time.process_time() - begun < self._seconds:
            pass
        return self._scorer.score(rows)


@pytest.mark.parametrize("first", [True, False], ids=["nobody was champion", "somebody was"])
def test_what_breaks_the_serving_budget_is_nobodys_champion(
    first: bool, champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    before = CurrentChampion(None, None, "there was no champion") if first else champion
    decision = contest(before, Slow(package.scorer, 0.004), package.manifest.schema, held_out, seed=0)
    assert not decision.promoted
    assert re.fullmatch(
        r"it is too slow: \d+\.\d\d ms for one customer, \d+\.\d\d ms above the 2 ms that serving allows",
        decision.reason,
    )


def test_a_model_is_no_better_than_itself(champion: CurrentChampion, package: Package, held_out: Dataset) -> None:
    decision = contest(champion, package.scorer, package.manifest.schema, held_out, seed=0)
    assert not decision.promoted
    assert decision.verdict is not None
    assert decision.verdict.probability_better == 0.5
    assert decision.reason.startswith("version 1 stays: A campaign with the new model is expected to earn")
    assert decision.verdict.findings[-1].sentence.startswith("Both learnt from the same file")
    assert decision.to_json()["verdict"]["findings"][0]["rule_name"] == "profit"


def test_customers_of_another_file_need_no_note(champion: CurrentChampion, package: Package, held_out: Dataset) -> None:
    other = replace(held_out, source=replace(held_out.source, sha256="0" * 64))
    decision = contest(champion, package.scorer, package.manifest.schema, other, seed=0)
    assert decision.verdict is not None
    assert "same data" not in [finding.rule_name for finding in decision.verdict.findings]


def test_simulated_customers_replace_no_real_ones(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    decision = contest(champion, package.scorer, package.manifest.schema, simulated(held_out), seed=0)
    assert not decision.promoted
    assert decision.reason == "a model of simulated customers does not replace one of real customers"


def test_real_customers_replace_simulated_ones_uncontested(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    before = of_simulated_customers(champion, package)
    schema = package.manifest.schema
    assert contest(before, package.scorer, schema, held_out, seed=0).promoted
    # Among simulated ones it is a contest again.
    assert not contest(before, package.scorer, schema, simulated(held_out), seed=0).promoted


def test_a_champion_of_other_features_is_replaced(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    schema = package.manifest.schema
    other = schema_with(schema, msgspec.structs.replace(schema.features[0], type="number", categories=()))
    decision = contest(champion, package.scorer, other, held_out, seed=0)
    assert (decision.promoted, decision.reason) == (True, "version 1, the champion, takes other features")
    assert champion.segmenter_for(other) is None


def test_a_level_that_the_champion_does_not_know_is_no_way_round_the_contest(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    schema = package.manifest.schema
    contract = next(feature for feature in schema.features if feature.name == "Contract")
    more = schema_with(schema, msgspec.structs.replace(contract, categories=(*contract.categories, "Ten years")))
    held_out = replace(held_out, frame=held_out.frame.copy())
    held_out.frame.loc[:5, "Contract"] = "Ten years"
    decision = contest(champion, package.scorer, more, held_out, seed=0)
    assert decision.verdict is not None
    assert champion.segmenter_for(more) is not None


def test_groups_are_read_as_people_write_them(held_out: Dataset) -> None:
    held_out = replace(with_groups(held_out), frame=held_out.frame.copy())
    held_out.frame.loc[0, "gender"] = numpy.nan
    groups = groups_of(held_out)
    assert set(groups) == {"gender", "SeniorCitizen"}
    assert set(groups["gender"]) == {"Female", "Male", "(missing)"}
    assert set(groups["SeniorCitizen"]) == {"0", "1"}


def test_only_a_better_model_replaces_the_champion(
    home: Home, telco: Dataset, package: Package, tmp_path: Path
) -> None:
    registry = MlflowRegistry(connect(home.tracking_uri))

    def trained_on(candidate: Candidate, **more: Any) -> TrainingOutcome:
        outcome = train(with_groups(telco), home, candidates=[candidate], parts=2, **more)
        found = registry.champion(NAME)
        assert found is not None
        assert (found.version == outcome.registered.version) == outcome.promoted
        return outcome

    assert trained_on(WEAK).decision.reason == "there was no champion"
    better = trained_on(STRONG)
    assert better.decision.reason == "it is better than version 1"
    assert better.decision.verdict is not None
    assert better.decision.verdict.probability_better >= 0.95
    assert "version 2 stays" in trained_on(WEAK).decision.reason
    records_tell_everything(registry, home, better, tmp_path)

    # A champion that cannot be opened is not known to be worse: it stays unless somebody says otherwise.
    (Path(urlparse(better.registered.uri).path) / "golden.json").write_text("{}")
    lost = fetch_champion(registry, NAME, trusted_keys(home))
    decision = contest(lost, package.scorer, schema_of(telco), telco, seed=0)
    assert decision.reason.startswith("version 2, the champion, cannot be opened: golden.json: differs from the digest")
    assert not decision.promoted
    assert trained_on(STRONG, promotion="always").promoted


def records_tell_everything(registry: MlflowRegistry, home: Home, outcome: TrainingOutcome, folder: Path) -> None:
    client = connect(home.tracking_uri)
    run = client.get_run(outcome.run_id)
    assert run.data.tags["churn.gate"] == "promoted: it is better than version 1"
    assert run.data.metrics["empc_low"] < run.data.metrics["empc"] < run.data.metrics["empc_high"]
    files = Path(client.download_artifacts(outcome.run_id, "comparison", str(folder)))
    assert {path.name for path in (files / "curves").iterdir()} == {
        "roc.png",
        "profit.png",
        "calibration.png",
        "lift.png",
    }
    gate = json.loads((files / "gate.json").read_text())
    assert gate == json.loads(json.dumps(outcome.decision.to_json()))
    groups = {row["group"] for row in json.loads((files / "fairness.json").read_text())}
    assert groups == {"gender", "SeniorCitizen"}
    page = (files / "report.html").read_text()
    assert "it is better than version 1" in page
    assert "Strong, calibrated" in page
    package = open_package(registry.fetch(outcome.registered, folder / "package"), trusted_keys(home))
    assert package.manifest.metrics["empc"] == outcome.metrics["empc"]
