"""Where nobody said what customers are worth, nothing that a training leaves speaks of money: not MLflow, the report,
the card, the package that the gateway shows, nor what the command prints."""

import dataclasses
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pytest

from churn_data.dataset import Dataset
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.rules import ProfitStatement
from churn_training.comparison.champion_contest import fetch_champion
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.pipeline import TrainingOutcome, train
from tests.training.small_families import small_candidates

pytestmark = pytest.mark.usefixtures("pictures_unseen")
MONEY = re.compile(r"profit|empc|money|\bearn|currency", re.IGNORECASE)
# What says that there is none, and what is compared in its stead.
SAID = ("so nothing is told in money",)


@dataclasses.dataclass(frozen=True)
class Left:
    """What a training left: its outcome, texts and names of files by path, names of metrics by run."""

    home: Home
    outcome: TrainingOutcome
    files: dict[str, str]
    metrics: dict[str, set[str]]


def valueless(telco: Dataset) -> Dataset:
    parts = {"value": None, "actions": (), "stated_profit": ProfitStatement(), "name": "valueless"}
    usecase = msgspec.structs.replace(telco.usecase, **parts)
    return dataclasses.replace(telco.take(numpy.arange(1200)), usecase=usecase)


@pytest.fixture(scope="module")
def left(telco: Dataset, empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Left:
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(empty_database, folder / "mlflow.db")
    home = Home(folder, f"sqlite:///{folder / 'mlflow.db'}")
    outcome = train(valueless(telco), home, candidates=small_candidates()[:1], parts=3, promotion="always")
    client = connect(home.tracking_uri)
    runs = client.search_runs([client.get_run(outcome.run_id).info.experiment_id], max_results=100)
    return Left(home, outcome, dict(files_of(home)), {run.info.run_name: set(run.data.metrics) for run in runs})


def files_of(home: Home) -> Iterator[tuple[str, str]]:
    """Texts of what people open, the name alone of anything else."""
    for path in sorted(home.artifacts.rglob("*")):
        if path.is_file():
            shown = path.suffix in {".html", ".md", ".json"} and path.name != "evaluation.json"
            yield str(path.relative_to(home.artifacts)), path.read_text() if shown else ""


def test_no_file_has_a_name_of_money(left: Left) -> None:
    assert any(name.endswith("roc.png") for name in left.files)
    assert any(name.endswith("report.html") for name in left.files)
    assert [name for name in left.files if MONEY.search(name)] == []


def test_no_run_of_mlflow_has_a_figure_of_money(left: Left) -> None:
    assert len(left.metrics) >= 4
    assert all({"log_loss", "roc_auc"} <= names for name, names in left.metrics.items() if "additive" in name)
    assert [names for names in left.metrics.values() if MONEY.search(" ".join(names))] == []


@pytest.mark.parametrize("name", ["report.html", "model_card.md", "gate.json", "fairness.json", "drivers.json"])
def test_no_text_speaks_of_money(left: Left, name: str) -> None:
    (text,) = [text for path, text in left.files.items() if path.endswith(f"/{name}")]
    text = re.sub(r"base64,[A-Za-z0-9+/=]*", "", text)
    for words in SAID:
        text = text.replace(words, "")
    assert [line for line in text.splitlines() if MONEY.search(line)] == []


def test_neither_the_command_nor_the_package_speaks_of_money(left: Left) -> None:
    outcome = left.outcome
    printed = json.dumps({"metrics": outcome.metrics, "candidates": outcome.candidates})
    assert "log_loss" in printed
    assert not MONEY.search(printed)
    registry = MlflowRegistry(connect(left.home.tracking_uri))
    package = fetch_champion(registry, outcome.registered.name, trusted_keys(left.home)).package
    assert package is not None
    assert "roc_auc" in package.manifest.metrics
    assert not MONEY.search(" ".join(package.manifest.metrics))


def test_the_registry_speaks_of_no_money(left: Left) -> None:
    registered = left.outcome.registered
    version: Any = connect(left.home.tracking_uri).get_model_version(registered.name, registered.version)
    assert version.description
    assert not MONEY.search(f"{version.description} {version.tags}")


def test_another_training_finds_what_the_first_has_kept(left: Left, telco: Dataset) -> None:
    """What contenders are chosen by stays in what is kept to go on from, which nobody reads."""
    again = train(valueless(telco), left.home, candidates=small_candidates()[:1], parts=3, promotion="never")
    assert again.candidates == left.outcome.candidates
    assert again.winner == left.outcome.winner
