"""What was done for a request, step by step: spans in the form that an OpenTelemetry collector takes, OTLP in JSON.

Off unless a setting says where a collector listens, and then for traces alone that are kept. The form is the whole
need: OpenTelemetry's own library would be in every image for it, and begins what nobody asks for here. A span names
requests and models; it never holds a customer's id or value. It must not know how spans travel.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec

from churn_serving.telemetry.tracing import Trace

MAXIMUM_SPANS = 4096
"""That wait at once; with one more it is counted and left out, so that a collector that is away costs spans alone."""
_SCOPE = "churn_serving"
_FAILED = 2
Attributes = Mapping[str, str | int]


class Kind(IntEnum):
    """OTLP's kinds of span that there are here."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3


class Span(NamedTuple):
    """One step. ``trace`` is what the step is called by whoever it asks: its own id stands there, and that of the step
    that it is part of (empty: none). ``began`` and ``ended`` are nanoseconds of Unix time; ``beside`` is a step of
    another trace that the same work was done for."""

    name: str
    kind: Kind
    trace: Trace
    began: int
    ended: int
    attributes: Attributes
    failed: bool = False
    beside: Trace | None = None


def new_span_id() -> str:
    """Sixteen hexadecimal digits that nobody else has."""
    return os.urandom(8).hex()


def new_trace() -> Trace:
    """A trace that begins here, and is kept."""
    return Trace(f"00-{os.urandom(16).hex()}-{new_span_id()}-01")


class Spans:
    """Spans of one process until they are sent; ``dropped`` is told how many never will be. For one thread."""

    def __init__(self, service: str, dropped: Callable[[int], None]) -> None:
        self._service = service
        self._waiting: list[Span] = []
        self._encode = msgspec.json.Encoder().encode
        self.dropped = dropped

    def add(self, span: Span) -> None:
        """Take one span."""
        if len(self._waiting) >= MAXIMUM_SPANS:
            self.dropped(1)
        else:
            self._waiting.append(span)

    def take(self) -> list[Span]:
        """All that wait; they wait no more."""
        taken, self._waiting = self._waiting, []
        return taken

    def document(self, spans: Sequence[Span]) -> bytes:
        """Spans as the body of a request to a collector (``ExportTraceServiceRequest``)."""
        scope = {"scope": {"name": _SCOPE}, "spans": [_document(span) for span in spans]}
        resource = {"attributes": _attributes({"service.name": self._service})}
        return self._encode({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]})


def _document(span: Span) -> dict[str, Any]:
    document: dict[str, Any] = {
        "traceId": span.trace.id,
        "spanId": span.trace.span_id,
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": str(span.began),  # 64 bits are text in JSON
        "endTimeUnixNano": str(span.ended),
        "attributes": _attributes(span.attributes),
    }
    if span.trace.caller:
        document["parentSpanId"] = span.trace.caller
    if span.trace.state:
        document["traceState"] = span.trace.state
    if span.failed:
        document["status"] = {"code": _FAILED}
    if span.beside is not None:
        document["links"] = [{"traceId": span.beside.id, "spanId": span.beside.span_id}]
    return document


def _attributes(values: Attributes) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}}
        for key, value in values.items()
    ]
