"""Cells that are odd, a few or all of a column: read as one thing on every way in, said, or refused by their row."""

from collections.abc import Callable
from pathlib import Path

import pytest

from churn_data.dataset import schema_of
from churn_data.errors import DataError
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_model.usecase import Feature, Label, UseCase
from tests.data.one_column import ROWS, started, written

TRUTHS = (("J", "yes", "1", "True", "wahr", "oui"), ("N", "no", "0", "False", "falsch", "non"))


def test_words_for_yes_and_no_are_truth_values_on_every_way_in(tmp_path: Path) -> None:
    dataset, _, lines = started(written(tmp_path, lambda row: TRUTHS[row % 5 % 2][row % 6]))
    assert dataset.frame["x"].tolist() == ["true" if row % 5 % 2 == 0 else "false" for row in range(ROWS)]
    assert any('column "x": 0, 1, J, N, falsch, false, … are read as true and false' in line for line in lines), lines
    spelling = schema_of(dataset).spelling
    for word, other in zip(*TRUTHS, strict=True):
        assert spelling.row([word, 3.0], 0, []) == ["true", 3.0]
        assert spelling.row([other, 3.0], 0, []) == ["false", 3.0]
    notes: list[tuple[int, int, bool]] = []
    assert spelling.row(["perhaps", 3.0], 0, notes) == ["perhaps", 3.0]
    assert notes == [(0, 0, True)]


def test_a_label_of_words_for_yes_and_no_has_two_values(tmp_path: Path) -> None:
    path = written(tmp_path, str)
    lines = path.read_text().splitlines()
    texts = [f"{line.rpartition(';')[0]};{TRUTHS[line.endswith('no')][row % 6]}" for row, line in enumerate(lines[1:])]
    path.write_text("\n".join([lines[0], *texts]) + "\n")
    dataset, text, _ = started(path)
    assert 'positive: "true"' in text
    assert dataset.churned.tolist() == [int(row % 3 == 0) for row in range(ROWS)]


@pytest.mark.parametrize(("name", "left"), [("account", "left out: a spreadsheet has cut"), ("volume", "")])
def test_ids_that_a_spreadsheet_has_cut_are_called_so(name: str, left: str, tmp_path: Path) -> None:
    path = written(tmp_path, lambda row: f"{4.9e11 + row % 9 * 1e6:.5E}", name)
    _, _, lines = started(path)
    assert [line for line in lines if name in line and left in line] or not left
    usecase = UseCase("n", Label("churn", "yes"), name, features=(Feature("calls", "number"),))
    with pytest.raises(
        DataError, match=r'a spreadsheet has cut its numbers to such as "4.90000E\+11" \(9 different in 2'
    ):
        read_customers(path, usecase)


SAID: dict[str, tuple[Callable[[int], str], str]] = {
    "nines": (
        lambda row: "999" if row % 20 == 1 else str(20 + row % 50),
        "999 (10 rows) far from all others (20 to 69)",
    ),
    "codes": (lambda row: ("1E2", "100", "12E1", "2E5")[row % 4], "codes such as 1E2, kept as a category"),
    "texts": (lambda row: "ok" if row % 20 else "a long story " * 30, "left out: it holds texts, up to 389 characters"),
}


@pytest.mark.parametrize("kind", SAID)
def test_what_is_odd_is_said(kind: str, tmp_path: Path) -> None:
    cell, said = SAID[kind]
    _, _, lines = started(written(tmp_path, cell))
    assert any(f'column "x": {said}' in line for line in lines), lines


REFUSED: dict[str, tuple[str, str]] = {
    "zero byte": ("a\0b", r'column "x", row 9: holds a zero byte \(NUL\)'),
    "megabytes": ("x" * 1_000_001, r'column "x", row 9: is 1,000,001 characters long, at most 1,000,000 were expected'),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_cell_is_refused_by_its_row(kind: str, tmp_path: Path) -> None:
    text, problem = REFUSED[kind]
    path = written(tmp_path, lambda row: text if row == 7 else "ok"[row % 2 :])
    with pytest.raises(DataError, match=problem):
        starter_usecase(path, Wishes(), lambda _: None)
    usecase = UseCase("n", Label("churn", "yes"), "id", features=(Feature("x", "category"),))
    with pytest.raises(DataError, match=problem):
        read_customers(path, usecase)


def test_a_number_that_servers_refuse_is_too_large_in_training_too(tmp_path: Path) -> None:
    path = written(tmp_path, lambda row: "1e308" if row == 7 else str(row % 50))
    with pytest.raises(DataError, match='column "x", row 9: "1e308" is infinite or too large'):
        read_customers(path, UseCase("n", Label("churn", "yes"), "id"))


def test_a_mark_that_stands_twice_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = written(tmp_path, str)
    path.write_bytes(b"\xef\xbb\xbf\xef\xbb\xbf" + path.read_bytes())
    assert started(path)[0].usecase.id == "id"


def test_contradictory_labels_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, lambda row: str(row % 50))
    rows = path.read_text().splitlines()
    swapped = [row[: -len("yes")] + "no" for row in rows if row.endswith("yes")][:9]
    path.write_text("\n".join([*rows, *swapped]) + "\n")
    lines: list[str] = []
    read_customers(path, UseCase("n", Label("churn", "yes"), "id"), lines.append)
    assert any("18 rows of 9 customers are alike but for the label, which is both" in line for line in lines), lines
