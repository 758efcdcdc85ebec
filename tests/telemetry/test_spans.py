"""Spans wait within a bound, and a step of a trace is written as the standard has it, whatever its caller's version."""

import json

import pytest

from churn_serving.telemetry.spans import MAXIMUM_SPANS, Kind, Span, Spans, new_trace
from churn_serving.telemetry.tracing import Trace, read_trace

TRACE, CALLER, OWN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"


def span(trace: Trace) -> Span:
    return Span("infer", Kind.SERVER, trace, 1, 2, {"http.response.status_code": 200})


def test_what_nobody_takes_is_bounded_and_counted() -> None:
    lost: list[int] = []
    spans = Spans("churn-gateway", lost.append)
    for _ in range(MAXIMUM_SPANS + 3):
        spans.add(span(new_trace()))
    assert (sum(lost), len(spans.take()), spans.take()) == (3, MAXIMUM_SPANS, [])
    spans.add(span(new_trace()))
    assert len(spans.take()) == 1


@pytest.mark.parametrize("flags", ["00", "01"])
@pytest.mark.parametrize("version", ["00", "01"])
def test_a_step_belongs_to_its_callers_and_goes_on_as_one_that_is_read(version: str, flags: str) -> None:
    step = Trace(f"{version}-{TRACE}-{CALLER}-{flags}", "a=1").step(OWN)
    assert step == Trace(f"00-{TRACE}-{OWN}-{flags}", "a=1", CALLER)
    assert read_trace([step.parent.encode()], [b"a=1"]) == step._replace(caller="")
    told = json.loads(Spans("churn-gateway", print).document([span(step)]))
    (made,) = told["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert [made[key] for key in ("traceId", "spanId", "parentSpanId", "traceState")] == [TRACE, OWN, CALLER, "a=1"]
