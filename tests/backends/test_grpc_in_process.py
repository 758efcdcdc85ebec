"""The gRPC front in one process with its caller: every method, what its errors are called, who may watch and ask."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from churn_model.package import Package
from churn_serving.backend import grpc_health
from churn_serving.backend.grpc_service import grpc_server
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.grpc_codec import encode_request
from churn_serving.oip.grpc_descriptors import MAX_REFLECTION_BYTES, SERVICES
from churn_serving.oip.grpc_limits import GrpcLimits
from ports import free_port
from tests.backends.packages import SCHEMA, customers

SERVICE = "/inference.GRPCInferenceService/"
SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING


@pytest.fixture
def channel(slot: ModelSlot) -> Iterator[grpc.Channel]:
    address = f"127.0.0.1:{free_port()}"
    server = grpc_server(slot, address, GrpcLimits(200, 200, 16384, 30.0, 60.0, 60.0))
    server.start()
    with grpc.insecure_channel(address) as opened:
        yield opened
    server.stop(0).wait()


def call(channel: grpc.Channel, method: str, request: Any, **given: Any) -> Any:
    answer = getattr(messages, f"{method}Response").FromString
    return channel.unary_unary(SERVICE + method, None, answer).with_call(
        request.SerializeToString(), timeout=60, **given
    )


def refused(channel: grpc.Channel, method: str, request: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as error:
        call(channel, method, request)
    return error.value.code(), error.value.details() or ""


@pytest.mark.parametrize("raw", [True, False])
def test_customers_are_scored_with_the_models_bits_in_the_form_that_was_sent(
    channel: grpc.Channel, package: Package, slot: ModelSlot, raw: bool
) -> None:
    request = encode_request(customers(3), SCHEMA, "abc", raw=raw)
    answer, _ = call(channel, "ModelInfer", request)
    assert (answer.id, answer.model_name, answer.model_version) == ("abc", "churn-telecom", "1")
    assert bool(answer.raw_output_contents) == raw
    if not raw:
        assert list(answer.outputs[0].contents.fp64_contents) == package.scorer.score(customers(3)).probabilities
    value = slot.metrics.registry.get_sample_value
    assert value("churn_model_server_requests_total", {"protocol": "grpc", "code": "OK"}) == 1
    assert value("churn_model_server_batch_rows_sum") == 3


def test_what_is_said_of_server_and_model(channel: grpc.Channel, slot: ModelSlot) -> None:
    assert call(channel, "ServerLive", messages.ServerLiveRequest())[0].live
    assert call(channel, "ServerReady", messages.ServerReadyRequest())[0].ready
    assert call(channel, "ModelReady", messages.ModelReadyRequest(name="churn-telecom", version="1"))[0].ready
    server = call(channel, "ServerMetadata", messages.ServerMetadataRequest())[0]
    assert (server.name, list(server.extensions)) == (
        "churn-serving",
        ["binary_tensor_data", "model_repository(load)"],
    )
    model = call(channel, "ModelMetadata", messages.ModelMetadataRequest(name="churn-telecom"))[0]
    assert (model.name, list(model.versions), model.platform) == ("churn-telecom", ["1"], "churn_catboost")
    assert [tensor.name for tensor in model.inputs] == list(SCHEMA.names)
    slot.draining = True
    assert not call(channel, "ServerReady", messages.ServerReadyRequest())[0].ready
    assert not call(channel, "ModelReady", messages.ModelReadyRequest(name="churn-telecom"))[0].ready
    assert call(channel, "ServerLive", messages.ServerLiveRequest())[0].live


@pytest.mark.parametrize(("name", "version"), [("other", ""), ("churn-telecom", "2"), ("", "")])
def test_a_model_that_is_not_served_is_not_found(channel: grpc.Channel, name: str, version: str) -> None:
    request = encode_request(customers(1), SCHEMA)
    request.model_name, request.model_version = name, version
    assert refused(channel, "ModelInfer", request)[0] is grpc.StatusCode.NOT_FOUND
    for method in ("ModelReady", "ModelMetadata"):
        asked = getattr(messages, f"{method}Request")(name=name, version=version)
        assert refused(channel, method, asked)[0] is grpc.StatusCode.NOT_FOUND


def test_what_is_wrong_is_named_and_counted(channel: grpc.Channel, slot: ModelSlot) -> None:
    request = encode_request(customers(1), SCHEMA)
    request.inputs[1].contents.fp64_contents[0] = 4711.0
    assert refused(channel, "ModelInfer", request) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "tenure[0]: above the maximum of 120",
    )
    slot.current = None
    assert refused(channel, "ModelInfer", request) == (grpc.StatusCode.UNAVAILABLE, "no model is loaded")
    value = slot.metrics.registry.get_sample_value
    for code in ("INVALID_ARGUMENT", "UNAVAILABLE"):
        assert value("churn_model_server_requests_total", {"protocol": "grpc", "code": code}) == 1


@pytest.mark.parametrize(("sent", "repeated"), [("first-1", "first-1"), ("a b", None), ("x" * 5000, None)])
def test_an_id_that_is_one_comes_back(channel: grpc.Channel, sent: str, repeated: str | None) -> None:
    _, ended = call(channel, "ModelInfer", encode_request(customers(1), SCHEMA), metadata=(("x-request-id", sent),))
    assert dict(ended.trailing_metadata()).get("x-request-id") == repeated


def test_a_call_without_a_message_and_one_of_another_kind_are_told_so(channel: grpc.Channel) -> None:
    method = channel.stream_unary(f"{SERVICE}ModelReady", None, None)
    for sent, said in (([], "the call has no message"), ([b"\xff"], "the message is not one of this method")):
        with pytest.raises(grpc.RpcError) as error:
            method(iter(sent), timeout=60)
        assert (error.value.code(), error.value.details()) == (grpc.StatusCode.INVALID_ARGUMENT, said)


def watching(channel: grpc.Channel) -> Any:
    return channel.unary_stream("/grpc.health.v1.Health/Watch", None, HealthCheckResponse.FromString)(b"", timeout=60)


def test_health_is_told_and_told_again_when_it_changes(channel: grpc.Channel, slot: ModelSlot) -> None:
    check = channel.unary_unary("/grpc.health.v1.Health/Check", None, HealthCheckResponse.FromString)
    for service in ("", "inference.GRPCInferenceService"):
        assert check(HealthCheckRequest(service=service).SerializeToString(), timeout=60).status == SERVING
    with pytest.raises(grpc.RpcError) as error:
        check(HealthCheckRequest(service="other").SerializeToString(), timeout=60)
    assert error.value.code() is grpc.StatusCode.NOT_FOUND
    watch = watching(channel)
    assert next(watch).status == SERVING
    slot.draining = True
    assert next(watch).status == NOT_SERVING
    assert check(b"", timeout=60).status == NOT_SERVING
    slot.draining = False
    assert next(watch).status == SERVING
    watch.cancel()


def test_only_so_many_may_watch_and_who_leaves_makes_room(
    channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_health, "MAX_WATCHERS", 2)
    watches = [watching(channel) for _ in range(2)]
    assert [next(watch).status for watch in watches] == [SERVING, SERVING]
    with pytest.raises(grpc.RpcError) as error:
        next(watching(channel))
    assert (error.value.code(), error.value.details()) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "too many watch already",
    )
    watches.pop().cancel()
    end = time.monotonic() + 30
    while time.monotonic() < end:
        watch = watching(channel)
        try:
            assert next(watch).status == SERVING
        except grpc.RpcError:
            time.sleep(0.02)
        else:
            break
    else:
        raise AssertionError("nobody made room")
    for one in (*watches, watch):
        one.cancel()


def reflecting(channel: grpc.Channel, questions: Any) -> Any:
    method = channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        ServerReflectionRequest.SerializeToString,
        ServerReflectionResponse.FromString,
    )
    return method(iter(questions), timeout=60)


def asking_until(done: threading.Event) -> Iterator[ServerReflectionRequest]:
    yield ServerReflectionRequest(list_services="*")
    done.wait(30)


def test_reflection_shows_what_is_served_and_takes_no_long_question(channel: grpc.Channel) -> None:
    (answer,) = reflecting(channel, [ServerReflectionRequest(list_services="*")])
    assert {service.name for service in answer.list_services_response.service} == set(SERVICES)
    (answer,) = reflecting(channel, [ServerReflectionRequest(file_containing_symbol="x" * (MAX_REFLECTION_BYTES - 3))])
    assert answer.HasField("error_response")
    with pytest.raises(grpc.RpcError) as error:
        list(reflecting(channel, [ServerReflectionRequest(file_containing_symbol="x" * MAX_REFLECTION_BYTES)]))
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_only_so_many_ask_reflection_at_once(channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_health, "_WAIT_SECONDS", 0.05)
    done = threading.Event()
    asking = [reflecting(channel, asking_until(done)) for _ in range(grpc_health.MAX_ASKING)]
    assert all(next(each).HasField("list_services_response") for each in asking)
    with pytest.raises(grpc.RpcError) as error:
        list(reflecting(channel, [ServerReflectionRequest(list_services="*")]))
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert call(channel, "ServerReady", messages.ServerReadyRequest())[0].ready, "threads are left for others"
    done.set()
    for each in asking:
        list(each)
    assert len(list(reflecting(channel, [ServerReflectionRequest(list_services="*")]))) == 1


def test_who_asks_reflection_for_long_is_ended(channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_health, "MAX_REFLECTION_SECONDS", 0.1)
    done = threading.Event()
    with pytest.raises(grpc.RpcError) as error:
        list(reflecting(channel, asking_until(done)))
    done.set()
    assert error.value.code() is grpc.StatusCode.CANCELLED
