"""The BentoML service: ``predict`` for records, and V2 by the ASGI application that the primary uses too.

``bentoml serve churn_serving.bento.service:ChurnFallback`` loads it with settings from the environment;
``python -m churn_serving.bento`` hands in a prepared process. Importing this module reads and opens nothing.
"""

import asyncio
import logging
from typing import Any

import bentoml

from churn_serving.backend.asgi import BackendApp
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.metrics import BackendMetrics
from churn_serving.backend.model_source import ModelSource
from churn_serving.backend.process import Process, load_first, without_traceback
from churn_serving.backend.records import rows_of_records
from churn_serving.backend.routes import Routes
from churn_serving.bento.settings import BentoSettings
from churn_serving.oip.faults import InvalidRequest
from churn_serving.runtime.command_line import read_settings
from churn_serving.web.body import Application

# A caller has given up long before; BentoML's own default would keep its request for a minute.
TIMEOUT_SECONDS = 5
WITHOUT_LIMITS = (
    "BentoML's own server holds connections without the limits of this project (number, header, time); "
    "where strangers can call, start python -m churn_serving.bento instead"
)
_logger = logging.getLogger(__name__)


class _State:
    """What the mounted application and the service's instance share; BentoML makes the instance, so it cannot be
    handed over."""

    def __init__(self) -> None:
        self.slot = ModelSlot(BackendMetrics("bento"))
        self.source: ModelSource | None = None
        self.process: Process | None = None
        self.app = BackendApp(self.slot, Routes(self.slot, lambda: self.source))


state = _State()


def use(process: Process) -> None:
    """Serve a process whose model is in ``state.slot`` already; call it before the service starts."""
    state.source = process.source
    state.process = process


@bentoml.asgi_app(state.app, path="/")
@bentoml.service(
    name="churn_fallback",
    workers=1,
    traffic={"timeout": TIMEOUT_SECONDS},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
class ChurnFallback:
    """Scores customers when the primary cannot."""

    @bentoml.on_startup
    async def begin(self) -> None:
        """Load the model unless it came prepared, then keep an eye on its path."""
        logging.getLogger("bentoml._internal.server.http_app").addFilter(without_traceback)
        if state.process is not None:
            state.process.watch()
            return
        _logger.warning(WITHOUT_LIMITS)
        settings = read_settings(BentoSettings, [])
        state.source, watcher = await asyncio.to_thread(load_first, state.slot, settings)
        watcher.start()

    @bentoml.on_shutdown
    async def finish(self) -> None:
        """Stop watching."""
        await state.slot.supervisor.stop()

    @bentoml.api
    async def predict(self, customers: list[dict[str, Any]], ctx: bentoml.Context) -> dict[str, Any]:
        """Probability and segment for customers given as records of feature values; null is a missing value. Records
        that cannot be scored are answered with status 400 and ``{"error": ...}``."""
        model = state.slot.model()
        try:
            rows = rows_of_records(customers, model.schema)
        except InvalidRequest as error:
            ctx.response.status_code = 400
            return {"error": str(error)}
        scores = await model.score(rows)
        pairs = zip(scores.probabilities, scores.segments, strict=True)
        return {
            "model": {"name": model.name, "version": model.version, "digest": model.digest},
            "predictions": [{"churn_probability": probability, "segment": segment} for probability, segment in pairs],
        }


def application() -> Application:
    """BentoML's application around the service."""
    service: Any = ChurnFallback
    app: Application = service.to_asgi()
    return app
