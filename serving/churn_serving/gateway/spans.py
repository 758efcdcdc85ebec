"""A request's steps in the gateway, where traces are kept: the request itself, and each call to a backend for it.

Nothing of this is built where they are not (``CHURN_GATEWAY_TRACES_URL``), so a request pays a look at an attribute. A
call that answers several requests is a step of each; backends go on from the first one's, and the others say so.
"""

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from churn_model import Description, Row, Schema
from churn_serving.core.errors import BackendError
from churn_serving.core.ports import ANSWERED, Answer, Backend, Explanation
from churn_serving.gateway.http import RequestIds
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.runtime.supervision import Supervisor
from churn_serving.telemetry.metrics import GatewayMetrics
from churn_serving.telemetry.span_export import SpanExporter
from churn_serving.telemetry.spans import Attributes, Kind, Span, Spans, new_span_id, new_trace
from churn_serving.telemetry.tracing import Trace, Traced

SERVICE = "churn-gateway"
_FAILURE = 500
_NANOSECONDS = 1_000_000_000
Brought = TypeVar("Brought")


class Ended(Traced, Protocol):
    """A request as it has ended: by which route, and for how many customers."""

    route: str
    rows: int


@dataclass(slots=True)
class _Origin:
    """Whose request a call is for, as the call says it."""

    request_id: str
    trace: Trace | None


class TracedIds(RequestIds):
    """Ids of requests each of whose traces, where it is kept, is a step of the gateway's. Of those that come without a
    trace, ``share`` (0 to 1) begin one."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share
        self._chance = random.Random()  # noqa: S311 - which requests are looked at is no secret

    def of(self, headers: list[tuple[bytes, bytes]]) -> tuple[str, Trace | None]:
        """As where nothing is kept, but for the trace."""
        request_id, trace = super().of(headers)
        if trace is None:
            return request_id, new_trace() if self._chance.random() < self._share else None
        return request_id, trace.step(new_span_id()) if trace.sampled else trace


class TracedBackend:
    """A backend whose calls are steps of the requests that they are for; implements
    :class:`churn_serving.core.ports.Backend`."""

    def __init__(self, backend: Backend, spans: Spans) -> None:
        self._backend = backend
        self._spans = spans
        self.name = backend.name

    @property
    def description(self) -> Description | None:
        """The model it was last seen with."""
        return self._backend.description

    async def score(
        self,
        rows: Sequence[Row],
        schema: Schema,
        timeout: float,  # noqa: ASYNC109 - the port's contract
        origins: Sequence[Traced] = (),
    ) -> Answer:
        """Score rows; see the port."""

        def call(named: Sequence[Traced]) -> Awaitable[Answer]:
            return self._backend.score(rows, schema, timeout, named)

        return await self._as_step("score", len(rows), origins, call)

    async def explain(
        self,
        rows: Sequence[Row],
        description: Description,
        timeout: float,  # noqa: ASYNC109 - the port's contract
        origins: Sequence[Traced] = (),
    ) -> Explanation:
        """Explain rows; see the port."""

        def call(named: Sequence[Traced]) -> Awaitable[Explanation]:
            return self._backend.explain(rows, description, timeout, named)

        return await self._as_step("explain", len(rows), origins, call)

    async def probe(self, timeout: float) -> bool:  # noqa: ASYNC109 - the port's contract
        """Whether it answers its golden rows; nobody's request."""
        return await self._backend.probe(timeout)

    async def _as_step(
        self, what: str, rows: int, origins: Sequence[Traced], call: Callable[[Sequence[Traced]], Awaitable[Brought]]
    ) -> Brought:
        """What a call for these requests brings; it is a step of those whose traces are kept, and says so."""
        steps = _steps(origins)
        if not steps:
            return await call(origins)
        began, outcome = time.time_ns(), BackendError.reason
        try:
            brought = await call(_named(origins, steps[0]))
            outcome = ANSWERED
        except BackendError as error:
            outcome = error.reason
            raise
        else:
            return brought
        finally:
            ended, name, failed = time.time_ns(), f"{what} {self.name}", outcome != ANSWERED
            attributes: Attributes = {"churn.backend": self.name, "churn.outcome": outcome, "churn.rows": rows}
            for place, step in enumerate(steps):
                beside = steps[0] if place else None
                self._spans.add(Span(name, Kind.CLIENT, step, began, ended, attributes, failed, beside))


class Traces:
    """What a gateway keeps of traces by its settings; nothing at all without a collector."""

    def __init__(self, settings: GatewaySettings, metrics: GatewayMetrics) -> None:
        self._settings = settings
        self.spans = None if settings.traces_url is None else Spans(SERVICE, metrics.spans_dropped)

    def of(self, backend: Backend) -> Backend:
        """The backend, whose calls are kept where traces are."""
        return backend if self.spans is None else TracedBackend(backend, self.spans)

    def request_ids(self) -> RequestIds:
        """Whose request it is, for the doors."""
        return RequestIds() if self.spans is None else TracedIds(self._settings.traces_share)

    def watch(self, supervisor: Supervisor) -> None:
        """Send what there is from now on, until the supervisor stops."""
        if self.spans is not None:
            exporter = SpanExporter(str(self._settings.traces_url), self.spans)
            supervisor.start("traces", exporter.run, vital=False)


def note_request(spans: Spans, exchange: Ended, seconds: float, code: int, served_by: str, version: str) -> None:
    """Keep the step of a request that has ended after so many seconds, if its trace is kept."""
    trace = exchange.trace
    if trace is None or not trace.sampled:
        return
    ended = time.time_ns()
    attributes: Attributes = {
        "http.response.status_code": code,
        "churn.request_id": exchange.request_id,
        "churn.served_by": served_by,
        "churn.model.version": version,
        "churn.rows": exchange.rows,
    }
    began = ended - int(seconds * _NANOSECONDS)
    spans.add(Span(exchange.route, Kind.SERVER, trace, began, ended, attributes, code >= _FAILURE))


def _steps(origins: Sequence[Traced]) -> list[Trace]:
    """A step for each request whose trace is kept."""
    return [origin.trace.step(new_span_id()) for origin in origins if origin.trace is not None and origin.trace.sampled]


def _named(origins: Sequence[Traced], step: Trace) -> list[_Origin]:
    """The same requests, all by the one step that a backend goes on from."""
    return [_Origin(origin.request_id, step) for origin in origins]
