"""The composition root of the gateway: the one place that picks real things and ties them together."""

import contextlib
import functools
import logging
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from churn_model import TrustedKeys
from churn_serving.adapters.description_store import DescriptionStore
from churn_serving.adapters.http_backend import HttpBackend, Session, open_session
from churn_serving.adapters.refresher import refresh
from churn_serving.core.recovery import probe
from churn_serving.core.routing import Router
from churn_serving.gateway.application import Application, Readiness, build_pages
from churn_serving.gateway.authentication import Authentication
from churn_serving.gateway.canary_weight import CanaryShare, CanaryWeight
from churn_serving.gateway.decision_path import DecisionPath, open_decision_path
from churn_serving.gateway.grpc_service import InferenceService
from churn_serving.gateway.http import RequestIds
from churn_serving.gateway.inference import InferenceRoute
from churn_serving.gateway.key_ring import KeyRing
from churn_serving.gateway.large_bodies import LargeBodies
from churn_serving.gateway.last_known_model import LastKnownModel
from churn_serving.gateway.prediction_log_parts import open_prediction_log
from churn_serving.gateway.predictions import PredictionsRoute
from churn_serving.gateway.service import PredictionService
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.gateway.spans import Traces
from churn_serving.gateway.watched import watch_gateway
from churn_serving.oip.messages import MAX_ROWS
from churn_serving.runtime.command_line import variable_of
from churn_serving.runtime.supervision import Supervisor
from churn_serving.runtime.tls import Authorities
from churn_serving.runtime.trust import TrustedKeyFile
from churn_serving.telemetry.line_budget import LineBudget
from churn_serving.telemetry.metrics import GatewayMetrics
from churn_serving.telemetry.request_log import RequestLog

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gateway:
    """A running gateway's parts that its process needs to hold on to."""

    application: Application
    inference: InferenceService
    metrics: GatewayMetrics
    readiness: Readiness
    supervisor: Supervisor


@contextlib.asynccontextmanager
async def open_gateway(settings: GatewaySettings) -> AsyncIterator[Gateway]:
    """Build everything, run the background tasks, and take it all down again.

    Raises:
        UntrustedPackage: the public key cannot be read.
        KeyFileError: the API keys cannot be read.
        CanaryWeightError: the file of the canary's weight cannot be read.
        TlsFileError: the authorities of backends cannot be read.
        PseudonymKeyError: the keys of the prediction log cannot be read.
    """
    metrics = GatewayMetrics()
    trusted = TrustedKeyFile(settings.verify_key_path, metrics.package_keys_loaded)
    learned = LastKnownModel(DescriptionStore(settings.home / "gateway", trusted), metrics)
    ring = _open_key_ring(settings, metrics)
    authorities = None if settings.tls_authority is None else Authorities(settings.tls_authority)
    budget = _line_budget(settings, metrics)
    log = RequestLog(sys.stdout.fileno(), metrics.log_dropped, budget)
    traces = Traces(settings, metrics)
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(open_session())
        adapters = _open_backends(settings, session, trusted, learned, authorities)
        path = open_decision_path(settings, adapters, traces, metrics, lambda: learned.remembered)
        stack.callback(log.close)
        stack.callback(budget.tell)
        if path.shadows is not None:
            stack.callback(path.shadows.close)
        supervisor = Supervisor(metrics.task_crashed)
        kept = open_prediction_log(settings, metrics.registry, path.router.arm, supervisor)
        if kept is not None:
            stack.callback(kept.close)
        stack.push_async_callback(supervisor.stop)
        service = PredictionService(
            path.dispatcher, path.explanations, metrics, log, kept, path.shadows, spans=traces.spans
        )
        large_bodies = LargeBodies(metrics.shed)
        _start_tasks(supervisor, settings, path, _Files(trusted, learned, ring, authorities), metrics)
        traces.watch(supervisor)
        supervisor.start("request log", budget.run, vital=False)
        # A new gateway would be no better at starting that process, and this one answers small requests without it.
        supervisor.start("large bodies", large_bodies.run, vital=False)
        readiness = Readiness(lambda: supervisor.failing, path.degraded)
        watch_gateway(metrics, path.admission, path.lag, path.router, adapters, supervisor)
        callers, request_ids = Authentication(ring, metrics.unauthenticated), traces.request_ids()
        doors = _open_doors(settings, service, large_bodies, callers, readiness, request_ids)
        yield Gateway(*doors, metrics, readiness, supervisor)


