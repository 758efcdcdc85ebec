"""Peer: a BentoML service as its first tutorial shows it, a frame a request."""

from __future__ import annotations

from typing import Any

import bentoml
import pandas

from pipeline import load_pipeline


@bentoml.service(workers=2)
class Churn:
    """Scores one customer a call."""

    def __init__(self) -> None:
        self.pipeline = load_pipeline()

    @bentoml.api  # type: ignore[untyped-decorator]  # BentoML has no types
    def predict(self, customer: dict[str, Any]) -> dict[str, float]:
        """Probability of leaving."""
        return {"churn_probability": float(self.pipeline.predict_proba(pandas.DataFrame([customer]))[0, 1])}
