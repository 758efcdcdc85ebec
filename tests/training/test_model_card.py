"""The card of a version says what was measured of it, and of nothing else; real customers, real trainings."""

import re
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy
import pytest

from churn_data.dataset import Dataset
from churn_model.errors import RegistryError
from churn_model.mlflow_registry import connect
from churn_training.families.candidates import Candidate
from churn_training.packaging.home import Home
from churn_training.pipeline import TrainingOutcome, train
from churn_training.runs.model_cards import fetch_card, put_beside
from tests.training.contests import NAME

pytestmark = pytest.mark.usefixtures("pictures_unseen")
ONE = Candidate("additive", "Additive | <model>", "additive", {"C": 0.05, "knots": 4})
SECTIONS = [
    "Model",
    "Intended use",
    "Training data",
    "Evaluation data",
    "Metrics",
    "Contenders",
    "Calibration",
    "Groups",
    "What the gate found",
    "What it goes by",
    "Limits",
    "Training configuration",
]


@pytest.fixture(scope="module")
def card(trained: tuple[Home, TrainingOutcome]) -> str:
    home, _ = trained
    return fetch_card(connect(home.tracking_uri), NAME, "1")


def row(card: str, name: str) -> list[str]:
    (line,) = [line for line in card.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_it_has_the_sections_of_a_model_card(card: str) -> None:
    assert [line[3:] for line in card.splitlines() if line.startswith("## ")] == SECTIONS
    assert not re.search(r"\b(nan|None|Undefined)\b", card)


def test_its_figures_are_those_that_were_measured(card: str, trained: tuple[Home, TrainingOutcome]) -> None:
    _, outcome = trained
    found = outcome.metrics
    for name, words in (("roc_auc", "ROC AUC"), ("log_loss", "log loss"), ("brier", "Brier score")):
        ends = f"{found[f'{name}_low']:.4f} to {found[f'{name}_high']:.4f}"
        others = [f"{found[f'{where}_{name}']:.4f}" for where in ("cv", "scorecard")]
        assert row(card, words)[1:] == [f"{found[name]:.4f}", ends, *others]
    assert outcome.registered.digest in card
    assert outcome.run_id in card


def test_it_says_who_competed_and_how_sure_that_is(card: str, trained: tuple[Home, TrainingOutcome]) -> None:
    _, outcome = trained
    lines = card.partition("\n## Contenders\n")[2].partition("\n## ")[0].splitlines()
    cells_of = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("|")][2:]
    table = [[cell.strip() for cell in cells] for cells in cells_of]
    (chosen,) = [cells for cells in table if cells[0].endswith(" (chosen)")]
    assert chosen[1] == f"{outcome.metrics['cv_empc']:.4f}"
    assert chosen[-1] == ""
    profits = [float(cells[1]) for cells in table]
    assert profits == sorted(profits, reverse=True)
    for cells in table:
        low, high = map(float, cells[2].split(" to "))
        assert low <= float(cells[1]) <= high


def test_it_tells_every_group_what_was_left_out_and_where_it_learnt(card: str, telco: Dataset) -> None:
    groups = [f"| {name} |" for name in ("gender = Female", "gender = Male", "SeniorCitizen = 0", "SeniorCitizen = 1")]
    assert all(any(line.startswith(group) for line in card.splitlines()) for group in groups)
    assert "The model itself is told gender, SeniorCitizen." in card
    assert telco.source.sha256 in card
    assert "No column and no row was left out." in card
    assert "(`Churn` is `Yes`; within 1 month)" in card


def test_a_version_without_groups_says_so_and_no_word_of_the_data_is_markup(
    home: Home, telco: Dataset, tmp_path: Path
) -> None:
    usecase = msgspec.structs.replace(telco.usecase, groups=())
    some = replace(telco, usecase=usecase).take(numpy.arange(1500))
    outcome = train(some, home, candidates=[ONE], parts=2)
    client = connect(home.tracking_uri)
    put_beside(client, NAME, outcome.registered.version, tmp_path)
    card = (tmp_path / "1-model_card.md").read_text()
    assert "how it treats protected ones was not measured" in card
    assert "Additive \\| &lt;model>, chosen among" in card
    with pytest.raises(RegistryError, match="version 7: there is no model card of it"):
        fetch_card(client, NAME, "7")
    client.delete_run(outcome.run_id)
    (Path(home.artifacts)).rename(tmp_path / "gone")
    with pytest.raises(RegistryError, match="no model card"):
        fetch_card(client, NAME, "1")
