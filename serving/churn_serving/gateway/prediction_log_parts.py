"""The prediction log's parts tied together, where the settings ask for one."""

import logging
from collections.abc import Callable

from prometheus_client import CollectorRegistry

from churn_serving.adapters.segment_writer import REASONS, SegmentWriter
from churn_serving.gateway.prediction_log import PredictionLog
from churn_serving.gateway.pseudonym_ring import PseudonymRing
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.runtime.supervision import Supervisor
from churn_serving.telemetry.prediction_log import PredictionLogMetrics

_logger = logging.getLogger(__name__)


def open_prediction_log(
    settings: GatewaySettings,
    registry: CollectorRegistry,
    arm: Callable[[str | None], str | None],
    supervisor: Supervisor,
) -> PredictionLog | None:
    """The log, with its background tasks started; None where answers are not kept.

    Raises:
        PseudonymKeyError: the keys cannot be read.
        OSError: the folder cannot be written to.
    """
    if settings.prediction_log is None:
        return None
    metrics = PredictionLogMetrics(registry, REASONS)
    ring = PseudonymRing(settings.prediction_log_key_path, metrics.keys_loaded)
    writer = SegmentWriter(settings.prediction_log, settings.segment_limits, metrics.measured)
    # Answers do not hang on it: a process that cannot seal is no reason for another one.
    supervisor.start("prediction log", writer.run, vital=False)
    supervisor.start("prediction log keys", ring.watch, vital=False)
    if settings.prediction_log_sync_seconds:
        supervisor.start("prediction log on disk", writer.run_sync, vital=False)
    _logger.info("answers are kept in %s", settings.prediction_log)
    return PredictionLog(writer, ring, metrics, arm)