@dataclass(frozen=True)
class _Files:
    """What is read again when it changes; what was learned goes with the keys that it is trusted by."""

    trusted: TrustedKeyFile
    learned: LastKnownModel
    ring: KeyRing | None
    authorities: Authorities | None


def _start_tasks(
    supervisor: Supervisor, settings: GatewaySettings, path: DecisionPath, files: _Files, metrics: GatewayMetrics
) -> None:
    """Start what goes on beside requests: backends are watched, and files are read again.

    Raises:
        CanaryWeightError: the file of the canary's weight cannot be read.
    """
    supervisor.start("loop lag", path.lag.measure)
    if files.authorities is not None:
        supervisor.start("authorities of backends", files.authorities.watch)
    _watch_backends(supervisor, path.router, path.adapters)
    backends = tuple(path.adapters.values())
    supervisor.start("package keys", functools.partial(_watch_trust, files.trusted, files.learned, backends, metrics))
    if settings.last_known_model is not None:
        use_given = functools.partial(files.learned.use_given, settings.last_known_model, files.trusted)
        supervisor.start("last known model", use_given, vital=False)
    if files.ring is not None:
        supervisor.start("API keys", files.ring.watch)
    _watch_canary_weight(supervisor, settings, path.share_canary, metrics)


def _line_budget(settings: GatewaySettings, metrics: GatewayMetrics) -> LineBudget:
    field = "request_log_lines_per_second"
    return LineBudget(getattr(settings, field), metrics.lines_left_out, variable_of(GatewaySettings, field))


def _open_key_ring(settings: GatewaySettings, metrics: GatewayMetrics) -> KeyRing | None:
    if settings.key_file is None:
        _logger.info("callers need no API key")
        return None
    return KeyRing(settings.key_file, metrics.api_keys_loaded)


def _open_backends(
    settings: GatewaySettings,
    session: Session,
    trusted: TrustedKeys,
    learned: LastKnownModel,
    authorities: Authorities | None,
) -> dict[str, HttpBackend]:
    urls = {"primary": settings.primary_url, "canary": settings.canary_url, "fallback": settings.fallback_url}
    return {
        name: HttpBackend(name, str(url), session, trusted, learned, authorities=authorities)
        for name, url in urls.items()
        if url is not None
    }


def _watch_backends(supervisor: Supervisor, router: Router, adapters: Mapping[str, HttpBackend]) -> None:
    for backend in router.backends:
        supervisor.start(f"probe {backend.name}", functools.partial(probe, backend), vital=False)
    for adapter in adapters.values():
        supervisor.start(f"refresh {adapter.name}", functools.partial(refresh, adapter), vital=False)


def _watch_canary_weight(
    supervisor: Supervisor,
    settings: GatewaySettings,
    share_canary: Callable[[CanaryShare], None],
    metrics: GatewayMetrics,
) -> None:
    """Follow the file of the canary's weight, where there is one.

    Raises:
        CanaryWeightError: it cannot be read.
    """
    if settings.canary_percent_file is None:
        return
    weight = CanaryWeight(settings.canary_percent_file, share_canary, metrics.canary_weight_loaded)
    supervisor.start("canary weight", weight.watch)


async def _watch_trust(
    trusted: TrustedKeyFile, learned: LastKnownModel, backends: Sequence[HttpBackend], metrics: GatewayMetrics
) -> None:
    """Whenever other keys are trusted, forget the models that none of them signed; runs until cancelled."""
    async for _ in trusted.changes():
        learned.forget_untrusted(trusted)
        for backend in backends:
            if backend.forget_untrusted():
                _logger.error("%s is not believed any more: no trusted key signed its model", backend.name)
                metrics.model_forgotten(backend.name)


def _open_doors(
    settings: GatewaySettings,
    service: PredictionService,
    large_bodies: LargeBodies,
    authentication: Authentication,
    readiness: Readiness,
    request_ids: RequestIds,
) -> tuple[Application, InferenceService]:
    predictions = PredictionsRoute(
        service, large_bodies, authentication, request_ids, settings.maximum_body_bytes, MAX_ROWS
    )
    application = Application(
        predictions,
        InferenceRoute(service, large_bodies, authentication, request_ids, settings.maximum_body_bytes),
        build_pages(service, readiness, predictions, authentication),
        authentication,
    )
    inference = InferenceService(
        service, large_bodies, authentication, request_ids, lambda: readiness.draining, lambda: not readiness.failing()
    )
    return application, inference
