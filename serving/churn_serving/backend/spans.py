"""A call's steps in a model server, where traces are kept: the call itself, and the model in it.

Whether a trace is kept is its caller's decision; a model server begins none. Calls over gRPC are no steps: the gateway
asks over HTTP.
"""

import time
from collections.abc import Iterable

from churn_serving.backend.loaded_model import LoadedModel
from churn_serving.oip.messages import InferReply, InferRequest
from churn_serving.telemetry.span_export import SpanExporter
from churn_serving.telemetry.spans import Attributes, Kind, Span, Spans, new_span_id
from churn_serving.telemetry.tracing import Trace, read_trace

_FAILURE = 500


class CallSpans:
    """Spans of one model server, and who sends them."""

    def __init__(self, url: str, spans: Spans) -> None:
        self._spans = spans
        self.exporter = SpanExporter(url, spans)

    def begin(self, headers: Iterable[tuple[bytes, bytes]]) -> "CallSpan | None":
        """The step of a call with these headers; None where no trace of it is kept."""
        parents = [value for name, value in headers if name == b"traceparent"]
        trace = read_trace(parents, ()) if parents else None
        return CallSpan(self._spans, trace.step(new_span_id())) if trace is not None and trace.sampled else None


class CallSpan:
    """One call from now on; :meth:`ended` is called once."""

    def __init__(self, spans: Spans, trace: Trace) -> None:
        self._spans = spans
        self._trace = trace
        self._began = time.time_ns()

    async def answer(self, model: LoadedModel, request: InferRequest) -> InferReply:
        """What the model answers; how long that took is a step of its own, with whatever it was scored together
        with."""
        began, failed = time.time_ns(), True
        try:
            reply = await model.answer(request)
            failed = False
        finally:
            attributes: Attributes = {
                "churn.model.name": model.name,
                "churn.model.version": model.version,
                "churn.model.digest": model.digest,
                "churn.rows": len(request.rows),
            }
            step = self._trace.step(new_span_id())
            self._spans.add(Span("model", Kind.INTERNAL, step, began, time.time_ns(), attributes, failed))
        return reply

    def ended(self, status: int) -> None:
        """The call was answered with this status."""
        attributes = {"http.response.status_code": status}
        span = Span("infer", Kind.SERVER, self._trace, self._began, time.time_ns(), attributes, status >= _FAILURE)
        self._spans.add(span)
