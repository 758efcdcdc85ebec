"""Who may take the champion's place: rules about where models come from, then a contest on customers held out."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import msgspec
import numpy
import pytest

from churn_data.dataset import Dataset
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.package import Package, open_package
from churn_training.comparison.champion_contest import (
    ChampionDecision,
    CurrentChampion,
    fetch_champion,
    groups_of,
)
from churn_training.comparison.money_words import told_for
from churn_training.families.candidates import Candidate
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.pipeline import TrainingOutcome, train
from tests.training.contests import NAME, NOBODY, Constant, Slow, against, strangers

pytestmark = pytest.mark.usefixtures("pictures_unseen")
WEAK = Candidate("weak", "Weak", "additive", {"C": 1e-6, "knots": 2})
STRONG = Candidate("strong", "Strong", "additive", {"C": 0.02, "knots": 8})


def with_groups(dataset: Dataset) -> Dataset:
    return replace(dataset, usecase=msgspec.structs.replace(dataset.usecase, groups=("gender", "SeniorCitizen")))


def simulated(dataset: Dataset) -> Dataset:
    return replace(dataset, source=replace(dataset.source, simulated=True))


def of_simulated_customers(champion: CurrentChampion, package: Package) -> CurrentChampion:
    data = msgspec.structs.replace(package.manifest.training_data, simulated=True)
    manifest = msgspec.structs.replace(package.manifest, training_data=data)
    return replace(champion, package=replace(package, manifest=manifest))


def test_the_first_model_is_champion(package: Package, held_out: Dataset) -> None:
    decision = against(NOBODY, package.scorer, held_out)
    assert (decision.promoted, decision.passed, decision.reason) == (True, True, "there was no champion")
    assert (decision.against, decision.overridden) == ("", False)
    assert decision.verdict is not None
    (finding,) = decision.verdict.findings
    assert finding.sentence.startswith("It knows more than how many customers leave")


@pytest.mark.parametrize("first", [True, False], ids=["nobody was champion", "somebody was"])
def test_what_knows_no_more_than_the_base_rate_is_nobodys_champion(
    first: bool, champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    decision = against(NOBODY if first else champion, Constant(package.scorer, 0.265), held_out)
    assert not decision.promoted
    assert decision.reason.startswith("It is not shown to know more than how many customers leave")


@pytest.mark.parametrize("first", [True, False], ids=["nobody was champion", "somebody was"])
def test_what_breaks_the_serving_budget_is_nobodys_champion(
    first: bool, champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    decision = against(NOBODY if first else champion, Slow(package.scorer, call=0.004), held_out)
    assert not decision.promoted
    assert re.fullmatch(
        r"it is too slow: \d+\.\d\d ms for one customer, \d+\.\d\d ms above the 2 ms that serving allows",
        decision.reason,
    )


@pytest.mark.parametrize("first", [True, False], ids=["nobody was champion", "somebody was"])
def test_what_is_quick_for_one_and_too_slow_for_a_thousand_is_nobodys_champion(
    first: bool, champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    decision = against(NOBODY if first else champion, Slow(package.scorer, row=0.0003), held_out)
    assert not decision.promoted
    told = re.fullmatch(
        r"it is too slow: (\d+\.\d\d) ms for 1,000 customers, (\d+\.\d\d) ms above the 250 ms that serving allows",
        decision.reason,
    )
    assert told is not None, decision.reason
    took, above = map(float, told.groups())
    assert took >= 300.0
    assert above == pytest.approx(took - 250.0, abs=0.011)


def test_a_model_is_no_better_than_itself(champion: CurrentChampion, package: Package, held_out: Dataset) -> None:
    decision = against(champion, package.scorer, held_out)
    assert not decision.promoted
    assert decision.verdict is not None
    assert decision.verdict.chance == 0.5
    assert decision.reason.startswith("version 1 stays: The log loss of the new model's probabilities is the same as")
    known = decision.verdict.findings[-1].sentence
    assert known == f"Both were judged on {strangers(held_out):,} customers whom neither was fitted on."
    assert decision.to_json()["verdict"]["findings"][0]["rule_name"] == "log_loss"


def test_simulated_customers_replace_no_real_ones(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    decision = against(champion, package.scorer, simulated(held_out))
    assert not decision.promoted
    assert decision.reason == "a model of simulated customers does not replace one of real customers"


def test_real_customers_replace_simulated_ones_uncontested(
    champion: CurrentChampion, package: Package, held_out: Dataset
) -> None:
    before = of_simulated_customers(champion, package)
    assert against(before, package.scorer, held_out).promoted
    # Not with a model that knows nothing, and among simulated ones it is a contest again.
    assert not against(before, Constant(package.scorer, 0.265), held_out).promoted
    assert not against(before, package.scorer, simulated(held_out)).promoted


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
    assert better.decision.verdict.better
    assert "version 2 stays" in trained_on(WEAK).decision.reason
    records_tell_everything(registry, home, better, tmp_path)

    # A champion that cannot be opened is not known to be worse: it stays unless somebody says otherwise.
    (Path(urlparse(better.registered.uri).path) / "golden.json").write_text("{}")
    lost = fetch_champion(registry, NAME, trusted_keys(home))
    decision = against(lost, package.scorer, telco)
    assert decision.reason.startswith("version 2, the champion, cannot be opened: golden.json: differs from the digest")
    assert not decision.promoted
    forced = trained_on(STRONG, promotion="always")
    assert forced.decision.overridden
    assert forced.decision.reason.startswith(
        "asked for by --force-promote, although version 2, the champion, cannot be"
    )
    version = connect(home.tracking_uri).get_model_version(NAME, forced.registered.version)
    assert version.tags["churn.override"] == forced.decision.reason
    assert version.tags["churn.contest"].endswith(":2")


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


def test_of_two_trainings_at_once_the_later_does_not_replace_a_champion_that_it_never_met(
    home: Home, telco: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the third model is looked at, somebody makes the second one champion."""
    some = telco.take(numpy.arange(2500))
    registry = MlflowRegistry(connect(home.tracking_uri))
    assert train(some, home, candidates=[WEAK], parts=2).promoted
    second = train(some, home, candidates=[STRONG], parts=2, promotion="never")
    assert second.decision.passed

    def meanwhile(*positional: Any) -> ChampionDecision:
        registry.promote(NAME, second.registered.version)
        return told_for(*positional)

    monkeypatch.setattr("churn_training.pipeline.told_for", meanwhile)  # the last before it looks who is champion
    third = train(some, home, seed=1, candidates=[STRONG], parts=2)
    assert third.decision.passed
    assert not third.promoted
    assert third.decision.reason.startswith("it was judged against version 1, and by now there is version 2")
    champion = registry.champion(NAME)
    assert champion is not None
    assert champion.version == second.registered.version
    tags = connect(home.tracking_uri).get_model_version(NAME, third.registered.version).tags
    assert tags["churn.gate"].startswith("not promoted: it was judged against version 1")
