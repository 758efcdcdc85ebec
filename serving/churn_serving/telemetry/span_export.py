"""Sends a process's spans to a collector, those of a second at once and beside the event loop.

By the standard library, since model servers have no other client, and nothing of it is on anybody's way: a collector
that is slow, away or wrong costs spans, which are counted, and never an answer.
"""

import asyncio
import http.client
import logging
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from churn_serving.telemetry.spans import Span, Spans

SECONDS = 1.0
"""Between two looks at what waits."""
TIMEOUT_SECONDS = 2.0
_logger = logging.getLogger(__name__)


class SpanExporter:
    """Sends to ``url``, a collector's address for traces over OTLP and HTTP (``http://host:4318/v1/traces``)."""

    def __init__(self, url: str, spans: Spans) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._address, self._path = parts.netloc.rpartition("@")[2], parts.path or "/"
        self._spans = spans
        self._well = True

    async def run(self) -> None:
        """Send what there is until cancelled, and once more then."""
        try:
            while True:
                await asyncio.sleep(SECONDS)
                spans = self._spans.take()
                if spans:
                    self._sent(len(spans), await asyncio.to_thread(self._send, spans))
        finally:
            rest = self._spans.take()
            if rest:
                self._sent(len(rest), self._send(rest))

    def _sent(self, count: int, problem: str) -> None:
        if problem:
            self._spans.dropped(count)
        if problem and self._well:
            _logger.warning("spans are lost: the collector at %s %s", self._address, problem)
        elif not problem and not self._well:
            _logger.warning("the collector at %s takes spans again", self._address)
        self._well = not problem

    def _send(self, spans: Sequence[Span]) -> str:
        """What went wrong; empty where nothing did."""
        connection = self._connection(self._address, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", self._path, self._spans.document(spans), {"Content-Type": "application/json"})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return f"does not answer ({type(error).__name__})"
        finally:
            connection.close()
        return "" if status == HTTPStatus.OK else f"answers {status}"
