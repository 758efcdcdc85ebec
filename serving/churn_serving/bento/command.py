"""The command of the fallback: one process, without BentoML's supervisor."""

import os

# Before any numeric library is loaded: one thread a process, the event loop's.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from churn_serving.backend.asgi import BackendApp
from churn_serving.backend.process import configure_logging, freeze_memory, prepare, settings_to_serve_by
from churn_serving.backend.routes import Routes
from churn_serving.bento.settings import BentoSettings, bento_environment
from churn_serving.runtime.temporary_folder import own_temporary_folder
from churn_serving.web.server import DrainingServer, tune

TEMPORARY = "churn-fallback-"


def main() -> int:
    """Serve until told to stop; a setting or a model that cannot be used ends the process with one line.

    Raises:
        KeyboardInterrupt: that is how it was ended, everything under way was answered.
    """
    settings = settings_to_serve_by(BentoSettings)
    if settings is None:
        return 0
    with own_temporary_folder(TEMPORARY):  # BentoML makes some that only an end in peace removes
        return _serve(settings)


def _serve(settings: BentoSettings) -> int:
    os.environ.update(bento_environment(settings.home))
    configure_logging()

    import uvicorn

    from churn_serving.bento import service

    process = prepare(service.state.slot, settings, settings.port, settings.metrics_port)
    service.use(process)
    # In front of BentoML's application as in front of KServe's: its middleware alone would cost more than the model.
    routes = Routes(process.slot, lambda: process.source)
    app = BackendApp(process.slot, routes, service.application(), process.spans)
    config = tune(
        uvicorn.Config(app, loop="uvloop", log_config=None),
        settings.stop_seconds,
        settings.connection_limits,
        process.slot.metrics.connection_refused,
        process.tls,
    )
    server = DrainingServer(config, process.listener, process.slot, settings.drain_seconds)
    freeze_memory()
    server.run()
    if server.interrupted:
        raise KeyboardInterrupt
    return 0
