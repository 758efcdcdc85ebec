"""The composition root of the gateway: the one place that picks real things and ties them together."""

import contextlib
import functools
import logging
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from churn_model import TrustedKeys
from churn_serving.adapters.description_store import DescriptionStore
from churn_serving.adapters.http_backend import HttpBackend, Session, open_session
from churn_serving.adapters.refresher import refresh
from churn_serving.core.admission import Admission
from churn_serving.core.dispatch import Dispatcher
from churn_serving.core.explanations import Explanations
from churn_serving.core.guarded import GuardedBackend
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.recovery import probe
from churn_serving.core.routing import Router
from churn_serving.gateway.application import Application, Readiness, build_pages
from churn_serving.gateway.authentication import Authentication
from churn_serving.gateway.canary_weight import CanaryWeight
from churn_serving.gateway.grpc_service import InferenceService
from churn_serving.gateway.http import RequestIds
from churn_serving.gateway.inference import InferenceRoute
from churn_serving.gateway.key_ring import KeyRing
from churn_serving.gateway.lag import LoopLag
from churn_serving.gateway.large_bodies import LargeBodies
from churn_serving.gateway.last_known_model import LastKnownModel
from churn_serving.gateway.prediction_log_parts import open_prediction_log
from churn_serving.gateway.predictions import PredictionsRoute
from churn_serving.gateway.service import PredictionService
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.gateway.watched import watch_gateway
from churn_serving.oip.messages import MAX_ROWS
from churn_serving.runtime.supervision import Supervisor
from churn_serving.runtime.trust import TrustedKeyFile
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
        PseudonymKeyError: the keys of the prediction log cannot be read.
    """
    policy = DecisionPolicy()
    metrics = GatewayMetrics()
    trusted = TrustedKeyFile(settings.verify_key_path, metrics.package_keys_loaded)
    learned = LastKnownModel(DescriptionStore(settings.home / "gateway", trusted), metrics)
    ring = _open_key_ring(settings, metrics)
    lag = LoopLag()
    log = RequestLog(sys.stdout.fileno(), metrics.log_dropped)
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(open_session())
        adapters = _open_backends(settings, session, trusted, learned)
        guarded = {name: GuardedBackend(backend, policy, metrics, time.monotonic) for name, backend in adapters.items()}
        router = Router(guarded["primary"], guarded.get("canary"), guarded.get("fallback"), 0.0)
        share_canary = functools.partial(_share_canary, router, metrics)
        share_canary(settings.canary_percent / 100)
        admission = Admission(policy, metrics, lag)
        dispatcher = Dispatcher(router, admission, policy, metrics, time.monotonic, lambda: learned.remembered)
        explanations = Explanations(router.backends, policy, metrics)
        stack.callback(log.close)
        supervisor = Supervisor(metrics.task_crashed)
        kept = open_prediction_log(settings, metrics.registry, router.arm, supervisor)
        if kept is not None:
            stack.callback(kept.close)
        stack.push_async_callback(supervisor.stop)
        service = PredictionService(dispatcher, explanations, metrics, log, kept)
        supervisor.start("loop lag", lag.measure)
        _watch_backends(supervisor, router, adapters)
        watch_trust = functools.partial(_watch_trust, trusted, learned, tuple(adapters.values()), metrics)
        supervisor.start("package keys", watch_trust)
        if settings.last_known_model is not None:
            use_given = functools.partial(learned.use_given, settings.last_known_model, trusted)
            supervisor.start("last known model", use_given, vital=False)
        if ring is not None:
            supervisor.start("API keys", ring.watch)
        if settings.canary_percent_file is not None:
            weight = CanaryWeight(settings.canary_percent_file, share_canary, metrics.canary_weight_loaded)
            supervisor.start("canary weight", weight.watch)
        readiness = Readiness(lambda: supervisor.failing, functools.partial(_is_degraded, router, adapters))
        large_bodies = LargeBodies(metrics.shed)
        # A new gateway would be no better at starting that process, and this one answers small requests without it.
        supervisor.start("large bodies", large_bodies.run, vital=False)
        watch_gateway(metrics, admission, lag, router, adapters, supervisor)
        authentication = Authentication(ring, metrics.unauthenticated)
        doors = _open_doors(settings, service, large_bodies, authentication, readiness)
        yield Gateway(*doors, metrics, readiness, supervisor)


def _open_key_ring(settings: GatewaySettings, metrics: GatewayMetrics) -> KeyRing | None:
    if settings.key_file is None:
        _logger.info("callers need no API key")
        return None
    return KeyRing(settings.key_file, metrics.api_keys_loaded)


def _open_backends(
    settings: GatewaySettings, session: Session, trusted: TrustedKeys, learned: LastKnownModel
) -> dict[str, HttpBackend]:
    urls = {"primary": settings.primary_url, "canary": settings.canary_url, "fallback": settings.fallback_url}
    return {
        name: HttpBackend(name, str(url), session, trusted, learned) for name, url in urls.items() if url is not None
    }


def _watch_backends(supervisor: Supervisor, router: Router, adapters: Mapping[str, HttpBackend]) -> None:
    for backend in router.backends:
        supervisor.start(f"probe {backend.name}", functools.partial(probe, backend), vital=False)
    for adapter in adapters.values():
        supervisor.start(f"refresh {adapter.name}", functools.partial(refresh, adapter), vital=False)


def _share_canary(router: Router, metrics: GatewayMetrics, share: float) -> None:
    router.canary_share = share
    metrics.canary_share(share if "canary" in {backend.name for backend in router.backends} else 0.0)


def _is_degraded(router: Router, adapters: Mapping[str, HttpBackend]) -> bool:
    """Whether no backend that requests go to would be asked and is there."""
    asked = (backend for backend in router.backends if backend.name != "canary" or router.canary_share > 0.0)
    return not any(backend.breaker.closed and adapters[backend.name].reachable for backend in asked)


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
) -> tuple[Application, InferenceService]:
    request_ids = RequestIds()
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
