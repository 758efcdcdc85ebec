"""Keeps the description of a backend fresh while no request does: a backend that nobody has asked yet is learned, one
that changed its model is noticed."""

import asyncio
import logging

from churn_serving.adapters.http_backend import HttpBackend
from churn_serving.core.errors import BackendError

PERIOD_SECONDS = 1.0
_logger = logging.getLogger(__name__)


async def refresh(backend: HttpBackend) -> None:
    """Ask a backend once a period, until cancelled."""
    while True:
        try:
            await backend.learn()
        except BackendError as error:
            if backend.reachable:  # once an outage, not once a second
                _logger.warning("%s does not describe its model: %s", backend.name, error)
            backend.reachable = False
        else:
            backend.reachable = True
        await asyncio.sleep(PERIOD_SECONDS)
