"""What cannot be believed is not promoted: too few customers, and measures that are too good to be true."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest

from churn_cli.main import main
from churn_data.notices import Notice
from churn_training.comparison.doubts import doubts_about
from churn_training.packaging.home import Home
from tests.training.small_families import small_candidates

HONEST = {"roc_auc": 0.995}
PERFECT = {"roc_auc": 0.9999}


def churned(leavers: int, stayers: int) -> numpy.ndarray:
    return numpy.array([1] * leavers + [0] * stayers)


def test_enough_customers_and_an_honest_model_raise_no_doubt() -> None:
    assert doubts_about(churned(10, 10), None, HONEST, PERFECT, ()) == ()
    assert doubts_about(churned(10, 10), None, PERFECT, HONEST, ()) == ()


@pytest.mark.parametrize(
    ("leavers", "stayers"), [(3, 3), (9, 100), (100, 9)], ids=["thirty rows", "leavers", "stayers"]
)
def test_few_customers_are_told(leavers: int, stayers: int) -> None:
    [doubt] = doubts_about(churned(leavers, stayers), None, HONEST, HONEST, ())
    assert not doubt.passed
    assert f"{leavers} who left and {stayers} who stayed" in doubt.sentence


def test_rows_of_one_customer_are_one_customer() -> None:
    [doubt] = doubts_about(churned(20, 20), numpy.arange(40) // 4, HONEST, HONEST, ())
    assert "5 who left and 5 who stayed" in doubt.sentence


def test_a_nearly_perfect_model_is_doubted_and_the_listed_leak_named() -> None:
    notices = (Notice("Churn Date", "leak", "left out, …"), Notice("Churn Reason", "leak", "kept because …"))
    [doubt] = doubts_about(churned(50, 50), None, PERFECT, PERFECT, notices)
    assert doubt.sentence.endswith('the use case lists "Churn Reason"')
    assert "ROC AUC 0.9999" in doubt.sentence


def customers_with_a_leak(folder: Path) -> tuple[Path, Path]:
    """Customers of whom a score of their leaving is known, and a use case that lists it all the same."""
    chance, data, usecase = random.Random(1), folder / "gym.csv", folder / "gym.yaml"
    rows = (
        f"m{row},{chance.randrange(9)},{(row % 3 == 0) + chance.random() / 2:.3f},{row % 3 == 0}" for row in range(300)
    )
    data.write_text("\n".join(["id,visits,exit_score,left", *rows]))
    usecase.write_text(
        'name: gym\nid: id\nlabel: {column: left, positive: "true", negative: "false"}\nsegments: {count: 2}\n'
        "features: [{name: visits, type: number}, {name: exit_score, type: number}]\n"
    )
    return data, usecase


@pytest.fixture
def train(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """`churn train` with one small family; gives what it said, and its JSON."""
    del home
    monkeypatch.setattr("churn_training.pipeline.default_candidates", lambda: small_candidates()[3:4])

    def run(data: Path, usecase: Path, *more: str) -> tuple[str, dict[str, Any]]:
        command = ["train", "--usecase", str(usecase), "--data", str(data), "--budget", "0", "--json"]
        assert main([*command, *more]) == 0
        said = capsys.readouterr()
        return said.err + said.out, json.loads(said.out.splitlines()[-1])

    return run


@pytest.mark.usefixtures("pictures_unseen")
def test_what_is_too_good_is_promoted_by_accept_leak_alone_and_openly(
    tmp_path: Path, train: Callable[..., Any]
) -> None:
    files = customers_with_a_leak(tmp_path)
    for more in ([], ["--force-promote"]):
        said, result = train(*files, *more)
        assert not result["champion"]
        assert "too good to be true (ROC AUC 1.0000)" in said
        assert 'the use case lists "exit_score"' in said
        assert "--accept-leak promotes it all the same" in said
    _, result = train(*files, "--accept-leak")
    assert result["champion"]
    assert "accepted by --accept-leak although too good to be true" in result["gate"]["reason"]


@pytest.mark.usefixtures("pictures_unseen")
def test_thirty_customers_are_trained_on_and_promoted_by_force_alone(tmp_path: Path, train: Callable[..., Any]) -> None:
    data, usecase = tmp_path / "few.csv", tmp_path / "few.yaml"
    chance = random.Random(1)
    rows = (f"m{row},{chance.randrange(9)},{row % 2}" for row in range(30))
    data.write_text("\n".join(["id,visits,left", *rows]))
    usecase.write_text("name: few\nid: id\nlabel: {column: left, positive: '1', negative: '0'}\nsegments: {count: 2}\n")
    said, result = train(data, usecase)
    assert not result["champion"]
    assert "too few customers to judge a model by" in said
    _, result = train(data, usecase, "--force-promote")
    assert result["champion"]
    assert "asked for by --force-promote, although too few customers" in result["gate"]["reason"]
