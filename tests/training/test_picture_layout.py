"""Pictures whose layout was found for one before are those that matplotlib would have laid out itself."""

from pathlib import Path

import pytest

from churn_training.runs import picture_layout
from churn_training.runs.pictures import draw_curves
from tests.training.test_report import RULE, simulated


def drawn(folder: Path, *titles: str) -> dict[str, bytes]:
    """The pictures of the last of these models, drawn after those of the others."""
    churned, candidates = simulated()
    folder.mkdir()
    for title in titles:
        draw_curves(churned, candidates[title], RULE, f"{title}, 400 customers", folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_picture_is_the_very_same_whether_its_layout_was_found_for_it_or_for_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_layout, "_places", {})
    after_another = drawn(tmp_path / "after another", "Linear", "Trees")
    # Those of ROC and calibration have the same words for every model, profit has other numbers at its side.
    assert len(picture_layout._places) == 2
    monkeypatch.setattr("churn_training.runs.pictures.place", lambda _: None)  # matplotlib lays out what it draws
    assert drawn(tmp_path / "by itself", "Trees") == after_another
