"""The front door of a gateway in this process: ``POST /v1/predictions`` over a backend that does what a test says."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import httpx

from churn_model import Description
from churn_serving.core.admission import Admission
from churn_serving.core.dispatch import Dispatcher
from churn_serving.core.explanations import Explanations
from churn_serving.core.guarded import GuardedBackend
from churn_serving.core.routing import Router
from churn_serving.gateway.authentication import Authentication
from churn_serving.gateway.http import RequestIds
from churn_serving.gateway.large_bodies import LargeBodies
from churn_serving.gateway.predictions import PATH, PredictionsRoute
from churn_serving.gateway.service import PredictionService
from churn_serving.telemetry.line_budget import LineBudget
from churn_serving.telemetry.metrics import GatewayMetrics
from churn_serving.telemetry.request_log import RequestLog
from tests.core.fakes import FakeBackend
from tests.core.patient_policy import PATIENT

FEATURES = {"tenure": 3, "Contract": "One year", "charges": 70.5, "Payment": "Card", "Senior Citizen": 0}


class Front:
    """The route over a fake backend, with real metrics and a real request log."""

    def __init__(self, description: Description, log: Path, lines_per_second: int = 0) -> None:
        self.backend = FakeBackend("primary", description)
        self.metrics = GatewayMetrics()
        self._log = log
        self.budget = LineBudget(lines_per_second, self.metrics.lines_left_out, "LINES")
        self._lines = RequestLog(os.open(log, os.O_CREAT | os.O_WRONLY), self.metrics.log_dropped, self.budget)
        policy = PATIENT
        router = Router(GuardedBackend(self.backend, policy, self.metrics, time.monotonic), None, None, 0.0)
        admission = Admission(policy, self.metrics, lambda: 0.0)
        dispatcher = Dispatcher(router, admission, policy, self.metrics, time.monotonic, lambda: None)
        explanations = Explanations(router.backends, policy, self.metrics)
        service = PredictionService(dispatcher, explanations, self.metrics, self._lines)
        self.large_bodies = LargeBodies(self.metrics.shed)
        self.route = PredictionsRoute(
            service, self.large_bodies, Authentication(None, lambda _: None), RequestIds(), 1_000_000, 1000
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.route), base_url="http://gateway")

    async def ask(self, count: int = 1, **more: Any) -> httpx.Response:
        customers = [{"customer_id": f"c{index}", "features": FEATURES} for index in range(count)]
        return await self.client.post(PATH, json={"customers": customers, **more})

    async def logged(self) -> str:
        """The request log, to its end: what waits is written now, after what a thread is just writing."""
        await asyncio.get_running_loop().shutdown_default_executor()
        self._lines.close()
        return self._log.read_text()

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0
