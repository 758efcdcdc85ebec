"""gRPC calls that begin and do not go on: the library has no clock for them, and each would last as long as its
connection.

So methods of one message are offered to the library as methods of many, of which the first is waited for here, by one
clock for all. It must not know what is asked, nor who asks.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from churn_serving.web import refusals

LOOK_SECONDS = 0.5
_Handler = Any  # grpc.RpcMethodHandler, whose type parameters depend on the method
_Context = grpc.aio.ServicerContext[Any, Any]


class Patience(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in its type information alone
    """Stands before ``services`` and gives each call ``seconds`` for its message; at most ``calls`` may wait at once,
    and the one that has waited longest makes room. ``refused`` is told why one was ended."""

    def __init__(
        self,
        services: "Iterable[grpc.GenericRpcHandler[Any, Any]]",
        seconds: float,
        calls: int,
        refused: Callable[[str], None],
    ) -> None:
        self._services = tuple(services)
        self._seconds = seconds
        self._calls = calls
        self._refused = refused
        self._waiting: dict[asyncio.Task[Any], float] = {}  # since when; those that wait longest come first
        self._patient: dict[str, _Handler] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> _Handler:
        """The handler of a method, behind the wait for its message; None where no service has it."""
        method = handler_call_details.method
        patient = self._patient.get(method)
        if patient is None:
            found = (service.service(handler_call_details) for service in self._services)
            handler = next((each for each in found if each is not None), None)
            if handler is None:
                return None  # and not kept: there are more names than memory
            patient = self._patient[method] = handler if handler.request_streaming else self._made_patient(handler)
        return patient

    async def run(self, seconds: float = LOOK_SECONDS) -> None:
        """End calls in time, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(seconds)
            latest = loop.time() - self._seconds
            for task, since in tuple(self._waiting.items()):
                if since >= latest:
                    break
                self._end(task, refusals.BODY_TOO_SLOW.reason)

    def _end(self, task: asyncio.Task[Any], reason: str) -> None:
        del self._waiting[task]
        self._refused(reason)
        task.cancel()

    def _made_patient(self, handler: _Handler) -> _Handler:
        if handler.response_streaming:
            answers = handler.unary_stream

            async def stream(messages: AsyncIterable[Any], context: _Context) -> AsyncIterator[Any]:
                async for answer in answers(await self._first(messages, context), context):
                    yield answer

            return grpc.stream_stream_rpc_method_handler(
                stream, handler.request_deserializer, handler.response_serializer
            )
        answer = handler.unary_unary

        async def unary(messages: AsyncIterable[Any], context: _Context) -> Any:
            return await answer(await self._first(messages, context), context)

        return grpc.stream_unary_rpc_method_handler(unary, handler.request_deserializer, handler.response_serializer)

    async def _first(self, messages: AsyncIterable[Any], context: _Context) -> Any:
        """The call's message; the call is ended where none comes, or one that cannot be read."""
        task: asyncio.Task[Any] = asyncio.current_task()  # type: ignore[assignment]  # every call has one
        if len(self._waiting) >= self._calls:
            self._end(next(iter(self._waiting)), "calls")
        self._waiting[task] = asyncio.get_running_loop().time()
        receiver: Any = aiter(messages)
        try:
            return await anext(receiver)
        except asyncio.CancelledError:
            if task in self._waiting:  # its caller has gone
                raise
            task.uncancel()
            code, words = grpc.StatusCode.CANCELLED, "the message did not come in time"
        except StopAsyncIteration:
            code, words = grpc.StatusCode.INVALID_ARGUMENT, "there is no message"
        except DecodeError:
            code, words = grpc.StatusCode.INVALID_ARGUMENT, "the message is not one of this method"
        finally:
            self._waiting.pop(task, None)
            await receiver.aclose()  # the library's own, which holds the message in a circle of references
        await context.abort(code, words)
        raise AssertionError  # abort has raised
