"""The command of the fallback: one process, without BentoML's supervisor."""

import os
import sys

# Before any numeric library is loaded: one thread a process, the event loop's.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from churn_serving.backend.asgi import BackendApp
from churn_serving.backend.process import configure_logging, freeze_memory, prepare
from churn_serving.backend.routes import Routes
from churn_serving.backend.settings import BAD_SETTING, end
from churn_serving.bento.settings import BentoSettings, bento_environment
from churn_serving.runtime.command_line import SettingError, read_settings, without_check
from churn_serving.runtime.temporary_folder import own_temporary_folder
from churn_serving.web.server import DrainingServer, tune

TEMPORARY = "churn-fallback-"


def main() -> int:
    """Serve until told to stop; a setting or a model that cannot be used ends the process with one line.

    Raises:
        KeyboardInterrupt: that is how it was ended, everything under way was answered.
    """
    arguments, only_check = without_check(sys.argv[1:])
    try:
        settings = read_settings(BentoSettings, arguments)
    except SettingError as error:
        end(BAD_SETTING, str(error))
    if only_check:
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
    app = BackendApp(process.slot, Routes(process.slot, lambda: process.source), service.application())
    config = tune(
        uvicorn.Config(app, loop="uvloop", log_config=None),
        settings.stop_seconds,
        settings.connection_limits,
        process.slot.metrics.connection_refused,
    )
    server = DrainingServer(config, process.listener, process.slot, settings.drain_seconds)
    freeze_memory()
    server.run()
    if server.interrupted:
        raise KeyboardInterrupt
    return 0
