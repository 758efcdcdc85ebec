"""Peer: FastAPI over the pickled pipeline, a frame a request. Also shows the request model to its faster control."""

from __future__ import annotations

from typing import Any

import pandas
from fastapi import FastAPI
from pydantic import BaseModel, create_model

from pipeline import feature_types, load_pipeline

PYTHON_TYPES = {"string": str, "number": float}


def customer_model() -> type[BaseModel]:
    """One required, typed field a feature, as one would write them out by hand."""
    fields: dict[str, Any] = {name: (PYTHON_TYPES[kind], ...) for name, kind in feature_types().items()}
    return create_model("Customer", **fields)


def build_app() -> FastAPI:
    """Application for `uvicorn --factory`."""
    pipeline = load_pipeline()
    app = FastAPI()

    def predict(customer: BaseModel) -> dict[str, float]:
        frame = pandas.DataFrame([customer.model_dump()])
        return {"churn_probability": float(pipeline.predict_proba(frame)[0, 1])}

    predict.__annotations__["customer"] = customer_model()
    app.post("/predict", response_model=None)(predict)
    return app
