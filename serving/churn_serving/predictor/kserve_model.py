"""The model as KServe sees it, so that KServe's own routes (V1, and V2 through its data plane) stay right.

The fast front answers V2 before KServe is asked; both end in the same slot.
"""

from collections.abc import Mapping
from typing import Any

import kserve
from kserve.errors import InvalidInput

from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.records import rows_of_records
from churn_serving.oip import binary
from churn_serving.oip.messages import OUTPUT_DATATYPES, InferRequest, InvalidRequest, Problems
from churn_serving.oip.tensors import Tensor, rows_of


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
        """Answer V2 (KServe's ``InferRequest``) with tensors and V1 (``{"instances": [...]}``) with predictions.

        Raises:
            kserve.errors.InvalidInput: which KServe answers with 400.
        """
        try:
            if isinstance(payload, kserve.InferRequest):
                return await self._predict_tensors(payload)
            return await self._predict_records(payload)
        except InvalidRequest as error:
            raise InvalidInput(str(error)) from error

    async def _predict_tensors(self, payload: Any) -> Any:
        model = self._slot.model()
        problems = Problems()
        rows = rows_of([_tensor(item, problems) for item in payload.inputs], model.schema, problems)
        reply = await model.answer(InferRequest(payload.id or "", rows))
        values = {"churn_probability": reply.probabilities, "segment": reply.segments}
        outputs = [
            kserve.InferOutput(name, [len(rows)], datatype, data=values[name])
            for name, datatype in OUTPUT_DATATYPES.items()
        ]
        return kserve.InferResponse(
            payload.id, model.name, outputs, model_version=model.version, parameters={"digest": model.digest}
        )

    async def _predict_records(self, payload: Mapping[str, Any]) -> dict[str, Any]:
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


def _tensor(item: Any, problems: Problems) -> Tensor:
    raw = item._raw_data  # noqa: SLF001 - KServe shows raw bytes only by way of numpy, which would lose what is missing
    if raw is not None:
        try:
            return Tensor(item.name, item.datatype, item.shape, binary.unpack(item.datatype, raw), nan_is_missing=True)
        except ValueError as error:
            problems.add(item.name, str(error))
    return Tensor(item.name, item.datatype, item.shape, item.data if isinstance(item.data, list) else [])
