"""A call's steps in a model server: only of traces that are kept, with the model between call and answer."""

from typing import Any

import httpx
import pytest

from churn_serving.backend.asgi import BackendApp
from churn_serving.backend.loaded_model import LoadedModel, ModelSlot
from churn_serving.backend.routes import Routes
from churn_serving.backend.spans import CallSpans
from churn_serving.oip.json_codec import encode_request
from churn_serving.telemetry.spans import Kind, Span, Spans
from tests.backends.packages import SCHEMA, customers

INFER = "/v2/models/churn-telecom/infer"
TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
KEPT, NOT_KEPT = f"00-{TRACE}-{CALLER}-01", f"00-{TRACE}-{CALLER}-00"
BODY = encode_request(customers(3), SCHEMA)


@pytest.fixture
def spans() -> Spans:
    return Spans("churn-primary", lambda _: None)


@pytest.fixture
def client(slot: ModelSlot, spans: Spans) -> httpx.AsyncClient:
    app = BackendApp(slot, Routes(slot, lambda: None), spans=CallSpans("http://nowhere", spans))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model")


async def asked(client: httpx.AsyncClient, spans: Spans, body: bytes = BODY, trace: str = KEPT) -> dict[str, Span]:
    await client.post(INFER, content=body, headers={"traceparent": trace})
    return {span.name: span for span in spans.take()}


async def test_the_model_is_a_step_of_the_call_and_the_call_of_its_callers(
    client: httpx.AsyncClient, spans: Spans, slot: ModelSlot
) -> None:
    steps = await asked(client, spans)
    call, model = steps["infer"], steps["model"]
    assert (call.trace.id, call.trace.caller, call.kind) == (TRACE, CALLER, Kind.SERVER)
    assert (model.trace.id, model.trace.caller, model.kind) == (TRACE, call.trace.span_id, Kind.INTERNAL)
    assert len({CALLER, call.trace.span_id, model.trace.span_id}) == 3
    assert call.began <= model.began <= model.ended <= call.ended
    assert call.attributes == {"http.response.status_code": 200}
    digest = slot.model().digest
    assert model.attributes == {
        "churn.model.name": "churn-telecom", "churn.model.version": "1", "churn.model.digest": digest, "churn.rows": 3,
    }  # fmt: skip
    assert not call.failed
    assert not model.failed


async def test_a_caller_who_is_refused_has_no_failure_and_met_no_model(client: httpx.AsyncClient, spans: Spans) -> None:
    steps = await asked(client, spans, b"{}")
    assert steps.keys() == {"infer"}
    assert steps["infer"].attributes == {"http.response.status_code": 400}
    assert not steps["infer"].failed


async def test_a_failure_is_one_of_both_steps(
    client: httpx.AsyncClient, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(LoadedModel, "_reply", fail)
    steps = await asked(client, spans)
    assert steps["infer"].attributes == {"http.response.status_code": 500}
    assert [step.failed for step in steps.values()] == [True, True]


@pytest.mark.parametrize("trace", [NOT_KEPT, "nonsense", ""])
async def test_a_trace_that_nobody_keeps_has_no_steps(client: httpx.AsyncClient, spans: Spans, trace: str) -> None:
    assert await asked(client, spans, trace=trace) == {}


async def test_who_brings_no_trace_begins_none(client: httpx.AsyncClient, spans: Spans) -> None:
    assert (await client.post(INFER, content=BODY)).status_code == 200
    assert spans.take() == []
