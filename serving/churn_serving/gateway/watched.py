"""What a scraper is told by looking when it asks: queues, lag, backends, background tasks. So nothing of it costs a
request anything. All of it is read on the scraper's thread, so it is read in one step each and changes nothing.
"""

import operator
from collections.abc import Mapping
from functools import partial

from churn_serving.adapters.http_backend import HttpBackend
from churn_serving.core.admission import REASONS as ADMISSION_REASONS
from churn_serving.core.admission import Admission
from churn_serving.core.routing import Router
from churn_serving.gateway import grpc_service, inference, predictions
from churn_serving.gateway.lag import LoopLag
from churn_serving.gateway.large_bodies import REASONS as LARGE_BODY_REASONS
from churn_serving.runtime.supervision import Supervisor
from churn_serving.telemetry import names
from churn_serving.telemetry.metrics import GatewayMetrics

_ROUTES = (predictions.PATH, predictions.EXPLAINED, inference.ROUTE, grpc_service.ROUTE)


def watch_gateway(
    metrics: GatewayMetrics,
    admission: Admission,
    lag: LoopLag,
    router: Router,
    adapters: Mapping[str, HttpBackend],
    supervisor: Supervisor,
) -> None:
    """Tell scrapers how the parts of a gateway are, from now on."""
    metrics.expect_routes(_ROUTES)
    metrics.expect_shedding((*ADMISSION_REASONS, *LARGE_BODY_REASONS))
    metrics.watch_tasks(lambda: supervisor.running)
    metrics.watch(names.LOOP_LAG, lag)
    _watch(metrics, names.REQUESTS_WAITING, admission, "waiting")
    _watch(metrics, names.LARGE_ROWS_WAITING, admission, "large_rows")
    for adapter in adapters.values():
        _watch(metrics, names.BACKEND_REACHABLE, adapter, "reachable", adapter.name)
    for backend in router.backends:
        for lane, waiting in backend.lanes.items():
            _watch(metrics, names.BACKEND_QUEUE, waiting, "queued", backend.name, lane)
            _watch(metrics, names.BACKEND_IN_FLIGHT, waiting, "in_flight", backend.name, lane)


def _watch(metrics: GatewayMetrics, gauge: str, of: object, attribute: str, *labels: str) -> None:
    metrics.watch(gauge, partial(operator.attrgetter(attribute), of), *labels)
