"""gRPC's standard health and reflection services at the gateway.

Health is open to everybody, as readiness is over HTTP, and says nothing of a model. Reflection shows the protocol's own
messages.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthServicer
from grpc_reflection.v1alpha import reflection, reflection_pb2

from churn_serving.oip.grpc_descriptors import HEALTHY_SERVICES, MAX_REFLECTION_BYTES

MAX_WATCHERS = 64
"""Callers that may watch at once; each holds a call open for as long as it likes."""
MAX_SILENT_SECONDS = 10.0
"""Between two questions to reflection."""
_LOOK_SECONDS = 0.25
_Context = grpc.aio.ServicerContext[Any, Any]
_Status = Any  # health_pb2.HealthCheckResponse, which has no type information
_status = health_pb2.HealthCheckResponse


class Health(HealthServicer):  # type: ignore[misc]  # the library ships no types
    """Asks ``ready`` each time, so that it can never differ from what readiness says over HTTP."""

    def __init__(self, ready: Callable[[], bool]) -> None:
        self._ready = ready
        self._watchers = 0

    async def Check(self, request: health_pb2.HealthCheckRequest, context: _Context) -> _Status:  # noqa: N802 - gRPC's name
        """Whether requests should come here."""
        if request.service not in HEALTHY_SERVICES:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
        return self._status()

    async def Watch(  # noqa: N802 - gRPC's name
        self, request: health_pb2.HealthCheckRequest, context: _Context
    ) -> AsyncIterator[_Status]:
        """The same, and again whenever it changes."""
        if self._watchers >= MAX_WATCHERS:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many watch already")
        self._watchers += 1
        try:
            told = None
            while True:
                status = self._status() if request.service in HEALTHY_SERVICES else _status(status="SERVICE_UNKNOWN")
                if status != told:
                    yield status
                    told = status
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            self._watchers -= 1

    def _status(self) -> _Status:
        return _status(status="SERVING" if self._ready() else "NOT_SERVING")


class Reflection(reflection.aio.ReflectionServicer):  # type: ignore[misc]  # the library ships no types
    """The library's, for short questions."""

    async def ServerReflectionInfo(  # noqa: N802 - gRPC's name
        self, request_iterator: AsyncIterable[reflection_pb2.ServerReflectionRequest], context: _Context
    ) -> AsyncIterator[reflection_pb2.ServerReflectionResponse]:
        """Answers question by question."""
        async for answer in super().ServerReflectionInfo(_short(request_iterator, context), context):
            yield answer


async def _short(
    questions: AsyncIterable[reflection_pb2.ServerReflectionRequest], context: _Context
) -> AsyncIterator[reflection_pb2.ServerReflectionRequest]:
    asked = aiter(questions)
    while True:
        try:
            async with asyncio.timeout(MAX_SILENT_SECONDS):
                question = await anext(asked)
        except StopAsyncIteration:
            return
        except TimeoutError:
            await context.abort(grpc.StatusCode.CANCELLED, "no question came in time")
        except DecodeError:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the message is not one of this method")
        if question.ByteSize() > MAX_REFLECTION_BYTES:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the question is too long")
        yield question
