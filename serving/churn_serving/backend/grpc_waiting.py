"""Calls of the threaded gRPC server whose message has not come yet.

The library gives a call a thread before its message is there, and has no clock for it: four callers that send metadata
and nothing more would hold four threads for as long as they like. So a thread that waits is replaced by another until
it goes on, the call that has waited longest makes room when too many wait, and each has its time. It must not know what
is asked.
"""

import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from queue import SimpleQueue
from typing import Any

import grpc

_logger = logging.getLogger(__name__)
PLACES = 128
"""Calls that may wait for their message at once."""
_STUCK_SECONDS = 0.01
"""The metadata and the message of an honest call travel together."""
_SPARE = 16
"""Further threads while calls are stuck, since every new one holds a thread until it is found out."""
_LOOK_SECONDS = 0.05
_Context = grpc.ServicerContext
_Method = Callable[..., Any]
_Find = Callable[[grpc.HandlerCallDetails], Any]
_Task = tuple["Ending", Callable[..., Any], tuple[Any, ...]]


class Ending:
    """Of one task: all that the library asks of a future, without a lock and a condition for every call."""

    __slots__ = ("_callbacks", "_over")

    def __init__(self) -> None:
        self._callbacks: deque[Callable[[Ending], object]] = deque()
        self._over = False

    def add_done_callback(self, callback: Callable[["Ending"], object]) -> None:
        """Call it once, when the task has ended or now."""
        self._callbacks.append(callback)
        if self._over:  # whichever of the two threads takes it out calls it
            self._call()

    def over(self) -> None:
        """The task has ended."""
        self._over = True
        self._call()

    def _call(self) -> None:
        while self._callbacks:
            try:
                callback = self._callbacks.popleft()
            except IndexError:  # the other thread was faster
                return
            callback(self)


class WaitingRoom(Executor, grpc.ServerInterceptor):  # type: ignore[type-arg]  # generic in its type information alone
    """The threads of one server, and what gives each method that takes one message its turn when that is there.

    ``workers`` threads work at a time; ``seconds`` a message may take to come.
    """

    def __init__(self, workers: int, seconds: float, places: int = PLACES) -> None:
        self._workers = workers
        self._seconds = seconds
        self._places = places
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._threads = 0
        self._lock = threading.Lock()
        self._waiting: dict[_Context, float] = {}
        self._stuck = False
        self._handlers: dict[str, Any] = {}
        threading.Thread(target=_look_on, args=(weakref.ref(self),), name="grpc-waiting", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Ending:  # type: ignore[override]
        """Run it on one of the threads; the library gives no arguments by name."""
        ending = Ending()
        self._tasks.put((ending, fn, args))
        if self._stuck or self._threads < self._workers:
            self._replace_stuck(time.monotonic())
        return ending

    def intercept_service(self, continuation: _Find, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Says which handler a call gets."""
        method = handler_call_details.method
        handler = self._handlers.get(method)
        if handler is None:
            handler = continuation(handler_call_details)
            if handler is not None:  # names of methods that there are not are a caller's, and without end
                handler = self._handlers[method] = self._patient(handler)
        return handler

    def look(self, now: float) -> None:
        """End the calls whose time to wait is over, and see that the others hold nobody up."""
        for context, since in self._now_waiting():
            if since + self._seconds > now:
                break  # in the order in which they came
            self._send_away(context)
        if self._waiting or self._stuck:
            self._replace_stuck(now)

    def _replace_stuck(self, now: float) -> None:
        wanted = self._wanted(now)
        with self._lock:
            missing = wanted - self._threads
            self._threads += max(0, missing)
        for _ in range(missing):
            threading.Thread(target=self._work, name="grpc", daemon=True).start()

    def _wanted(self, now: float) -> int:
        waiting = self._now_waiting()
        self._stuck = bool(waiting) and now - waiting[0][1] >= _STUCK_SECONDS
        if not self._stuck:
            return self._workers
        return self._workers + _SPARE + sum(now - since >= _STUCK_SECONDS for _, since in waiting)

    def _now_waiting(self) -> tuple[tuple[_Context, float], ...]:
        """Calls and since when they wait, the longest first.

        Every tuple that is made may have Python collect garbage, and what that frees of the library lets other threads
        go on: one of them may come or go in the midst. A lock would cost every call.
        """
        while True:
            try:
                return tuple(self._waiting.items())
            except RuntimeError:  # the dictionary has changed meanwhile
                continue

    def _work(self) -> None:
        while True:
            ending, function, arguments = self._tasks.get()
            try:
                function(*arguments)
            except Exception:
                _logger.exception("a call ended outside the library's own handling")
            ending.over()
            del ending, function, arguments
            if self._threads > self._workers and self._may_leave():
                return

    def _may_leave(self) -> bool:
        wanted = self._wanted(time.monotonic())
        with self._lock:
            leaves = self._threads > wanted
            self._threads -= leaves
        return leaves

    def _patient(self, handler: Any) -> Any:
        # Only a handler of several messages is told of a call before the first of them.
        if handler.unary_unary is not None:
            of_several, method = grpc.stream_unary_rpc_method_handler, handler.unary_unary
        elif handler.unary_stream is not None:
            of_several, method = grpc.stream_stream_rpc_method_handler, handler.unary_stream
        else:
            return handler
        answer = self._after_message(method, handler.request_deserializer)
        return of_several(answer, response_serializer=handler.response_serializer)

    def _after_message(self, method: _Method, read: Callable[[bytes], Any]) -> Callable[..., Any]:
        def answer(messages: Iterator[bytes], context: _Context, *send: Callable[[Any], None]) -> Any:
            content = self._message(messages, context)
            if content is None:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the call has no message")
            try:
                message = read(content)
            except Exception:  # noqa: BLE001 - whatever the library finds wrong with the bytes
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the message is not one of this method")
            return method(message, context, *send)

        # The library's word for a method that sends its answers by a function and holds no thread for them.
        vars(answer)["experimental_non_blocking"] = getattr(method, "experimental_non_blocking", False)
        return answer

    def _message(self, messages: Iterator[bytes], context: _Context) -> bytes | None:
        self._waiting[context] = time.monotonic()
        if len(self._waiting) > self._places:
            for longest, _ in self._now_waiting()[:1]:
                self._send_away(longest)
        try:
            return next(messages, None)
        finally:
            self._waiting.pop(context, None)

    def _send_away(self, context: _Context) -> None:
        if self._waiting.pop(context, None) is not None:
            context.cancel()  # type: ignore[no-untyped-call]


def _look_on(room: "weakref.ref[WaitingRoom]") -> None:
    """Until the server is gone."""
    while True:
        time.sleep(_LOOK_SECONDS)
        watched = room()
        if watched is None:
            return
        watched.look(time.monotonic())
        del watched
