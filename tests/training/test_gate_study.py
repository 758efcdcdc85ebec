"""The study of the gate and the attacks on it, as `make bench-gate` runs them, of a size that any build can pay."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from churn_cli.programs.gate_attacks import ATTACKS, attack
from churn_data.progress import Reporter, reporting
from churn_model.usecase import ProfitRule, load_usecase
from churn_training.comparison import gate_study, gate_worlds, verdict
from churn_training.comparison.gate_study import Plan, study

pytestmark = pytest.mark.usefixtures("pictures_unseen")
RULE = ProfitRule()
SMALL = Plan(worlds=4, other_worlds=0, challengers=40, better_worlds=3, workers=1)
SEQUENCES = Plan(worlds=4, other_worlds=0, challengers=40, better_worlds=0, workers=1)


@pytest.fixture(autouse=True)
def smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_worlds, "MANY", 20_000)
    monkeypatch.setattr(gate_study, "SIZE", (500, 2500))
    monkeypatch.setattr(gate_study, "POINTS", 3.0)


@pytest.fixture
def reporter() -> Iterator[Reporter]:
    with reporting(1) as one:
        yield one


def test_the_gate_lets_better_models_through_and_no_equal_one(reporter: Reporter) -> None:
    found = study(SMALL, RULE, reporter)
    equal = found["equal_challengers"]
    assert (equal["contests"], equal["promotions"]) == (160, 0)
    assert found["better_by_auc_points"]["contest 1"] >= 0.6


def test_a_gate_that_asks_less_is_found_out(monkeypatch: pytest.MonkeyPatch, reporter: Reporter) -> None:
    monkeypatch.setattr(verdict, "level_of", lambda _: 0.5)
    assert study(SEQUENCES, RULE, reporter)["equal_challengers"]["promotions"] > 0


def test_no_attack_gets_through(telco_path: Path, tmp_path: Path, reporter: Reporter) -> None:
    lines = telco_path.read_text().splitlines(keepends=True)
    (tmp_path / "some.csv").write_text("".join(lines[:1200]))
    names = ("a dirty cell, shuffled labels", "reversed columns", "doubles of those held out", "two columns exchanged")
    chosen = [each for each in ATTACKS if each.name in names]
    found = attack(tmp_path / "some.csv", load_usecase("telecom"), 1, reporter, chosen)
    assert [each["promoted"] for each in found.values()] == [0] * len(names)
    assert all(
        "version 1 stays" in str(each["reason"]) or "not shown" in str(each["reason"]) for each in found.values()
    )
    for name, why in (("doubles of those held out", "under other ids"), ("two columns exchanged", "look exchanged")):
        assert why in str(found[name]["reason"])
