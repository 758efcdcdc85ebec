"""Control: KServe's server and V2 handling as they are, the encoder as dictionaries, no frame."""

from __future__ import annotations

from kserve import InferRequest, InferResponse, Model

from kserve_pandas import answer, serve
from tables import TableScorer


class Churn(Model):  # type: ignore[misc]  # KServe has no types
    """Answers one-row V2 requests without a frame."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.scorer = TableScorer()
        self.ready = True

    def predict(self, payload: InferRequest, _headers: dict[str, str] | None = None) -> InferResponse:
        """Score the only row of the request."""
        customer = {tensor.name: text(tensor.data[0]) for tensor in payload.inputs}
        return answer(self.name, [self.scorer.probability(customer)])


def text(value: object) -> object:
    """A BYTES element as text; numbers as they are."""
    return value.decode() if isinstance(value, bytes) else value


if __name__ == "__main__":
    serve(Churn("churn"))
