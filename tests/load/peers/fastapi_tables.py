"""Control: FastAPI with a typed request model as before, the encoder as dictionaries, no frame."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel

from fastapi_pandas import customer_model
from tables import TableScorer


def build_app() -> FastAPI:
    """Application for `uvicorn --factory`."""
    scorer = TableScorer()
    app = FastAPI()

    async def predict(customer: BaseModel) -> dict[str, float]:
        return {"churn_probability": scorer.probability(customer.model_dump())}

    predict.__annotations__["customer"] = customer_model()
    app.post("/predict", response_model=None)(predict)
    return app
