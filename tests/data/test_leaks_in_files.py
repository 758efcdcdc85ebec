"""Columns that give the answer away are left out with a warning, strong honest ones are not."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy
import pytest

from churn_data.cells import Cell
from churn_data.column_facts import facts_of
from churn_data.leaks import leak_in
from churn_data.sources import read_customers
from churn_model.usecase import Feature, Label, UseCase

USECASE = UseCase(name="telco", id="customerID", label=Label("Churn", "Yes"))
ROWS = 1000


def test_value_reason_and_date_of_leaving_are_left_out(cases: Path, tmp_path: Path) -> None:
    path = _with_commas(cases / "european-export.csv", tmp_path)
    dataset = read_customers(path, USECASE)
    assert len(dataset.usecase.features) == 19
    leaks = {notice.column: notice.text for notice in dataset.notices if notice.kind == "leak"}
    assert set(leaks) == {"Churn Value", "Churn Reason", "Churn Date"}
    assert "whether it has a value tells who left" in leaks["Churn Reason"]
    assert "it alone tells who left" in leaks["Churn Value"]


def test_a_leak_that_the_use_case_lists_stays_with_the_warning(cases: Path, tmp_path: Path) -> None:
    path = _with_commas(cases / "european-export.csv", tmp_path)
    listed = (Feature("tenure", "number"), Feature("Churn Reason", "category"))
    dataset = read_customers(path, msgspec.structs.replace(USECASE, features=listed))
    assert [(notice.kind, notice.column) for notice in dataset.notices] == [("leak", "Churn Reason")]
    assert list(dataset.frame.columns) == ["tenure", "Churn Reason"]


def _with_commas(source: Path, folder: Path) -> Path:
    """The export as a file of commas and points; how such files are read is tried elsewhere."""
    path = folder / "export.csv"
    text = source.read_text(encoding="utf-8-sig").replace(",", ".").replace(";", ",")
    path.write_text(text.replace("\r\n", "\n"), encoding="utf-8")
    return path


Make = Callable[[numpy.random.Generator, int], Cell]
LEAKS: dict[str, tuple[str, Make]] = {
    "label by another name": ("state", lambda _, left: "gone" if left else "here"),
    "only leavers have one": ("survey", lambda chance, left: "x" if left and chance.random() < 0.4 else None),
    "leavers have none": ("last_bill", lambda chance, left: None if left else f"{chance.normal():.3f}"),
    "some leavers have none": ("usage", lambda chance, left: None if left and chance.random() < 0.3 else "1"),
    "score": ("x", lambda chance, left: f"{chance.uniform(80, 100) if left else chance.uniform(0, 81):.2f}"),
    "named score": ("ChurnScore", lambda chance, left: f"{chance.normal() + 1.6 * left:.3f}"),
    "zero for stayers": ("final_invoice", lambda chance, left: f"{chance.uniform(1, 99):.2f}" if left else "0"),
    "above zero for some leavers": (
        "refund_amount",
        lambda chance, left: f"{chance.uniform(1, 99):.2f}" if left and chance.random() < 0.4 else "0",
    ),
    "zero for every leaver": (
        "LastMonthUsage",
        lambda chance, left: "0" if left or chance.random() < 0.04 else f"{chance.gamma(2, 20):.1f}",
    ),
    "none for stayers": (
        "exit_channel",
        lambda chance, left: f"channel {chance.integers(3)}" if left and chance.random() < 0.4 else "no",
    ),
    "a flag of some leavers": ("refunded", lambda chance, left: str(int(left and chance.random() < 0.4))),
    "nearly the label": (
        "Kundenstatus",
        lambda chance, left: "inaktiv" if left ^ (chance.random() < 0.03) else "aktiv",
    ),
    "nearly the label, in three": (
        "state",
        lambda chance, left: f"gone {chance.integers(2)}" if left ^ (chance.random() < 0.03) else "here",
    ),
}
HONEST: dict[str, tuple[str, Make]] = {
    "strong": ("transactions", lambda chance, left: f"{chance.normal() + 2.2 * left:.3f}"),
    "leaving in the name": ("days_since_left_branch", lambda chance, left: f"{chance.normal() + 0.2 * left:.3f}"),
    "often missing": ("income", lambda chance, left: None if chance.random() < 0.2 + 0.3 * left else "1"),
    "missing for new customers": ("total", lambda chance, left: None if not left and chance.random() < 0.02 else "5"),
    "often zero": (
        "usage",
        lambda chance, left: "0" if chance.random() < 0.3 + 0.3 * left else f"{chance.normal():.3f}",
    ),
    "zero for nearly every leaver": (
        "extras",
        lambda chance, left: "0" if chance.random() < 0.5 + 0.48 * left else f"{chance.uniform(1, 9):.2f}",
    ),
    "mostly leavers": (
        "complaints",
        lambda chance, left: "0" if chance.random() < (0.4 if left else 0.98) else f"{chance.integers(1, 4)}",
    ),
    "a strong flag": ("flag", lambda chance, left: str(int(chance.random() < 0.1 + 0.75 * left))),
    "noise": ("noise", lambda chance, _: f"{chance.normal():.6f}"),
    "many levels": ("city", lambda chance, _: f"city {chance.integers(300)}"),
}


def test_a_leak_whose_name_no_protocol_carries_is_called_both(tmp_path: Path) -> None:
    name, path = f"Naive_Bayes_{'x' * 120}", tmp_path / "cards.csv"
    rows = (f"c{row},{row * 7 % 31},{row % 4 // 3 + row % 7 / 99:.4f},{row % 4 // 3}" for row in range(200))
    path.write_text("\n".join([f"id,calls,{name},churn", *rows]), encoding="utf-8")
    said = [notice.text for notice in read_customers(path, UseCase("cards", Label("churn", "1"), "id")).notices]
    alone = "it alone tells who left (ROC AUC 1.000)"
    assert said == [f"left out: its name is longer than 128 characters, and {alone}"]


@pytest.mark.parametrize("kind", LEAKS)
def test_gives_the_answer_away(kind: str) -> None:
    assert _leak(*LEAKS[kind])


@pytest.mark.parametrize("kind", HONEST)
def test_is_honest(kind: str) -> None:
    assert _leak(*HONEST[kind]) == ""


def test_a_handful_of_customers_proves_nothing() -> None:
    churned = numpy.array([1] * 8 + [0] * 8)
    cells = ["a"] * 8 + ["b"] * 8
    assert leak_in(facts_of("x", cells), cells, churned) == ""


def _leak(name: str, make: Make) -> str:
    chance = numpy.random.default_rng(3)
    churned = (chance.random(ROWS) < 0.2).astype(int)
    cells = [make(chance, int(left)) for left in churned]
    return leak_in(facts_of(name, cells), cells, churned)
