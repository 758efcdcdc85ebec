"""What a model server writes down when it fails: whose request it was, as far as its caller said so in plain words."""

import logging
from collections.abc import Iterator

import grpc
import httpx
import pytest

from churn_serving.backend.asgi import BackendApp
from churn_serving.backend.grpc_service import grpc_server
from churn_serving.backend.loaded_model import LoadedModel, ModelSlot
from churn_serving.backend.routes import Routes
from churn_serving.oip import grpc_codec, json_codec
from churn_serving.oip.grpc_limits import GrpcLimits
from ports import free_port
from tests.backends.packages import SCHEMA, customers

TRACE = "0af7651916cd43dd8448eb211c80319c"
SAID = [("x-request-id", "first,second,+7"), ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01")]
WRITTEN = f"request first,second,+7, trace {TRACE}"


@pytest.fixture
def broken(slot: ModelSlot, monkeypatch: pytest.MonkeyPatch) -> ModelSlot:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(LoadedModel, "_reply", fail)
    return slot


@pytest.fixture
def grpc_port(broken: ModelSlot) -> Iterator[int]:
    port = free_port()
    server = grpc_server(broken, f"127.0.0.1:{port}", GrpcLimits(10, 10, 16384, 10.0, 60.0, 60.0))
    server.start()
    yield port
    server.stop(0).wait()


async def test_http(broken: ModelSlot, caplog: pytest.LogCaptureFixture) -> None:
    app = BackendApp(broken, Routes(broken, lambda: None))
    body = json_codec.encode_request(customers(1), SCHEMA)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as client:
        for headers in (SAID, [("x-request-id", "forged\ttab")]):
            answer = await client.post("/v2/models/churn-telecom/infer", content=body, headers=headers)
            assert answer.status_code == 500
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        f"inference failed for {WRITTEN}",
        "inference failed for a request without id",
    ]


def test_grpc(grpc_port: int, caplog: pytest.LogCaptureFixture) -> None:
    message = grpc_codec.encode_request(customers(1), SCHEMA)
    message.model_name = "churn-telecom"
    with grpc.insecure_channel(f"127.0.0.1:{grpc_port}") as channel:
        method = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", None, None)
        call = method.future(message.SerializeToString(), timeout=60, metadata=tuple(SAID))
        error = call.exception()
        assert isinstance(error, grpc.RpcError)
        assert call.code() is grpc.StatusCode.INTERNAL
        assert dict(call.trailing_metadata())["x-request-id"] == "first,second,+7"
    assert f"gRPC call failed for {WRITTEN}" in [record.getMessage() for record in caplog.records]
