"""The model as KServe sees it, so that KServe's own routes (V1, health, lists of models) stay right.

The fast front answers V2 before KServe is asked; both end in the same slot.
"""

from collections.abc import Mapping
from typing import Any

import kserve
from kserve.errors import InvalidInput

from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.records import rows_of_records
from churn_serving.oip.faults import InvalidRequest, Problem
from churn_serving.oip.messages import OUTPUT_DATATYPES


class ChurnModel(kserve.Model):  # type: ignore[misc]  # KServe ships no types
    """A KServe model backed by the slot; it is ready when the slot is."""

    def __init__(self, slot: ModelSlot) -> None:
        super().__init__(slot.model().name)
        self._slot = slot
        self.ready = True

    async def healthy(self) -> bool:
        """Asked by KServe's readiness routes."""
        return self._slot.ready

    async def predict(self, payload: Any, headers: Mapping[str, str] | None = None) -> Any:  # noqa: ARG002 - KServe's
        """Answer V1 (``{"instances": [...]}``) with predictions; V2 is answered by the front and never comes here.

        Raises:
            kserve.errors.InvalidInput: which KServe answers with 400.
        """
        try:
            return await self._predict_records(payload)
        except InvalidRequest as error:
            raise InvalidInput(str(error)) from error

    async def _predict_records(self, payload: Any) -> dict[str, Any]:
        if not isinstance(payload, Mapping):
            raise InvalidRequest([Problem("body", "expected an object with instances")])
        model = self._slot.model()
        scores = await model.score(rows_of_records(payload.get("instances"), model.schema))
        pairs = zip(scores.probabilities, scores.segments, strict=True)
        return {
            "predictions": [{"churn_probability": probability, "segment": segment} for probability, segment in pairs]
        }

    def get_input_types(self) -> list[dict[str, Any]]:
        """Tensors the model takes, for KServe's metadata."""
        return [
            {"name": feature.name, "datatype": "FP64" if feature.type == "number" else "BYTES", "shape": [-1]}
            for feature in self._slot.model().schema.features
        ]

    def get_output_types(self) -> list[dict[str, Any]]:
        """Tensors the model gives, for KServe's metadata."""
        return [{"name": name, "datatype": datatype, "shape": [-1]} for name, datatype in OUTPUT_DATATYPES.items()]
