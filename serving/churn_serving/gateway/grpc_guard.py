"""The key before anything else of a gRPC call: a caller without one is refused before its message has been read, as it
is over HTTP before its body."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, NoReturn

import grpc
import grpc.aio

from churn_serving.gateway.access import OPEN_METHODS
from churn_serving.gateway.authentication import Authentication, Unauthenticated
from churn_serving.oip.grpc_methods import as_headers

CALLER: ContextVar[str] = ContextVar("caller", default="")
"""The id of the key that this call was made with; empty where none is asked for."""
Headers = list[tuple[bytes, bytes]]
_Handler = Any  # grpc.RpcMethodHandler, whose type parameters depend on the method
_Find = Callable[[grpc.HandlerCallDetails], Awaitable[_Handler]]


class Guard(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in its type information alone
    """Lets pass what is open and who has a key; ``refused`` is told method and metadata of everything else."""

    def __init__(self, authentication: Authentication, refused: Callable[[str, Headers], None]) -> None:
        self._authentication = authentication
        self._refused = refused
        # A handler of streams is called at once; one of messages would wait for the message.
        self._refusal = grpc.stream_stream_rpc_method_handler(_refuse)

    async def intercept_service(self, continuation: _Find, handler_call_details: grpc.HandlerCallDetails) -> _Handler:
        """Says which handler a call gets."""
        method = handler_call_details.method
        if method in OPEN_METHODS:
            return await continuation(handler_call_details)
        metadata = as_headers(handler_call_details.invocation_metadata)
        try:
            CALLER.set(self._authentication.caller(metadata))
        except Unauthenticated:
            self._refused(method, metadata)
            return self._refusal
        return await continuation(handler_call_details)


async def _refuse(_: Any, context: "grpc.aio.ServicerContext[Any, Any]") -> NoReturn:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, Unauthenticated.__name__)
