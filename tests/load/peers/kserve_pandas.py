"""Peer: a KServe custom model written after its documentation, `as_dataframe` in front of the pipeline."""

from __future__ import annotations

import argparse

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer, model_server
from kserve.utils.utils import generate_uuid

from pipeline import load_pipeline


class Churn(Model):  # type: ignore[misc]  # KServe has no types
    """Answers V2 requests with the pipeline's probability of leaving."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.pipeline = load_pipeline()
        self.ready = True

    def predict(self, payload: InferRequest, _headers: dict[str, str] | None = None) -> InferResponse:
        """Score every row of the request."""
        probabilities = self.pipeline.predict_proba(payload.as_dataframe())[:, 1].tolist()
        return answer(self.name, probabilities)


def answer(name: str, probabilities: list[float]) -> InferResponse:
    """One FP64 tensor of shape [rows]."""
    output = InferOutput(name="churn_probability", shape=[len(probabilities)], datatype="FP64", data=probabilities)
    return InferResponse(response_id=generate_uuid(), model_name=name, infer_outputs=[output])


def serve(model: Model) -> None:
    """Run KServe's own server with its own command-line arguments."""
    arguments, _ = argparse.ArgumentParser(parents=[model_server.parser]).parse_known_args()
    ModelServer(
        http_port=arguments.http_port,
        grpc_port=arguments.grpc_port,
        workers=arguments.workers,
        enable_latency_logging=arguments.enable_latency_logging,
    ).start([model])


if __name__ == "__main__":
    serve(Churn("churn"))
