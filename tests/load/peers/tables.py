"""Control: the same pipeline with its encoder replaced by dictionaries, which is the one change that matters most.

Beating a peer that runs pandas proves little; these controls show what is left once pandas is gone.
"""

from __future__ import annotations

import json
import math
from typing import Any

import pandas

from pipeline import folder, load_pipeline


class TableScorer:
    """Scores one customer given as a dictionary; equal to the pipeline on every level seen in training."""

    def __init__(self) -> None:
        pipeline = load_pipeline()
        self.names = [str(name) for name in pipeline.feature_names_in_]
        self.tables = learn_tables(pipeline.named_steps["encoder"], self.names)
        self.estimator = pipeline.named_steps["estimator"]

    def probability(self, customer: dict[str, Any]) -> float:
        """Probability of leaving."""
        encoded = [
            self.tables[name][customer[name]] if name in self.tables else float(customer[name]) for name in self.names
        ]
        raw = self.estimator.predict(encoded, prediction_type="RawFormulaVal", thread_count=1)
        return 1.0 / (1.0 + math.exp(-raw))


def learn_tables(encoder: Any, names: list[str]) -> dict[str, dict[str, float]]:
    """Ask the fitted encoder what it makes of each level, one frame for all columns."""
    levels: dict[str, list[str]] = json.loads((folder() / "levels.json").read_text())
    height = max(len(found) for found in levels.values())
    frame = pandas.DataFrame(
        {name: padded(levels[name], height) if name in levels else [0.0] * height for name in names}, columns=names
    )
    encoded = encoder.transform(frame)
    return {name: dict(zip(frame[name], map(float, encoded[name]), strict=True)) for name in levels}


def padded(values: list[str], height: int) -> list[str]:
    """The values, with the last repeated up to the height."""
    return values + values[-1:] * (height - len(values))
