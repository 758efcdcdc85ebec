"""A gRPC call whose message does not come ends in time and makes room for others; all other calls are as they were."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import add_ServerReflectionServicer_to_server

from churn_serving.gateway import grpc_health
from churn_serving.gateway.grpc_health import Reflection
from churn_serving.gateway.grpc_patience import Patience
from churn_serving.oip.grpc_descriptors import SERVICES, descriptor_pool

SECONDS, CALLS = 1.0, 5
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


class Serving:
    """A server of patience with three methods; ``ended`` are the reasons that it gave."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.channel: grpc.aio.Channel

    def call(self, method: str, messages: Any) -> Any:
        """A call of any number of messages, whatever the method takes."""
        path = method if "/" in method else f"/T/{method}"
        return self.channel.stream_unary(path, None, None)(messages, timeout=60)


@pytest.fixture
async def serving(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serving]:
    monkeypatch.setattr(grpc_health, "MAX_SILENT_SECONDS", SECONDS)
    found = Serving()

    async def one(message: Any, _: Any) -> Any:
        return message

    async def three(message: Any, _: Any) -> AsyncIterator[Any]:
        for _each in range(3):
            yield message

    async def refuse(_: Any, context: Any) -> None:
        await context.abort(grpc.StatusCode.NOT_FOUND, "not here")

    read, write = HealthCheckRequest.FromString, HealthCheckRequest.SerializeToString
    handlers = {
        "One": grpc.unary_unary_rpc_method_handler(one, read, write),
        "Three": grpc.unary_stream_rpc_method_handler(three, read, write),
        "Refuse": grpc.unary_unary_rpc_method_handler(refuse, read, write),
    }
    service = grpc.method_handlers_generic_handler("T", handlers)
    patience = Patience([service], SECONDS, CALLS, found.ended.append)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((patience,))
    add_ServerReflectionServicer_to_server(Reflection(SERVICES, descriptor_pool()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    watching = asyncio.create_task(patience.run(0.05))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        found.channel = channel
        yield found
    watching.cancel()
    await server.stop(0)


async def silent() -> AsyncIterator[bytes]:
    """No message, for as long as the call lasts."""
    await asyncio.Event().wait()
    yield b""


async def ending(call: Any) -> tuple[grpc.StatusCode, str]:
    """How a call ended."""
    with contextlib.suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
        await call
    return await call.code(), await call.details()


async def test_calls_are_answered_as_ever(serving: Serving) -> None:
    message = HealthCheckRequest(service="a").SerializeToString()
    assert await serving.channel.unary_unary("/T/One", None, None)(message) == message
    assert [each async for each in serving.channel.unary_stream("/T/Three", None, None)(message)] == [message] * 3
    assert await ending(serving.call("Refuse", iter([message]))) == (grpc.StatusCode.NOT_FOUND, "not here")
    assert (await ending(serving.call("Nowhere", iter([message]))))[0] is grpc.StatusCode.UNIMPLEMENTED
    assert serving.ended == []


@pytest.mark.parametrize("method", ["One", "Three"])
async def test_what_is_not_a_message_is_the_callers_fault(serving: Serving, method: str) -> None:
    assert (await ending(serving.call(method, iter([b"\xff\xff"]))))[0] is grpc.StatusCode.INVALID_ARGUMENT
    assert (await ending(serving.call(method, iter(()))))[0] is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("method", ["One", "Three"])
async def test_a_message_has_its_time(serving: Serving, method: str) -> None:
    calls = [serving.call(method, silent()) for _ in range(3)]
    for call in calls:
        assert await ending(call) == (grpc.StatusCode.CANCELLED, "the message did not come in time")
    assert serving.ended == ["body_time"] * 3


async def test_who_has_waited_longest_makes_room(serving: Serving) -> None:
    calls = []
    for _ in range(CALLS + 2):
        calls.append(asyncio.ensure_future(ending(serving.call("One", silent()))))
        await asyncio.sleep(0.02)
    done, _ = await asyncio.wait(calls[:2], timeout=60)
    assert len(done) == 2
    assert serving.ended[:2] == ["calls"] * 2
    await asyncio.gather(*calls)
    assert serving.ended == ["calls"] * 2 + ["body_time"] * CALLS


async def test_who_gives_up_is_not_held_against_anybody(serving: Serving) -> None:
    call = serving.call("One", silent())
    await asyncio.sleep(0.1)
    call.cancel()
    await asyncio.sleep(SECONDS * 1.5)
    assert serving.ended == []


async def test_reflection_waits_for_a_question_so_long(serving: Serving) -> None:
    call = serving.channel.stream_stream(REFLECTION, None, None)(silent(), timeout=60)
    assert await ending_of_stream(call) == grpc.StatusCode.CANCELLED


async def ending_of_stream(call: Any) -> grpc.StatusCode:
    """How a call of many answers ended."""
    with contextlib.suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
        async for _ in call:
            pass
    code: grpc.StatusCode = await call.code()
    return code


async def test_a_question_to_reflection_that_is_none_is_its_callers_fault(serving: Serving) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match="the message is not one of this method") as caught:
        await serving.call(REFLECTION, iter([b"\xff" * 50]))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
