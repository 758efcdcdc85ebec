"""gRPC's standard health and reflection services at a model server, whose gRPC server is the threaded one.

A stream would hold one of its few threads for as long as its caller likes. So a change of health is told without a
thread, by the library's own means, and reflection answers two callers at a time, not for long. Both are open: a model
server has no keys, and neither says anything of a model.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from churn_serving.oip.grpc_descriptors import HEALTHY_SERVICES, MAX_REFLECTION_BYTES, SERVICES, descriptor_pool

MAX_WATCHERS = 64
"""Callers that may watch at once; each holds a call open for as long as it likes."""
MAX_ASKING = 2
"""Callers whom reflection answers at once; each holds one of the server's few threads."""
MAX_REFLECTION_SECONDS = 10.0
_WAIT_SECONDS = 1.0
_LOOK_SECONDS = 0.25
_Context = grpc.ServicerContext
_Send = Callable[[Any], None]


class Health(health.HealthServicer):  # type: ignore[misc]  # the library ships no types
    """The library's, which asks ``ready`` for each check and four times a second for those that watch."""

    def __init__(self, ready: Callable[[], bool]) -> None:
        super().__init__(experimental_non_blocking=True)
        self._ready = ready
        self._watchers = 0
        self._looking: threading.Thread | None = None
        self._look()

    def Check(self, request: health_pb2.HealthCheckRequest, context: _Context) -> Any:  # noqa: N802 - gRPC's name
        """Whether requests should come here."""
        self._look()
        return super().Check(request, context)

    def Watch(  # noqa: N802 - gRPC's name
        self, request: health_pb2.HealthCheckRequest, context: _Context, send_response_callback: _Send | None = None
    ) -> Any:
        """The same, and again whenever it changes."""
        with self._lock:
            if self._watchers >= MAX_WATCHERS:
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many watch already")
            self._watchers += 1
            if self._looking is None:
                self._looking = threading.Thread(target=self._look_on, name="grpc-health", daemon=True)
                self._looking.start()
        if not context.add_callback(self._left):  # it has gone already
            self._left()
            return None
        self._look()
        return super().Watch(request, context, send_response_callback)

    def _left(self) -> None:
        with self._lock:
            self._watchers -= 1

    def _look(self) -> None:
        status = "SERVING" if self._ready() else "NOT_SERVING"
        number = health_pb2.HealthCheckResponse.ServingStatus.Value(status)
        for service in HEALTHY_SERVICES:
            with self._lock:
                if self._server_status.get(service) != number:
                    self.set(service, number)

    def _look_on(self) -> None:
        """Until nobody watches any more."""
        pause = threading.Event()
        while True:
            pause.wait(_LOOK_SECONDS)
            self._look()
            with self._lock:
                if self._watchers == 0:
                    self._looking = None
                    return


class Reflection(reflection.ReflectionServicer):  # type: ignore[misc]  # the library ships no types
    """The library's, for few callers at a time."""

    def __init__(self) -> None:
        super().__init__(SERVICES, descriptor_pool())
        self._asking = threading.BoundedSemaphore(MAX_ASKING)
        self._waiting = threading.BoundedSemaphore(1)

    def ServerReflectionInfo(  # noqa: N802 - gRPC's name
        self, request_iterator: Iterator[reflection_pb2.ServerReflectionRequest], context: _Context
    ) -> Iterator[Any]:
        """Answers question by question."""
        if not self._enter():
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "others are asking; try again")
        timer = threading.Timer(MAX_REFLECTION_SECONDS, context.cancel)
        timer.daemon = True
        timer.start()
        try:
            yield from super().ServerReflectionInfo(_short(request_iterator, context), context)
        finally:
            timer.cancel()
            self._asking.release()

    def _enter(self) -> bool:
        """Whether there is room, now or once somebody who asked all has left; at least one thread goes on scoring."""
        if self._asking.acquire(blocking=False):
            return True
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._asking.acquire(timeout=_WAIT_SECONDS)
        finally:
            self._waiting.release()


def _short(
    questions: Iterator[reflection_pb2.ServerReflectionRequest], context: _Context
) -> Iterator[reflection_pb2.ServerReflectionRequest]:
    for question in questions:
        if question.ByteSize() > MAX_REFLECTION_BYTES:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the question is too long")
        yield question
