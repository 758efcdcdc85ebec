"""The composition root's part that answers: from backends to what is done with a request, tied together.

It must not know who listens for requests, and starts nothing.
"""

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from churn_model import Description
from churn_serving.adapters.http_backend import HttpBackend
from churn_serving.core.admission import Admission
from churn_serving.core.dispatch import Dispatcher
from churn_serving.core.explanations import Explanations
from churn_serving.core.guarded import GuardedBackend
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.routing import Router
from churn_serving.core.shadows import Shadows
from churn_serving.gateway.canary_weight import CanaryShare
from churn_serving.gateway.lag import LoopLag
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.gateway.spans import Traces
from churn_serving.telemetry.metrics import GatewayMetrics
from churn_serving.telemetry.shadow_metrics import ShadowMetrics


@dataclass(frozen=True)
class DecisionPath:
    """What a request goes along, from admission to an answer, and what shares it out."""

    adapters: Mapping[str, HttpBackend]
    router: Router
    lag: LoopLag
    admission: Admission
    dispatcher: Dispatcher
    explanations: Explanations
    shadows: Shadows | None
    share_canary: Callable[[CanaryShare], None]

    def degraded(self) -> bool:
        """Whether no backend that requests go to would be asked and is there."""
        asked = (each for each in self.router.backends if each.name != "canary" or self.router.canary_share > 0.0)
        return not any(backend.breaker.closed and self.adapters[backend.name].reachable for backend in asked)


def open_decision_path(
    settings: GatewaySettings,
    adapters: Mapping[str, HttpBackend],
    traces: Traces,
    metrics: GatewayMetrics,
    remembered: Callable[[], Description | None],
) -> DecisionPath:
    """Tie it together; ``remembered`` yields a description from an earlier life of the gateway."""
    policy, lag = DecisionPolicy(), LoopLag()
    guarded = {
        name: GuardedBackend(traces.of(backend), policy, metrics, time.monotonic) for name, backend in adapters.items()
    }
    router = Router(guarded["primary"], guarded.get("canary"), guarded.get("fallback"), 0.0)
    shadow_metrics = ShadowMetrics(metrics.registry)
    shadows = _open_shadows(guarded, policy, shadow_metrics, settings.shadow_calls)
    share_canary = functools.partial(_share_canary, router, metrics, shadows, shadow_metrics)
    share_canary(CanaryShare(settings.canary_percent))
    admission = Admission(policy, metrics, lag)
    dispatcher = Dispatcher(router, admission, policy, metrics, time.monotonic, remembered)
    explanations = Explanations(router.backends, policy, metrics)
    return DecisionPath(adapters, router, lag, admission, dispatcher, explanations, shadows, share_canary)


def _open_shadows(
    guarded: Mapping[str, GuardedBackend], policy: DecisionPolicy, metrics: ShadowMetrics, maximum: int
) -> Shadows | None:
    canary = guarded.get("canary")
    return None if canary is None else Shadows("primary", canary, policy, metrics, maximum)


def _share_canary(
    router: Router, metrics: GatewayMetrics, shadows: Shadows | None, shadow_metrics: ShadowMetrics, share: CanaryShare
) -> None:
    router.canary_share = share.percent / 100
    metrics.canary_share(0.0 if shadows is None else router.canary_share)
    if shadows is not None:
        shadows.share = share.shadow_percent / 100
        shadow_metrics.shadow_share(shadows.share)
