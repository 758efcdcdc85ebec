"""Peer: BentoML with its adaptive batching, the most it offers against a costly call."""

from __future__ import annotations

from typing import Any

import bentoml
import pandas

from pipeline import load_pipeline


@bentoml.service
class Churn:
    """Scores what the dispatcher has gathered from concurrent calls."""

    def __init__(self) -> None:
        self.pipeline = load_pipeline()

    @bentoml.api(batchable=True, max_batch_size=64)  # type: ignore[untyped-decorator]  # BentoML has no types
    def predict(self, customers: list[dict[str, Any]]) -> list[float]:
        """Probabilities of leaving, in order."""
        probabilities: list[float] = self.pipeline.predict_proba(pandas.DataFrame(customers))[:, 1].tolist()
        return probabilities
